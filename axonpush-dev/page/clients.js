// The view of the clients: who sends, and what they say they lost.

import { byId, element, setText } from "./dom.js";
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
    for (const row of rows) {
      const { service, instance, version } = row.client;
      const key = `${service}\n${version}\n${instance}`;
      let client = this.#clients.get(key);
      if (client === undefined) {
        client = { ...row.client, events: 0, errors: 0, recent: 0, rate: 0, last: 0, lost: {} };
        this.#clients.set(key, client);
        if (this.#clients.size > MOST) this.#clients.delete(this.#clients.keys().next().value);
      }
      client.events += 1;
      client.recent += 1;
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
    const heads = ["Service", "Version", "Environment", "Instance", "Now", "Events", "Errors", "Last seen", "Lost on the way"];
    this.section.replaceChildren(
      element("div", { class: "lead" }, element("h1", {}, "Clients"), element("p", { class: "dim" }, "Who sent events since this page was opened. A client that had to give events up says so, with the reason, as soon as it gets through again.")),
      element(
        "div",
        { class: "scrolls" },
        element("table", { class: "table clients" }, element("thead", {}, element("tr", {}, heads.map((head) => element("th", {}, head)))), element("tbody", {}, clients.map(line))),
        clients.length === 0 ? element("p", { class: "note" }, "Nobody has sent anything yet.") : "",
      ),
    );
  }
}

function line(client) {
  const lost = Object.entries(client.lost);
  const service = client.service || "(no service named)";
  return element(
    "tr",
    { class: lost.length > 0 ? "failed" : null },
    element("td", {}, client.service ? element("a", { href: link("events", "", { q: `service:${quoted(client.service)}` }) }, service) : service),
    element("td", { class: "mono" }, client.version),
    element("td", {}, client.environment),
    element("td", { class: "mono dim" }, client.instance),
    element("td", { class: "number" }, `${count(client.rate)}/s`),
    element("td", { class: "number" }, count(client.events)),
    element("td", { class: "number bad" }, client.errors > 0 ? count(client.errors) : ""),
    element("td", { class: "mono dim" }, clock(client.last)),
    element("td", { class: "lost" }, lost.length === 0 ? element("span", { class: "good" }, "nothing") : lost.map(([reason, number]) => element("span", { class: "reason" }, `${reason} ${count(number)}`))),
  );
}

const total = (client) => Object.values(client.lost).reduce((sum, lost) => sum + lost, 0);
const quoted = (text) => (/\s/.test(text) ? `"${text}"` : text);

const MOST = 500;
