// Events the server has stored, as rows.

import { getText } from "./api.js";
import { readRow } from "./row.js";

/** Reads a document that has one list of events in it, each with the very text the server sent. */
export async function find(path, parameters, signal) {
  return texts(await getText(path, parameters, signal)).map((text) => readRow(JSON.parse(text), text));
}

/** The service looks back a day unless told otherwise; here everything stored is of interest. */
export const EVER = "2000-01-01T00:00:00Z";

/** How many events the server returns at most. */
export const PAGE = 500;

/** The texts of the objects in the first list of a JSON document. */
function texts(document) {
  const found = [];
  let depth = -1;
  let start = 0;
  for (const { 0: token, index } of document.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (depth < 0) {
      if (token === "[") depth = 0;
    } else if (token === "{" || token === "[") {
      if (depth === 0) start = index;
      depth += 1;
    } else if (token === "}" || token === "]") {
      if (depth === 0) break;
      depth -= 1;
      if (depth === 0) found.push(document.slice(start, index + 1));
    }
  }
  return found;
}
