// The view of one request: everything that carries its id, in the order it happened.

import { copyButton } from "./detail.js";
import { element } from "./dom.js";
import { plural, span } from "./format.js";
import { Gathering } from "./gathering.js";
import { ERROR, LEVELS } from "./row.js";
import { link } from "./route.js";
import { EVER, PAGE, find } from "./stored.js";

export class RequestView {
  #known;

  constructor(section, tail, onOpen) {
    this.section = section;
    this.onOpen = onOpen;
    this.#known = new Gathering(tail, {
      carries: (row, id) => row.request === id,
      ask: (id) => find("/events", { since: EVER, attrKey: "request.id", attrValue: id, limit: PAGE }),
      draw: (note) => this.#draw(note),
    });
  }

  show(id) {
    return this.#known.show(id);
  }

  leave() {
    this.#known.leave();
  }

  #draw(note) {
    const rows = [...this.#known.rows.values()].sort((one, other) => begun(one) - begun(other) || one.arrived - other.arrived);
    const start = rows.length === 0 ? 0 : begun(rows[0]);
    const end = Math.max(start, ...rows.map((row) => begun(row) + (row.duration ?? 0)));
    const failed = rows.filter((row) => row.level >= ERROR).length;
    const traces = [...new Set(rows.map((row) => row.trace).filter((trace) => trace !== ""))];
    this.section.replaceChildren(
      element(
        "header",
        { class: "title" },
        element("p", { class: "crumb" }, element("a", { href: link("events", "", { q: `request:${this.#known.id}` }) }, "Events"), " / Request"),
        element("h1", { class: "mono" }, this.#known.id, " ", copyButton("Copy", () => this.#known.id)),
        element(
          "p",
          { class: "sums" },
          element("span", {}, plural(rows.length, "record")),
          rows.length > 1 ? element("span", {}, `over ${span(end - start)}`) : "",
          failed > 0 ? element("span", { class: "bad" }, plural(failed, "error")) : "",
          traces.map((trace) => element("a", { href: link("trace", trace) }, "See its trace")),
        ),
      ),
      rows.length === 0
        ? element("p", { class: "note" }, this.#known.problem || note || "Nothing stored carries this request id.")
        : element("ol", { class: "steps" }, rows.slice(0, MOST).map((row) => this.#step(row, start))),
    );
  }

  #step(row, start) {
    return element(
      "li",
      { "data-level": LEVELS[row.level] },
      element(
        "button",
        { type: "button", onclick: () => this.onOpen(row) },
        element("span", { class: "offset" }, `+${span(begun(row) - start)}`),
        element("span", { class: "level" }, LEVELS[row.level]),
        element("span", { class: "type" }, row.type),
        element("span", { class: "name" }, row.name),
        element("span", { class: "message" }, row.message),
        element("span", { class: "duration" }, span(row.duration)),
      ),
    );
  }
}

/** Spans are known by their beginning; whatever else took time is told of at its end. */
export const begun = (row) => (row.startKnown ? row.at : row.at - (row.duration ?? 0));

const MOST = 1_000;
