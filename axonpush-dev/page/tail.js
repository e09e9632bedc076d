// The live tail: what arrives, held and handed on in step with the screen.

import { readRow } from "./row.js";
import { Rows } from "./rows.js";
import { EVER, PAGE, find } from "./stored.js";
import { follow } from "./stream.js";

/** Everything the page knows of the events, for whichever view is on screen. */
export class Tail {
  rows = new Rows();
  paused = false;
  skipped = 0;
  received = 0;
  /** Whether the server has said what it has. */
  ready = false;
  /** Whether it has nothing older than what is held. */
  complete = false;
  cleared = false;
  #waiting = [];
  /** Of the texts of what waits. */
  #length = 0;
  #dropped = 0;
  #listeners = [];
  #scheduled = false;
  #begun = false;
  #state = () => {};

  constructor(longest = LONGEST_WAITING) {
    this.longest = longest;
  }

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
    this.#schedule();
  }

  clear() {
    this.rows.clear();
    [this.#waiting, this.#length, this.#dropped] = [[], 0, 0];
    this.skipped = 0;
    this.complete = false;
    this.cleared = true;
  }

  async #begin() {
    this.#begun = true;
    try {
      const stored = await find("/events", { since: EVER, limit: PAGE });
      this.complete = this.#precede(stored) && stored.length < PAGE;
    } catch {
      // The tail is worth having without what came before it.
    }
    this.ready = true;
    this.#schedule();
  }

  /** Puts what is stored, newest first, before what came since. Returns whether there was room for all of it. */
  #precede(stored) {
    const room = this.longest - this.#length;
    let length = 0;
    const fits = stored.findIndex((row) => (length += row.text.length) > room);
    const before = stored.slice(0, fits < 0 ? stored.length : fits);
    for (const row of before) this.#length += row.text.length;
    this.#waiting.unshift(...before.reverse());
    return fits < 0;
  }

  #take(text) {
    this.received += 1;
    this.#waiting.push(readRow(JSON.parse(text), text));
    this.#length += text.length;
    while (this.#waiting.length > MOST_WAITING || (this.#length > this.longest && this.#waiting.length > 1)) {
      this.#length -= this.#waiting.shift().text.length;
      this.#dropped += 1;
    }
    this.#schedule();
  }

  /** Hands on what came, but not for each event: ten times a second is as fast as anybody reads. */
  #schedule() {
    if (this.#scheduled || !this.ready) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      const fresh = this.paused ? [] : this.#waiting.filter((row) => this.rows.push(row));
      if (!this.paused) {
        this.skipped += this.#dropped;
        [this.#waiting, this.#length, this.#dropped] = [[], 0, 0];
      }
      for (const listener of this.#listeners) listener(fresh);
    }, STEP);
  }
}

const STEP = 80;

/** What may wait for the end of a pause, or for a tab that is hidden and hardly gets to run. */
const MOST_WAITING = 20_000;
const LONGEST_WAITING = 32 << 20;
