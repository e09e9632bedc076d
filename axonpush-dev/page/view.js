// The rows that the filter lets through, newest first.

/** What the list shows: of the rows held, the wanted ones, and after them older ones that the server found. */
export class View {
  #rows = [];
  #head = 0;
  #older = [];
  #olderIds = new Set();

  constructor(rows) {
    this.rows = rows;
    this.wanted = null;
  }

  get size() {
    return this.#rows.length - this.#head + this.#older.length;
  }

  /** Narrows the view down to what `wanted` holds for; `null` is everything. */
  filter(wanted) {
    this.wanted = wanted;
    this.#head = 0;
    this.#older = [];
    this.#olderIds.clear();
    this.#rows = wanted === null ? [...this.rows] : [...this.rows].filter(wanted);
  }

  /** Takes in a row that was just added to the rows held; returns whether it shows. */
  push(row) {
    const shows = this.wanted === null || this.wanted(row);
    // The server may have found it before it came down the stream.
    if (this.#olderIds.delete(row.id)) this.#older = this.#older.filter((older) => older.id !== row.id);
    if (shows) this.#rows.push(row);
    this.trim();
    return shows;
  }

  /** Lets go of the rows that are no longer held. */
  trim() {
    while (this.#head < this.#rows.length && this.#rows[this.#head].number < this.rows.first) {
      this.#rows[this.#head++] = undefined;
    }
    if (this.#head > 1_024 && this.#head > this.#rows.length / 2) {
      this.#rows = this.#rows.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Adds what the server found, newest first; rows that are here already are passed over. */
  append(found) {
    const fresh = found.filter((row) => !this.rows.has(row.id) && !this.#olderIds.has(row.id));
    for (const row of fresh) {
      if (this.#older.length >= MOST_OLDER || (this.wanted !== null && !this.wanted(row))) continue;
      this.#older.push(row);
      this.#olderIds.add(row.id);
    }
    return fresh.length;
  }

  /** The row at a place, 0 being the newest. */
  at(place) {
    const held = this.#rows.length - this.#head;
    return place < held ? this.#rows[this.#rows.length - 1 - place] : this.#older[place - held];
  }

  /** The place of a row, or -1. */
  place(row) {
    const held = this.#rows.length - this.#head;
    if (row.number === undefined) {
      const place = this.#older.indexOf(row);
      return place < 0 ? -1 : held + place;
    }
    let [low, high] = [this.#head, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle].number < row.number) low = middle + 1;
      else high = middle;
    }
    return this.#rows[low] === row ? this.#rows.length - 1 - low : -1;
  }

  /** The last row shown. */
  get oldest() {
    return this.size === 0 ? undefined : this.at(this.size - 1);
  }
}

const MOST_OLDER = 10_000;
