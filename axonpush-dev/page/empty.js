// What a page with nothing to show says instead: how to connect.

import { copyButton } from "./detail.js";
import { element } from "./dom.js";

/** Fills `target` when there is nothing to show, and hides it otherwise. */
export class Empty {
  #chosen = "Rust";

  constructor(target) {
    this.target = target;
  }

  update(tail, view) {
    // Before the server has answered there may be anything.
    this.target.hidden = view.size > 0 || !tail.ready;
    const shown = view.wanted !== null ? "filter" : tail.cleared ? "cleared" : "connect";
    if (this.target.hidden || this.target.dataset.shown === shown) return;
    this.target.dataset.shown = shown;
    if (shown === "connect") this.#connect();
    else this.target.replaceChildren(...(shown === "filter" ? NOTHING_MATCHES() : CLEARED()));
  }

  #connect() {
    const snippets = SNIPPETS(location.origin);
    const code = element("code");
    const tabs = Object.keys(snippets).map((name) => element("button", { type: "button", role: "tab", onclick: () => choose(name) }, name));
    const choose = (name) => {
      this.#chosen = name;
      code.textContent = snippets[name];
      for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.textContent === name));
    };
    this.target.replaceChildren(
      element("h2", {}, "Waiting for the first event"),
      element("p", {}, "Point a client at ", element("code", {}, location.origin), ". Any key will do, and nothing leaves this machine."),
      element(
        "div",
        { class: "snippet" },
        element("div", { class: "tabs", role: "tablist" }, tabs, copyButton("Copy", () => code.textContent)),
        element("pre", {}, code),
      ),
      element("p", { class: "dim" }, "OpenTelemetry exporters that speak HTTP may send their logs and spans to the same address."),
    );
    choose(this.#chosen);
  }
}

const NOTHING_MATCHES = () => [
  element("h2", {}, "Nothing matches"),
  element("p", {}, "New events that do will show up here. Words must all occur; fields are asked for as ", element("code", {}, "type:app.log"), ", ", element("code", {}, "level:warn"), ", ", element("code", {}, "request:…"), " or ", element("code", {}, "trace:…"), "."),
];

const CLEARED = () => [
  element("h2", {}, "Cleared"),
  element("p", {}, "What arrives from now on shows up here. The server still has what came before."),
];

const SNIPPETS = (origin) => ({
  Rust: `let client = AxonPush::builder()
    .api_key("ak_dev")
    .base_url("${origin}")
    .service("orders", "1.0.0")
    .build()?;

client.events().enqueue(Event::new("hello").attribute("from", "Rust"));
client.shutdown(Duration::from_secs(5)).await;`,
  Python: `from axonpush import AxonPush

client = AxonPush(api_key="ak_dev", tenant_id="org_dev", base_url="${origin}")
client.events.publish("hello", {"attributes": {"from": "Python"}}, "default")`,
  curl: `curl ${origin}/event \\
  -H 'x-axonpush-api-key: ak_dev' \\
  -H 'content-type: application/json' \\
  -d '{"identifier": "hello", "payload": {"attributes": {"from": "curl"}}}'`,
});
