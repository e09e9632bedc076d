// Everything about one event.

import { element, setText } from "./dom.js";
import { count, moment, span } from "./format.js";
import { pretty, show as showJson } from "./json.js";
import { LEVELS } from "./row.js";
import { link } from "./route.js";

/** A panel that shows an event, or is not there. */
export class Detail {
  #row = null;

  /** `onClose` is told when somebody closes the panel with its own button. */
  constructor(panel, onClose) {
    this.panel = panel;
    this.onClose = onClose;
  }

  get open() {
    return !this.panel.hidden;
  }

  close() {
    this.panel.hidden = true;
    this.#row = null;
    this.panel.replaceChildren();
  }

  show(row) {
    if (this.#row === row) return;
    this.#row = row;
    const event = JSON.parse(row.text);
    this.panel.hidden = false;
    this.panel.replaceChildren(
      element(
        "header",
        {},
        element("span", { class: "chip", "data-level": LEVELS[row.level] }, LEVELS[row.level]),
        element("h2", {}, row.name || row.type),
        copyButton("Copy JSON", () => pretty(row.text)),
        element("button", { class: "icon close", type: "button", "aria-label": "Close", title: "Close (Esc)", onclick: this.onClose }, "✕"),
      ),
      row.message ? element("p", { class: "said" }, fullMessage(event, row)) : "",
      failure(event),
      facts(event, row),
      ...attributes("Attributes", event.payload?.attributes),
      ...attributes("Metadata", event.metadata),
      element("h3", {}, "Event"),
      showJson(row.text),
    );
    this.panel.scrollTop = 0;
  }
}

/** A button that copies what `text` returns and says so. */
export function copyButton(label, text) {
  const button = element("button", { type: "button", class: "copy" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      setText(button, "Copied");
    } catch {
      setText(button, "The browser refused");
    }
    setTimeout(() => setText(button, label), 1_500);
  });
  return button;
}

function fullMessage(event, row) {
  return typeof event.payload?.body === "string" ? event.payload.body : row.message;
}

function failure(event) {
  const attributes = event.payload?.attributes ?? {};
  const stack = attributes["exception.stacktrace"];
  if (!event.errorType && !event.errorMessage && typeof stack !== "string") return "";
  return element(
    "div",
    { class: "failure" },
    element("strong", {}, event.errorType ?? "Error"),
    event.errorMessage ? element("p", {}, event.errorMessage) : "",
    typeof stack === "string" ? element("pre", {}, stack) : "",
  );
}

function facts(event, row) {
  const tokens = [event.inputTokens, event.outputTokens].some((tokens) => tokens !== undefined)
    ? `${count(event.inputTokens ?? 0)} in, ${count(event.outputTokens ?? 0)} out`
    : undefined;
  const told = [
    ["Type", event.eventType],
    ["Happened", moment(row.at)],
    ["Arrived", row.arrived === row.at ? undefined : moment(row.arrived)],
    ["Took", span(row.duration)],
    ["Service", event.serviceName],
    ["Environment", event.environmentId],
    ["Request", row.request && element("a", { href: link("request", row.request), title: "Everything this request did (r)" }, row.request)],
    ["Trace", row.trace && element("a", { href: link("trace", row.trace), title: "The whole trace (t)" }, row.trace)],
    ["Span", event.spanId],
    ["Parent span", event.parentSpanId],
    ["Agent", event.agentName ?? event.agentId],
    ["Tool", event.toolName],
    ["Model", event.responseModel ?? event.requestModel],
    ["Tokens", tokens],
    ["Cost", typeof event.costUsd === "number" ? `$${event.costUsd.toFixed(4)}` : undefined],
    ["User", event.userId],
    ["Session", event.sessionId],
    ["Channel", event.channelId],
    ["Came by", event.source],
  ];
  return table(told.filter(([, value]) => value !== undefined && value !== "" && value !== null));
}

function attributes(title, values) {
  if (typeof values !== "object" || values === null || Array.isArray(values) || Object.keys(values).length === 0) return [];
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const shown = Object.entries(values).filter(([key]) => key !== "exception.stacktrace").slice(0, MOST_ATTRIBUTES);
  return [element("h3", {}, title), table(shown.map(([key, value]) => [key, text(value)]))];
}

function table(pairs) {
  return element("dl", {}, pairs.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

const MOST_ATTRIBUTES = 200;
