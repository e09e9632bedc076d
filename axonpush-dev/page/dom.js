// Making elements. Whatever a client sent becomes text here, never markup.

/**
 * An element with attributes and children. Strings become text nodes, `null` and `undefined` nothing;
 * an attribute whose name begins with `on` is a listener.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return made;
}

/** The element of the page that has this id. */
export const byId = (id) => document.getElementById(id);

/** Sets the text of an element, which costs nothing when it is that text already. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
