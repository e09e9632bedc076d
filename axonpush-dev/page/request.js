// The view of one request: everything that carries its id, in the order it happened.

import { copyButton } from "./detail.js";
import { element } from "./dom.js";
import { plural, span } from "./format.js";
import { ERROR, LEVELS } from "./row.js";
import { link } from "./route.js";
import { EVER, PAGE, find } from "./stored.js";

export class RequestView {
  #id = null;
  #rows = new Map();
  #problem = "";

  constructor(section, tail, onOpen) {
    this.section = section;
    this.tail = tail;
    this.onOpen = onOpen;
    tail.onRows((rows) => {
      const fresh = rows.filter((row) => row.request === this.#id && this.#id !== null);
      if (fresh.length > 0) this.#add(fresh);
    });
  }

  async show(id) {
    this.#id = id;
    this.#rows.clear();
    this.#problem = "";
    // What is at hand is shown at once; the server may know more.
    this.#add([...this.tail.rows].filter((row) => row.request === id), "Looking …");
    try {
      const rows = await find("/events", { since: EVER, attrKey: "request.id", attrValue: id, limit: PAGE });
      if (this.#id === id) this.#add(rows);
    } catch (error) {
      this.#problem = `The server could not be asked: ${error.message}`;
      this.#draw("");
    }
  }

  leave() {
    this.#id = null;
  }

  #add(rows, note = "") {
    for (const row of rows) this.#rows.set(row.id, row);
    this.#draw(note);
  }

  #draw(note) {
    const rows = [...this.#rows.values()].sort((one, other) => begun(one) - begun(other) || one.arrived - other.arrived);
    const start = rows.length === 0 ? 0 : begun(rows[0]);
    const end = Math.max(start, ...rows.map((row) => begun(row) + (row.duration ?? 0)));
    const failed = rows.filter((row) => row.level >= ERROR).length;
    const traces = [...new Set(rows.map((row) => row.trace).filter((trace) => trace !== ""))];
    this.section.replaceChildren(
      element(
        "header",
        { class: "title" },
        element("p", { class: "crumb" }, element("a", { href: link("events", "", { q: `request:${this.#id}` }) }, "Events"), " / Request"),
        element("h1", { class: "mono" }, this.#id, " ", copyButton("Copy", () => this.#id)),
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
        ? element("p", { class: "note" }, this.#problem || note || "Nothing stored carries this request id.")
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
