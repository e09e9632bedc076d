// All records that carry one id: those at hand at once, those the server knows as they come, and those yet to arrive.

export class Gathering {
  id = null;
  rows = new Map();
  problem = "";

  /** `carries(row, id)` tells whose record it is, `ask(id)` asks the server, and `draw(note)` shows what there is. */
  constructor(tail, { carries, ask, draw }) {
    this.tail = tail;
    this.carries = carries;
    this.ask = ask;
    this.draw = draw;
    tail.onRows((rows) => {
      const fresh = rows.filter((row) => this.id !== null && carries(row, this.id));
      if (fresh.length > 0) this.#add(fresh);
    });
  }

  async show(id) {
    this.id = id;
    this.rows.clear();
    this.problem = "";
    // What is at hand is shown at once; the server may know more.
    this.#add([...this.tail.rows].filter((row) => this.carries(row, id)), "Looking …");
    try {
      const rows = await this.ask(id);
      if (this.id === id) this.#add(rows);
    } catch (error) {
      if (this.id !== id) return;
      this.problem = `The server could not be asked: ${error.message}`;
      this.draw("");
    }
  }

  leave() {
    this.id = null;
  }

  #add(rows, note = "") {
    for (const row of rows) this.rows.set(row.id, row);
    this.draw(note);
  }
}
