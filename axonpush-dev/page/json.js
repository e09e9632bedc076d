// JSON as text with colours, exactly as it was sent.

import { element } from "./dom.js";

/**
 * Lays JSON text out. It is not parsed: a number with more digits than scripts can hold, a name that comes twice, the
 * order of names, all stay as they are.
 */
export function pretty(text) {
  let out = "";
  let depth = 0;
  const tokens = text.match(TOKENS) ?? [];
  tokens.forEach((token, place) => {
    if (token === "{" || token === "[") {
      const empty = tokens[place + 1] === CLOSED_BY[token];
      depth += 1;
      out += empty ? token : `${token}\n${indent(depth)}`;
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const empty = CLOSED_BY[tokens[place - 1]] === token;
      out += empty ? token : `\n${indent(depth)}${token}`;
    } else if (token === ",") {
      out += `,\n${indent(depth)}`;
    } else {
      out += token === ":" ? ": " : token;
    }
  });
  return out;
}

/** A `pre` of JSON text, with a class for each kind of token. */
export function show(text) {
  const laidOut = pretty(text);
  const shown = laidOut.length > MOST ? laidOut.slice(0, MOST) : laidOut;
  const target = element("pre", { class: "json", tabindex: "0" });
  const piece = (kind, text) => target.append(kind === "" ? text : element("span", { class: kind }, text));
  for (const [token] of shown.matchAll(PIECES)) {
    if (token[0] !== '"') piece(/^[\s{}[\],:]/.test(token) ? "" : "literal", token);
    else if (token.endsWith(": ")) piece("key", token);
    else piece("string", token);
  }
  if (shown.length < laidOut.length) {
    target.append(element("span", { class: "rest" }, `\n… ${laidOut.length - shown.length} characters more; copy it to see them`));
  }
  return target;
}

// Two spaces a level; what is nested deeper than a screen is wide is not read by its indent.
const indent = (depth) => "  ".repeat(Math.min(Math.max(depth, 0), 40));

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const PIECES = /"(?:[^"\\]|\\.)*"?(?:: )?|[\s{}[\],:]+|[^\s{}[\],:"]+/g;
const CLOSED_BY = { "{": "}", "[": "]" };

/** Characters of a document that are shown; a megabyte of spans would hold the page up. */
const MOST = 100_000;
