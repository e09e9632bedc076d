// The view of all traces, the latest first.

import { get } from "./api.js";
import { element, setText } from "./dom.js";
import { clock, count, span } from "./format.js";
import { link } from "./route.js";
import { EVER } from "./stored.js";

export class TracesView {
  #visible = false;
  #stale = true;
  #asking = false;

  constructor(section, tail) {
    this.section = section;
    this.search = element("input", { type: "search", placeholder: "Find in traces", "aria-label": "Find in traces", spellcheck: "false", autocomplete: "off" });
    this.failed = element("input", { type: "checkbox", id: "errors-only" });
    this.sort = element("select", { "aria-label": "Order" }, SORTS.map(([value, label]) => new Option(label, value)));
    this.body = element("tbody");
    this.note = element("p", { class: "note", hidden: true });
    const heads = ["Began", "Trace", "Service", "Took", "Records", "Errors", "Tokens"];
    section.append(
      element("div", { class: "tools" }, this.search, this.sort, element("label", { class: "check" }, this.failed, "with errors only")),
      element("div", { class: "scrolls" }, element("table", { class: "table traces" }, element("thead", {}, element("tr", {}, heads.map((head) => element("th", {}, head)))), this.body), this.note),
    );
    this.search.addEventListener("input", () => this.#refresh());
    this.failed.addEventListener("change", () => this.#refresh());
    this.sort.addEventListener("change", () => this.#refresh());
    tail.onRows((rows) => {
      this.#stale ||= rows.some((row) => row.trace !== "");
    });
    // A list of traces costs the server more than a list of events, so it is asked for now and then.
    setInterval(() => this.#stale && this.#visible && !document.hidden && this.#refresh(), PERIOD);
  }

  show() {
    this.#visible = true;
    this.#refresh();
  }

  leave() {
    this.#visible = false;
  }

  focus() {
    this.search.focus();
  }

  async #refresh() {
    if (this.#asking) {
      this.#stale = true;
      return;
    }
    this.#asking = true;
    this.#stale = false;
    try {
      const asked = { since: EVER, limit: 100, q: this.search.value.trim(), sort: this.sort.value, errorsOnly: this.failed.checked ? "true" : "" };
      const { traces } = await get("/traces", asked);
      this.#draw(traces ?? []);
    } catch (error) {
      this.note.hidden = false;
      setText(this.note, `The server could not be asked: ${error.message}`);
    }
    this.#asking = false;
  }

  #draw(traces) {
    const longest = traces.reduce((most, trace) => Math.max(most, trace.durationMs), 0.001);
    this.note.hidden = traces.length > 0;
    setText(this.note, "No traces yet. Events that carry a trace id are gathered here.");
    this.body.replaceChildren(...traces.map((trace) => line(trace, longest)));
  }
}

function line(trace, longest) {
  const bar = element("i");
  bar.style.width = `${Math.max((trace.durationMs / longest) * 100, 1)}%`;
  const open = link("trace", trace.traceId);
  return element(
    "tr",
    { class: trace.errorCount > 0 ? "failed" : null, onclick: () => (location.hash = open) },
    element("td", { class: "mono dim" }, clock(Date.parse(trace.startedAt))),
    element("td", { class: "wide" }, element("a", { href: open }, trace.rootSpanName || trace.traceId), element("span", { class: "mono dim id" }, trace.traceId)),
    element("td", {}, trace.serviceName),
    element("td", { class: "number" }, element("span", { class: "meter" }, bar), span(trace.durationMs)),
    element("td", { class: "number" }, count(trace.spanCount)),
    element("td", { class: "number bad" }, trace.errorCount > 0 ? count(trace.errorCount) : ""),
    element("td", { class: "number" }, trace.totalTokens > 0 ? count(trace.totalTokens) : ""),
  );
}

const SORTS = [
  ["last_seen_desc", "latest first"],
  ["duration_desc", "slowest first"],
  ["tokens_desc", "most tokens first"],
  ["cost_desc", "dearest first"],
];

const PERIOD = 2_000;
