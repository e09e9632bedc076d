// The server's API, as any client uses it.

/** The server asks for a key and takes any; this one tells our requests from those of clients. */
const HEADERS = { "x-axonpush-api-key": "ak_page" };

/** Reads a JSON document. */
export async function get(path, parameters) {
  return JSON.parse(await getText(path, parameters));
}

/**
 * Reads a document as the text it is. A server that was asked to be slow, to fail or to limit meets us like everybody,
 * so a few failures are no matter; after that it fails with the server's own words, which a problem document has.
 */
export async function getText(path, parameters = {}, signal) {
  let response;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    response = await fetch(path + query(parameters), { headers: HEADERS, cache: "no-store", signal });
    if (response.ok) return response.text();
    if (response.status < 500 && response.status !== 429) break;
    if (attempt < ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, attempt * WAIT));
  }
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail || `the server answered ${response.status}`);
}

/** Opens a stream of server-sent events. `EventSource` can't be used: it sends no header with the key. */
export async function open(path, lastId, signal) {
  const headers = { ...HEADERS, accept: "text/event-stream" };
  if (lastId !== undefined) headers["last-event-id"] = String(lastId);
  const response = await fetch(path, { headers, cache: "no-store", signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.body.pipeThrough(new TextDecoderStream()).getReader();
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

const ATTEMPTS = 5;
const WAIT = 200;
