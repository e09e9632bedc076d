// The page, put together.

import { ChartsView } from "./charts.js";
import { ClientsView } from "./clients.js";
import { Detail } from "./detail.js";
import { byId, setText } from "./dom.js";
import { Empty } from "./empty.js";
import { Events } from "./events.js";
import { count } from "./format.js";
import { listen } from "./keys.js";
import { RequestView } from "./request.js";
import { current, link } from "./route.js";
import { Tail } from "./tail.js";
import { TraceView } from "./trace.js";
import { TracesView } from "./traces.js";

const tail = new Tail();
const events = new Events(tail, new Detail(byId("detail"), () => events.close()), new Empty(byId("empty")));
const drawer = new Detail(byId("drawer"), () => drawer.close());
const views = {
  events: { show: ({ query }) => events.show(query), leave() {}, focus: () => events.focus() },
  traces: new TracesView(byId("view-traces"), tail),
  trace: new TraceView(byId("view-trace"), tail, (row) => drawer.show(row)),
  request: new RequestView(byId("view-request"), tail, (row) => drawer.show(row)),
  charts: new ChartsView(byId("view-charts"), tail),
  clients: new ClientsView(byId("view-clients"), tail),
};
/** The entry of the navigation under which a view stands. */
const UNDER = { trace: "traces", request: "events" };

/** The name of the view the address asks for. */
function asked() {
  const { view } = current();
  return Object.hasOwn(views, view) ? view : "events";
}

function show() {
  const where = current();
  const name = asked();
  drawer.close();
  for (const [other, view] of Object.entries(views)) {
    if (other !== name) view.leave();
    byId(`view-${other}`).hidden = other !== name;
  }
  const entry = link(UNDER[name] ?? name);
  for (const anchor of document.querySelectorAll("#nav a")) {
    if (anchor.hash === entry) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  views[name].show(name === "events" ? where : where.id);
}

function onEvents() {
  return !byId("view-events").hidden;
}

/** Leaves for the request or the trace of the event that is selected. */
function follow(view, id) {
  if (!onEvents() || !id) return false;
  location.hash = link(view, id);
  return true;
}

listen({
  "/": () => views[asked()].focus?.(),
  j: () => onEvents() && events.move(1),
  k: () => onEvents() && events.move(-1),
  ArrowDown: () => onEvents() && events.move(1),
  ArrowUp: () => onEvents() && events.move(-1),
  Enter: () => onEvents() && events.list.selected !== null && events.open(events.list.selected),
  Escape: () => (drawer.open ? drawer.close() : onEvents() && events.close()),
  p: () => onEvents() && events.pause(),
  g: () => onEvents() && events.list.top(),
  r: () => follow("request", events.list.selected?.request),
  t: () => follow("trace", events.list.selected?.trace),
  d: () => switchTheme(),
  1: () => (location.hash = "#/events"),
  2: () => (location.hash = "#/traces"),
  3: () => (location.hash = "#/charts"),
  4: () => (location.hash = "#/clients"),
});

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // It lasts as long as the page, then.
  }
  dispatchEvent(new Event("themechange"));
}

byId("theme").addEventListener("click", switchTheme);

tail.onState((state) => {
  byId("state").dataset.state = state;
  setText(byId("state-text"), state === "live" ? "live" : "reconnecting");
});

let before = 0;
setInterval(() => {
  setText(byId("rate"), `${count(tail.received - before)}/s`);
  before = tail.received;
}, 1_000);

addEventListener("hashchange", show);
show();
tail.start();
