// The logger of Fluentd's own project for Node, for the bench `sinks`: the address of a server and for how many
// milliseconds to emit as arguments, and what it took in lines of `name value`.
"use strict";

const { FluentClient } = require("@fluent-org/logger");

const BURST = 1000;
const IN_FLIGHT = 5;

const [address, milliseconds] = process.argv.slice(2);
const [host, port] = address.split(":");

const client = new FluentClient("bench", {
  eventMode: "PackedForward",
  ack: { ackTimeout: 10_000 },
  milliseconds: true,
  socket: { host, port: Number(port) },
});

const record = (n) => ({
  level: "INFO",
  message: "payment was declined by the card issuer",
  target: "shop::payments",
  "order.id": n,
  amount: 129.95,
  currency: "EUR",
});

async function main() {
  while (!client.writable) await new Promise(setImmediate);
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const end = started + BigInt(milliseconds) * 1_000_000n;
  const chunks = [];
  let offered = 0;
  while (process.hrtime.bigint() < end) {
    let chunk;
    // What is emitted before the next tick travels as one chunk, and has one promise.
    for (let n = 0; n < BURST; n++) chunk = client.emit("shop.payments", record(offered + n));
    offered += BURST;
    chunks.push(chunk);
    await new Promise(setImmediate);
    if (chunks.length >= IN_FLIGHT) await chunks.shift();
  }
  await Promise.all(chunks);
  const spent = process.cpuUsage(cpu);
  console.log(`seconds ${Number(process.hrtime.bigint() - started) / 1e9}`);
  console.log(`cpu ${(spent.user + spent.system) / 1e6}`);
  console.log(`offered ${offered}`);
  await client.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
