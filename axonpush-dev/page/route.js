// The address bar: everything that is on screen can be found again by its link.

/** Where the hash leads: `#/events?q=…`, `#/trace/<id>` and so on. */
export function current() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [view, ...rest] = path.split("/");
  return { view: view || "events", id: decode(rest.join("/")), query: new URLSearchParams(query) };
}

/** The hash of a place. */
export function link(view, id = "", query = {}) {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `#/${view}${id === "" ? "" : `/${encodeURIComponent(id)}`}${told.size === 0 ? "" : `?${told}`}`;
}

/** Changes the query of where we are without a step in the browser's history. */
export function replaceQuery(query) {
  const { view, id } = current();
  history.replaceState(null, "", link(view, id, query));
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
