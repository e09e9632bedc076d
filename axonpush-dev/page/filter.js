// The filter box: words that must occur, and `name:value` for single fields.

import { LEVELS } from "./row.js";

/** The fields that can be asked for by name. */
const FIELDS = ["type", "level", "request", "trace", "service", "name"];

/** Reads `type:app.log level:warn "two words" timeout` into its parts. */
export function parse(text) {
  const parts = { words: [] };
  for (const [, field, quoted, bare] of text.matchAll(/(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = quoted ?? bare;
    if (field !== undefined && FIELDS.includes(field)) parts[field] = value;
    else parts.words.push(field === undefined ? value : `${field}:${value}`);
  }
  // A field that waits for its value asks for nothing yet.
  parts.words = parts.words.filter((word) => word !== "" && !FIELDS.some((field) => word === `${field}:`));
  return parts;
}

/** The text with one field set to `value`, or without it when there is none. */
export function withField(text, field, value) {
  const rest = text.replace(new RegExp(`(^|\\s)${field}:(?:"[^"]*"?|\\S*)`, "g"), " ").replace(/\s+/g, " ").trim();
  if (!value) return rest;
  const told = /[\s"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value;
  return rest === "" ? `${field}:${told}` : `${rest} ${field}:${told}`;
}

/** A function that tells whether a row is wanted, or `null` when all are. */
export function matcher(text) {
  const parts = parse(text);
  const checks = [];
  const level = LEVELS.indexOf((parts.level ?? "").toLowerCase());
  if (level > 0) checks.push((row) => row.level >= level);
  // A type may be given by its beginning: `agent.` is every event of agents.
  if (parts.type) checks.push((row) => row.type === parts.type || (parts.type.endsWith(".") && row.type.startsWith(parts.type)));
  for (const field of ["request", "trace", "service", "name"]) {
    if (parts[field]) checks.push((row) => row[field] === parts[field]);
  }
  for (const word of parts.words) {
    // Texts are JSON, so a word is looked for as JSON writes it.
    const written = JSON.stringify(word).slice(1, -1).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = new RegExp(written, "i");
    checks.push((row) => pattern.test(row.searched));
  }
  return checks.length === 0 ? null : (row) => checks.every((check) => check(row));
}

/** The same question as the server is asked, as far as it can answer it. */
export function parameters(text) {
  const { type, trace, service, name, request, words } = parse(text);
  return {
    eventType: type?.endsWith(".") ? undefined : type,
    traceId: trace,
    serviceName: service,
    operationName: name,
    attrKey: request ? "request.id" : undefined,
    attrValue: request,
    q: words[0],
  };
}
