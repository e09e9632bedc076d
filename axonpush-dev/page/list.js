// A list of any length, of which only the rows in sight exist.

import { element, setText } from "./dom.js";
import { clock, short, span } from "./format.js";
import { LEVELS } from "./row.js";

/** Draws `view` into a scrolling element; rows are made once and filled again and again. */
export class List {
  #pool = [];
  #first = 0;
  #height = 28;
  #selected = null;

  constructor(scroller, view, onOpen) {
    this.scroller = scroller;
    this.view = view;
    this.canvas = element("div", { class: "canvas", role: "presentation" });
    scroller.append(this.canvas);
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    scroller.addEventListener("click", (event) => {
      const place = this.#pool.find((slot) => slot.root.contains(event.target))?.place;
      const row = place === undefined ? undefined : this.view.at(place);
      if (row !== undefined) onOpen(row);
    });
    new ResizeObserver(() => this.measure()).observe(scroller);
    this.measure();
  }

  get selected() {
    return this.#selected;
  }

  /** Marks a row and brings it into sight. */
  select(row) {
    this.#selected = row;
    const place = row === null ? -1 : this.view.place(row);
    if (place >= 0) {
      const [top, room] = [place * this.#height, this.scroller.clientHeight];
      if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
      else if (top + this.#height > this.scroller.scrollTop + room) this.scroller.scrollTop = top + this.#height - room;
    }
    this.draw();
  }

  /** Goes `step` rows down, or up when it is negative; returns the row it comes to. */
  move(step) {
    if (this.view.size === 0) return null;
    const place = this.#selected === null ? -1 : this.view.place(this.#selected);
    const next = place < 0 ? Math.floor(this.scroller.scrollTop / this.#height) : place + step;
    this.select(this.view.at(Math.min(Math.max(next, 0), this.view.size - 1)));
    return this.#selected;
  }

  /** Draws again after `added` rows came in at the top. Whoever has scrolled down goes on seeing the same rows. */
  grown(added) {
    const top = this.scroller.scrollTop;
    this.#stretch();
    if (top > 0 && added > 0) this.scroller.scrollTop = top + added * this.#height;
    this.draw();
  }

  top() {
    this.scroller.scrollTop = 0;
    this.draw();
  }

  measure() {
    const height = parseFloat(getComputedStyle(this.scroller).getPropertyValue("--row"));
    if (height > 0) this.#height = height;
    const wanted = Math.ceil(this.scroller.clientHeight / this.#height) + 2 * SPARE;
    while (this.#pool.length < wanted) {
      const slot = makeSlot(this.#pool.length);
      this.#pool.push(slot);
      this.canvas.append(slot.root);
    }
    while (this.#pool.length > wanted) this.#pool.pop().root.remove();
    for (const slot of this.#pool) slot.place = undefined;
    this.draw();
  }

  draw() {
    this.#stretch();
    this.#first = Math.max(0, Math.floor(this.scroller.scrollTop / this.#height) - SPARE);
    const slots = this.#pool.length;
    let active = "";
    for (let step = 0; step < slots; step += 1) {
      const place = this.#first + step;
      // A row that stays in sight while the list scrolls keeps its slot.
      const slot = this.#pool[place % slots];
      const row = place < this.view.size ? this.view.at(place) : undefined;
      if (slot.place !== place) {
        slot.place = place;
        slot.root.style.transform = `translateY(${place * this.#height}px)`;
      }
      if (slot.row !== row) fill(slot, row);
      const selected = row !== undefined && row === this.#selected;
      slot.root.ariaSelected = String(selected);
      if (selected) active = slot.root.id;
    }
    // The focus stays on the list; this is what tells a screen reader where in it somebody is.
    this.scroller.setAttribute("aria-activedescendant", active);
  }

  #stretch() {
    const height = `${this.view.size * this.#height}px`;
    if (this.canvas.style.height !== height) this.canvas.style.height = height;
  }
}

function makeSlot(number) {
  const cell = (name) => element("span", { class: name });
  const cells = {
    time: cell("time"),
    level: cell("level"),
    type: cell("type"),
    name: cell("name"),
    message: cell("message"),
    service: cell("service"),
    duration: cell("duration"),
    trace: cell("trace"),
  };
  const root = element("div", { class: "row", role: "option", id: `row-${number}` }, Object.values(cells));
  return { root, cells, row: null, place: undefined };
}

function fill(slot, row) {
  slot.row = row;
  slot.root.hidden = row === undefined;
  if (row === undefined) return;
  const { root, cells } = slot;
  root.dataset.level = LEVELS[row.level];
  setText(cells.time, clock(row.at));
  setText(cells.level, LEVELS[row.level]);
  setText(cells.type, row.type);
  setText(cells.name, row.name);
  setText(cells.message, row.message);
  setText(cells.service, row.service);
  setText(cells.duration, span(row.duration));
  setText(cells.trace, row.trace ? short(row.trace) : "");
}

/** Rows beyond either edge, so that a fast scroll finds them drawn. */
const SPARE = 6;
