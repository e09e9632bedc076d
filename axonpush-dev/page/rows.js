// The events the page holds: the newest ones, so that a page that stays open for days does not grow.

/** Rows in the order they arrived, bounded by their number and by the length of their texts. */
export class Rows {
  #rows = [];
  #head = 0;
  #known = new Set();
  #next = 0;
  #length = 0;

  constructor(most = MOST_ROWS, longest = MOST_TEXT) {
    this.most = most;
    this.longest = longest;
  }

  get size() {
    return this.#rows.length - this.#head;
  }

  /** The number of the oldest row kept; rows are numbered from 0 in the order they came. */
  get first() {
    return this.#next - this.size;
  }

  has(id) {
    return this.#known.has(id);
  }

  /** Adds a row unless it is known, and lets go of the oldest ones when there is no room. */
  push(row) {
    if (this.#known.has(row.id)) return false;
    row.number = this.#next++;
    this.#known.add(row.id);
    this.#rows.push(row);
    this.#length += row.text.length;
    while (this.size > this.most || (this.#length > this.longest && this.size > 1)) {
      const oldest = this.#rows[this.#head];
      this.#rows[this.#head++] = undefined;
      this.#known.delete(oldest.id);
      this.#length -= oldest.text.length;
    }
    if (this.#head > 1_024 && this.#head > this.#rows.length / 2) {
      this.#rows = this.#rows.slice(this.#head);
      this.#head = 0;
    }
    return true;
  }

  clear() {
    this.#rows = [];
    this.#head = 0;
    this.#known.clear();
    this.#length = 0;
  }

  *[Symbol.iterator]() {
    for (let place = this.#head; place < this.#rows.length; place += 1) yield this.#rows[place];
  }
}

export const MOST_ROWS = 50_000;
const MOST_TEXT = 64 << 20;
