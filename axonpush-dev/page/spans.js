// What belongs to a trace, as a tree.

import { ERROR } from "./row.js";
import { begun } from "./request.js";

/**
 * Makes a tree of the rows of a trace. A span is all that carries its id: the record that has a duration names it, and
 * logs stand below it. Spans whose parent was never seen stand at the root.
 */
export function tree(rows) {
  const bySpan = new Map();
  const nodes = [];
  const node = (row, isPoint) => ({ row, isPoint, start: begun(row), end: begun(row) + (row.duration ?? 0), children: [], failed: row.level >= ERROR });
  for (const row of rows) {
    if (row.span === "") {
      nodes.push(node(row, row.duration === undefined));
      continue;
    }
    const group = bySpan.get(row.span) ?? [];
    group.push(row);
    bySpan.set(row.span, group);
  }
  const owners = new Map();
  for (const [id, group] of bySpan) {
    const owner = group.find((row) => row.startKnown) ?? group.find((row) => row.duration !== undefined) ?? group[0];
    const made = node(owner, owner.duration === undefined && group.length === 1);
    owners.set(id, made);
    nodes.push(made);
    for (const row of group) {
      if (row === owner) continue;
      made.children.push(node(row, row.duration === undefined));
      // A start and an end without a duration between them make a span as well.
      if (owner.duration === undefined) made.end = Math.max(made.end, begun(row));
    }
  }
  const roots = [];
  for (const made of nodes) {
    const parent = owners.get(made.row.parent);
    if (parent === undefined || parent === made || leadsTo(made, parent, owners)) roots.push(made);
    else parent.children.push(made);
  }
  const order = (one, other) => one.start - other.start || one.row.arrived - other.row.arrived;
  for (const made of nodes) made.children.sort(order);
  return roots.sort(order);
}

/** Every node with its depth, in the order they are drawn. */
export function* flat(roots, folded, depth = 0) {
  for (const node of roots) {
    yield { node, depth };
    if (!folded.has(node.row.id) && depth < DEEPEST) yield* flat(node.children, folded, depth + 1);
  }
}

/** Whether going up from `node` comes to `made`: parents in a circle would never be drawn. */
function leadsTo(made, node, owners) {
  const seen = new Set();
  for (let at = node; at !== undefined && !seen.has(at); at = owners.get(at.row.parent)) {
    if (at === made) return true;
    seen.add(at);
  }
  return false;
}

/** Deeper than this is a mistake of whoever made the ids. */
const DEEPEST = 200;
