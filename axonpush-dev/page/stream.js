// The live tail: server-sent events, read for as long as the page is open.

import { open } from "./api.js";

/**
 * Follows the stream and comes back by itself when it breaks, with the id of the last event seen, so that nothing is
 * missed. Tells `on.event(text, id)`, `on.skipped(count)` and `on.state("live" | "lost")`.
 */
export async function follow(on) {
  let last;
  let wait = FIRST_WAIT;
  for (;;) {
    const controller = new AbortController();
    try {
      const reader = await open("/events/stream", last, controller.signal);
      let buffered = "";
      for (;;) {
        // A connection that says nothing, not even that it is still here, is dead.
        const watchdog = setTimeout(() => controller.abort(), SILENCE);
        const { value, done } = await reader.read();
        clearTimeout(watchdog);
        if (done) break;
        if (wait !== 0) on.state("live");
        wait = 0;
        const blocks = (buffered + value).split("\n\n");
        buffered = blocks.pop();
        for (const block of blocks) {
          const message = parse(block);
          if (message.data === "") continue;
          if (message.event === "skipped") {
            on.skipped(JSON.parse(message.data).count);
          } else {
            last = message.id ?? last;
            on.event(message.data, last);
          }
        }
      }
    } catch {
      // Why it broke makes no difference: there is one thing to do.
    }
    on.state("lost");
    wait = Math.min(Math.max(wait * 2, FIRST_WAIT), LAST_WAIT);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function parse(block) {
  const message = { id: undefined, event: "message", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    message[line.slice(0, colon)] = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
  }
  return message;
}

const FIRST_WAIT = 250;
const LAST_WAIT = 4_000;

/** Twice the server's heartbeat and a bit. */
const SILENCE = 35_000;
