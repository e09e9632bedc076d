// The view of all events.

import { byId, setText } from "./dom.js";
import { matcher, parameters, parse, withField } from "./filter.js";
import { count, plural } from "./format.js";
import { List } from "./list.js";
import { LEVELS } from "./row.js";
import { replaceQuery } from "./route.js";
import { EVER, PAGE, find } from "./stored.js";
import { View } from "./view.js";

/** Ties the filter, the list and the counts together. */
export class Events {
  #search = byId("search");
  #level = byId("level");
  #type = byId("type");
  #types = new Set();
  #asked = new AbortController();
  #typing = 0;
  #exhausted = false;
  /** The last event the server found, whether it is shown or not. */
  #last;
  #applied;
  #marked;

  constructor(tail, detail, empty) {
    this.tail = tail;
    this.detail = detail;
    this.empty = empty;
    this.view = new View(tail.rows);
    this.list = new List(byId("list"), this.view, (row) => this.open(row));
    tail.onRows((rows) => this.#take(rows));
    this.#level.append(...LEVELS.map((level, place) => new Option(place === 0 ? "any level" : `${level} and above`, place === 0 ? "" : level)));
    this.#type.append(new Option("any type", ""));
    this.#search.addEventListener("input", () => this.#apply(this.#search.value, TYPING));
    this.#level.addEventListener("change", () => this.setField("level", this.#level.value));
    this.#type.addEventListener("change", () => this.setField("type", this.#type.value));
    byId("pause").addEventListener("click", () => this.pause());
    byId("clear").addEventListener("click", () => this.clear());
    byId("more").addEventListener("click", () => this.older());
    byId("arrivals").addEventListener("click", () => (this.tail.paused ? this.pause() : this.list.top()));
    byId("list").addEventListener("scroll", () => this.#status(), { passive: true });
  }

  /** Shows what the address asks for. */
  show(query) {
    const text = query.get("q") ?? "";
    if (this.#applied !== text) this.setFilter(text);
    this.list.measure();
    this.#status();
  }

  setField(field, value) {
    this.#search.value = withField(this.#search.value, field, value);
    this.#apply(this.#search.value, 0);
  }

  setFilter(text) {
    this.#search.value = text;
    this.#apply(text, 0);
  }

  focus() {
    this.#search.focus();
    this.#search.select();
  }

  open(row) {
    this.list.select(row);
    this.detail.show(row);
    this.list.measure();
    this.list.select(row);
  }

  close() {
    if (!this.detail.open) return false;
    this.detail.close();
    this.list.measure();
    byId("list").focus();
    return true;
  }

  /** Goes to the next row or the one before; an open detail goes along. */
  move(step) {
    const row = this.list.move(step);
    if (row !== null && this.detail.open) this.detail.show(row);
  }

  pause() {
    this.tail.pause(!this.tail.paused);
    const button = byId("pause");
    button.setAttribute("aria-pressed", String(this.tail.paused));
    setText(button, this.tail.paused ? "Resume" : "Pause");
    this.#status();
  }

  clear() {
    this.tail.clear();
    this.#exhausted = false;
    this.#last = undefined;
    this.view.filter(this.view.wanted);
    this.list.select(null);
    this.list.grown(0);
    this.#status();
  }

  /** Asks the server for what is older than what it found before, or than the oldest row shown. */
  async older() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const oldest = this.#last ?? this.view.oldest;
    let from = {};
    if (this.#last !== undefined) from = after(this.#last);
    // Rows came in the order in which they were stored, and those of one moment may have arrived in another.
    else if (oldest !== undefined) from = { until: new Date(oldest.arrived + 1).toISOString() };
    // All that was found may be shown already, where many arrived together.
    while ((await this.#find(from)) === 0 && !this.#exhausted) from = after(this.#last);
  }

  #apply(text, wait) {
    this.#applied = text;
    replaceQuery({ q: text });
    const { level, type } = parse(text);
    this.#level.value = LEVELS.includes(level) ? level : "";
    if (type !== undefined) this.#offer(type);
    this.#type.value = type ?? "";
    this.view.filter(matcher(text));
    this.#exhausted = false;
    this.#last = undefined;
    this.list.top();
    this.#status();
    // What is held is filtered at once; the server is asked when the typing stops.
    this.#asked.abort();
    clearTimeout(this.#typing);
    if (this.view.wanted === null) return;
    this.#asked = new AbortController();
    this.#typing = setTimeout(() => this.#find({}), wait);
  }

  async #find(window) {
    const { signal } = this.#asked;
    try {
      const asked = { since: EVER, ...parameters(this.#search.value), ...window, limit: PAGE };
      const found = await find("/dev/events", asked, signal);
      if (signal.aborted) return undefined;
      const fresh = this.view.append(found);
      this.#last = found.at(-1) ?? this.#last;
      this.#exhausted = found.length < PAGE;
      this.list.grown(0);
      this.#status();
      return fresh;
    } catch (error) {
      if (!signal.aborted) setText(byId("counts"), `Stored events could not be searched: ${error.message}`);
      return undefined;
    }
  }

  #take(rows) {
    const added = rows.filter((row) => this.view.push(row)).length;
    this.view.trim();
    for (const row of rows) this.#offer(row.type);
    this.list.grown(added);
    // For whoever measures how long the page takes; the browser shows it among its own marks.
    if (rows.length > 0 && !this.#marked) this.#marked = performance.mark("first-rows");
    this.#status();
  }

  #offer(type) {
    if (type === "" || this.#types.has(type) || this.#types.size >= MOST_TYPES) return;
    this.#types.add(type);
    const after = [...this.#type.options].slice(1).find((option) => option.value > type);
    this.#type.add(new Option(type, type), after ?? null);
  }

  #status() {
    const { tail, view } = this;
    const held = plural(tail.rows.size, "event");
    setText(byId("counts"), view.wanted === null ? held : `${count(view.size)} of ${held} match`);
    const skipped = byId("skipped");
    skipped.hidden = tail.skipped === 0;
    setText(skipped, `skipped ${count(tail.skipped)}`);
    skipped.title = "Events that came faster than this page could take them; the server has them";
    const arrivals = byId("arrivals");
    const scrolled = byId("list").scrollTop > 0;
    arrivals.hidden = !tail.paused && !scrolled;
    setText(arrivals, tail.paused ? `Paused · ${plural(tail.waiting, "new event")}` : "↑ Newest");
    const complete = this.#exhausted || (view.wanted === null && tail.complete && tail.rows.first === 0);
    byId("more").hidden = complete || (tail.rows.size === 0 && !tail.cleared);
    this.empty.update(tail, view);
  }
}

/** Where the server goes on after the last event it found. A time alone would not do: many may have arrived at once. */
const after = (row) => ({ before: row.id, until: row.createdAt });

const MOST_TYPES = 200;

/** Milliseconds without a key press after which the server is asked. */
const TYPING = 250;
