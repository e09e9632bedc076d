// The view of one trace: a waterfall of its spans.

import { copyButton } from "./detail.js";
import { element } from "./dom.js";
import { plural, span } from "./format.js";
import { Gathering } from "./gathering.js";
import { ERROR, LEVELS } from "./row.js";
import { flat, tree } from "./spans.js";
import { link } from "./route.js";
import { find } from "./stored.js";

export class TraceView {
  #known;
  #folded = new Set();

  constructor(section, tail, onOpen) {
    this.section = section;
    this.onOpen = onOpen;
    this.#known = new Gathering(tail, {
      carries: (row, id) => row.trace === id,
      ask: (id) => find(`/traces/${encodeURIComponent(id)}`),
      draw: (note) => this.#draw(note),
    });
  }

  show(id) {
    this.#folded.clear();
    return this.#known.show(id);
  }

  leave() {
    this.#known.leave();
  }

  #draw(note) {
    const rows = [...this.#known.rows.values()];
    const roots = tree(rows);
    const all = [...flat(roots, this.#folded)];
    const bounds = [...flat(roots, new Set())].map(({ node }) => node);
    const start = bounds.reduce((least, node) => Math.min(least, node.start), Infinity);
    const end = bounds.reduce((most, node) => Math.max(most, node.end), -Infinity);
    const total = Math.max(end - start, 0.001);
    const failed = rows.filter((row) => row.level >= ERROR).length;
    const services = [...new Set(rows.map((row) => row.service).filter((service) => service !== ""))];
    this.section.replaceChildren(
      element(
        "header",
        { class: "title" },
        element("p", { class: "crumb" }, element("a", { href: link("traces") }, "Traces"), " / Trace"),
        element("h1", {}, roots[0]?.row.name || "Trace", " ", element("span", { class: "mono dim" }, this.#known.id), " ", copyButton("Copy id", () => this.#known.id)),
        element(
          "p",
          { class: "sums" },
          rows.length === 0 ? "" : element("span", {}, span(end - start)),
          element("span", {}, plural(rows.length, "record")),
          failed > 0 ? element("span", { class: "bad" }, plural(failed, "error")) : "",
          services.slice(0, COLORS).map((service, place) => element("span", { "data-service": String(place) }, element("i", { class: "swatch" }), service)),
          element("a", { href: link("events", "", { q: `trace:${this.#known.id}` }) }, "In the list of events"),
        ),
      ),
      rows.length === 0
        ? element("p", { class: "note" }, this.#known.problem || note || "Nothing stored carries this trace id.")
        : element(
            "div",
            { class: "waterfall" },
            scale(total),
            element("ol", {}, all.slice(0, MOST).map(({ node, depth }) => this.#line(node, depth, start, total, services))),
            all.length > MOST ? element("p", { class: "note" }, `${plural(all.length - MOST, "record")} more are not drawn.`) : "",
          ),
    );
  }

  #line(node, depth, start, total, services) {
    const { row } = node;
    const bar = element("i", { class: node.isPoint ? "point" : "bar-of" });
    bar.style.left = `${((node.start - start) / total) * 100}%`;
    if (!node.isPoint) bar.style.width = `${Math.max(((node.end - node.start) / total) * 100, 0.15)}%`;
    const label = element("span", { class: "label" });
    label.style.paddingLeft = `${Math.min(depth, 16) * 16}px`;
    const folded = this.#folded.has(row.id);
    label.append(
      node.children.length > 0
        ? element("button", { class: "fold", type: "button", "aria-expanded": String(!folded), "aria-label": "Fold", onclick: () => this.#fold(row.id) }, folded ? "▸" : "▾")
        : element("span", { class: "fold" }),
      element("button", { class: "open", type: "button", onclick: () => this.onOpen(row) }, row.name || row.type, node.isPoint && row.message ? element("span", { class: "dim" }, `  ${row.message}`) : ""),
    );
    const track = element("span", { class: "track", onclick: () => this.onOpen(row) }, bar);
    const took = element("span", { class: "took" }, node.isPoint ? "" : span(node.end - node.start));
    const place = services.indexOf(row.service);
    return element(
      "li",
      { "data-level": LEVELS[row.level], "data-service": String(Math.max(place, 0) % COLORS), class: node.failed ? "failed" : null, "data-depth": String(depth) },
      label,
      track,
      took,
    );
  }

  #fold(id) {
    if (!this.#folded.delete(id)) this.#folded.add(id);
    this.#draw("");
  }
}

/** Five marks along the top. */
function scale(total) {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const mark = element("span", {}, share === 0 ? "0" : span(total * share));
    mark.style.left = `${share * 100}%`;
    return mark;
  });
  return element("div", { class: "scale" }, element("span"), element("div", { class: "marks" }, marks), element("span"));
}

const MOST = 1_000;

/** Services that can be told apart by colour. */
const COLORS = 6;
