// The page, put together.

import { byId, setText } from "./dom.js";
import { Events } from "./events.js";
import { count } from "./format.js";
import { current } from "./route.js";
import { Tail } from "./tail.js";

const tail = new Tail();
const detail = { open: false, show() {}, close() {} };
const empty = { update(visible) { byId("empty").hidden = !visible; } };
const events = new Events(tail, detail, empty);

tail.onState((state) => {
  byId("state").dataset.state = state;
  setText(byId("state-text"), state === "live" ? "live" : "reconnecting");
});

let before = 0;
setInterval(() => {
  setText(byId("rate"), `${count(tail.received - before)}/s`);
  before = tail.received;
}, 1_000);

function show() {
  const { view, query } = current();
  for (const section of document.querySelectorAll("main > .view")) section.hidden = section.id !== `view-${view}`;
  for (const anchor of document.querySelectorAll("#nav a")) anchor.classList.toggle("here", anchor.hash === `#/${view}`);
  if (view === "events") events.show(query);
}
addEventListener("hashchange", show);
show();
tail.start();
