// Everything can be done from the keyboard.

import { byId, element } from "./dom.js";

const KEYS = [
  ["/", "filter"],
  ["j  k", "next, previous"],
  ["Enter", "open the event"],
  ["Esc", "close, or leave the filter"],
  ["p", "pause and resume"],
  ["r", "the request of the event"],
  ["t", "the trace of the event"],
  ["g", "to the newest"],
  ["1 – 4", "events, traces, charts, clients"],
  ["d", "dark or light"],
  ["?", "this list"],
];

/** Listens for keys; `actions` has a function for each, by name. */
export function listen(actions) {
  const dialog = byId("keys");
  const help = () => (dialog.open ? dialog.close() : dialog.showModal());
  dialog.append(
    element("header", {}, element("h2", {}, "Keys"), element("button", { class: "icon", type: "button", "aria-label": "Close", onclick: help }, "✕")),
    element("dl", {}, KEYS.map(([key, what]) => [element("dt", {}, key.split("  ").map((key) => element("kbd", {}, key))), element("dd", {}, what)])),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  byId("help").addEventListener("click", help);

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, select, textarea");
    if (typing) {
      if (event.key === "Escape") typing.blur();
      if (event.key === "Enter" && typing.id === "search") byId("list").focus();
      return;
    }
    if (dialog.open && event.key !== "?") return;
    // A button that has the focus is pressed by these keys.
    if (event.key === "Enter" && event.target.closest?.("button, a")) return;
    const act = event.key === "?" ? help : actions[event.key];
    if (act === undefined) return;
    if (act(event) !== false) event.preventDefault();
  });
}
