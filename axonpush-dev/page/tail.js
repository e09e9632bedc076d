// The live tail: what arrives, held and handed on in step with the screen.

import { get } from "./api.js";
import { readRow } from "./row.js";
import { Rows } from "./rows.js";
import { follow } from "./stream.js";

/** Everything the page knows of the events, for whichever view is on screen. */
export class Tail {
  rows = new Rows();
  paused = false;
  skipped = 0;
  received = 0;
  #waiting = [];
  #dropped = 0;
  #listeners = [];
  #scheduled = false;
  #begun = false;
  #state = () => {};

  /** Calls `listener(rows)` with what is new, a few times a second at most. */
  onRows(listener) {
    this.#listeners.push(listener);
  }

  onState(listener) {
    this.#state = listener;
  }

  /** How many events wait for the end of the pause. */
  get waiting() {
    return this.#waiting.length + this.#dropped;
  }

  /** Begins with what is stored, then follows. */
  start() {
    follow({
      event: (text) => this.#take(text),
      skipped: (count) => {
        this.skipped += count;
        this.#schedule();
      },
      state: (state) => {
        this.#state(state);
        // Only once the stream is open: what arrives in between is then in one of the two at least.
        if (state === "live" && !this.#begun) this.#begin();
      },
    });
  }

  pause(paused) {
    this.paused = paused;
    if (!paused && this.#dropped > 0) {
      this.skipped += this.#dropped;
      this.#dropped = 0;
    }
    this.#schedule();
  }

  clear() {
    this.rows.clear();
    this.#waiting = [];
    this.#dropped = 0;
    this.skipped = 0;
  }

  async #begin() {
    this.#begun = true;
    let stored = [];
    try {
      const { events } = await get("/events", { limit: 500 });
      stored = (events ?? []).map((event) => readRow(event)).reverse();
    } catch {
      // The tail is worth having without what came before it.
    }
    const live = this.#waiting;
    this.#waiting = [...stored, ...live];
    this.#ready = true;
    this.#schedule();
  }
  #ready = false;

  #take(text) {
    this.received += 1;
    this.#waiting.push(readRow(JSON.parse(text), text));
    if (this.paused && this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#schedule();
  }

  /** Hands on what came, but not for each event: ten times a second is as fast as anybody reads. */
  #schedule() {
    if (this.#scheduled || !this.#ready) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      const rows = this.paused ? [] : this.#waiting.splice(0);
      const fresh = rows.filter((row) => this.rows.push(row));
      for (const listener of this.#listeners) listener(fresh);
    }, STEP);
  }
}

const STEP = 80;
const MOST_WAITING = 20_000;
