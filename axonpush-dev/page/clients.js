// The view of the clients: who sends, and what they say they lost.

import { byId, element, setText } from "./dom.js";
import { withField } from "./filter.js";
import { clock, count, plural } from "./format.js";
import { ERROR } from "./row.js";
import { link } from "./route.js";

export class ClientsView {
  #clients = new Map();
  #visible = false;
  #dirty = true;

  constructor(section, tail) {
    this.section = section;
    tail.onRows((rows) => this.#take(rows));
    setInterval(() => this.#tick(), 1_000);
  }

  show() {
    this.#visible = true;
    this.#draw();
  }

  leave() {
    this.#visible = false;
  }

  #take(rows) {
    const now = Date.now();
    for (const row of rows) {
      const key = JSON.stringify(row.client);
      let client = this.#clients.get(key);
      if (client === undefined) {
        client = { ...row.client, events: 0, errors: 0, recent: 0, rate: 0, last: 0, lost: {} };
        this.#clients.set(key, client);
        if (this.#clients.size > MOST) this.#clients.delete(this.#clients.keys().next().value);
      }
      client.events += 1;
      // What was stored before the page was opened is nobody's present.
      if (row.arrived > now - RECENT) client.recent += 1;
      client.last = Math.max(client.last, row.arrived);
      if (row.level >= ERROR) client.errors += 1;
      for (const [reason, lost] of Object.entries(row.lost ?? {})) client.lost[reason] = (client.lost[reason] ?? 0) + lost;
    }
    this.#dirty ||= rows.length > 0;
  }

  #tick() {
    for (const client of this.#clients.values()) {
      this.#dirty ||= client.rate !== client.recent;
      client.rate = client.recent;
      client.recent = 0;
    }
    const lost = [...this.#clients.values()].reduce((sum, client) => sum + total(client), 0);
    const badge = byId("lost-badge");
    badge.hidden = lost === 0;
    setText(badge, count(lost));
    badge.title = `${plural(lost, "event")} lost, the clients say`;
    if (this.#visible && this.#dirty) this.#draw();
  }

  #draw() {
    this.#dirty = false;
    const clients = [...this.#clients.values()].sort((one, other) => total(other) - total(one) || other.last - one.last);
    // Columns that nobody fills are left out.
    const columns = COLUMNS.filter(({ always, text }) => always || clients.some((client) => text(client) !== ""));
    this.section.replaceChildren(
      element("div", { class: "lead" }, element("h1", {}, "Clients"), element("p", { class: "dim" }, "Who sent events since this page was opened. A client that had to give events up says so, with the reason, as soon as it gets through again.")),
      element(
        "div",
        { class: "scrolls" },
        element("table", { class: "table clients" }, element("thead", {}, element("tr", {}, columns.map(({ head }) => element("th", {}, head)))), element("tbody", {}, clients.map((client) => line(client, columns)))),
        clients.length === 0 ? element("p", { class: "note" }, "Nobody has sent anything yet.") : "",
      ),
    );
  }
}

function line(client, columns) {
  return element("tr", { class: total(client) > 0 ? "failed" : null }, columns.map(({ kind, text }) => element("td", { class: kind }, text(client))));
}

function name({ service }) {
  return service === "" ? "(no service named)" : element("a", { href: link("events", "", { q: withField("", "service", service) }) }, service);
}

function losses(client) {
  const lost = Object.entries(client.lost);
  if (lost.length === 0) return element("span", { class: "good" }, "nothing");
  return lost.map(([reason, number]) => element("span", { class: "reason" }, `${reason} ${count(number)}`));
}

const total = (client) => Object.values(client.lost).reduce((sum, lost) => sum + lost, 0);

const COLUMNS = [
  { head: "Service", kind: "", always: true, text: name },
  { head: "Lost on the way", kind: "lost", always: true, text: losses },
  { head: "Now", kind: "number", always: true, text: ({ rate }) => `${count(rate)}/s` },
  { head: "Events", kind: "number", always: true, text: ({ events }) => count(events) },
  { head: "Errors", kind: "number bad", always: true, text: ({ errors }) => (errors > 0 ? count(errors) : "") },
  { head: "Last seen", kind: "mono dim", always: true, text: ({ last }) => clock(last) },
  { head: "Version", kind: "mono", text: ({ version }) => version },
  { head: "Environment", kind: "", text: ({ environment }) => environment },
  { head: "Instance", kind: "mono dim", text: ({ instance }) => instance },
  { head: "SDK", kind: "dim", text: ({ sdk }) => sdk },
];

const MOST = 500;

/** Milliseconds within which an event came just now. */
const RECENT = 5_000;
