// A server of somebody else's making: prints its port, then every entry it is sent as a line of JSON.
"use strict";

const { FluentServer, EventTime } = require("@fluent-org/logger");

const { sharedKey, user, password } = JSON.parse(process.argv[2]);
const security = sharedKey && {
  serverHostname: "node.example",
  sharedKey,
  authorize: Boolean(user),
  userDict: user ? { [user]: password } : {},
};
const server = new FluentServer({ security, listenOptions: { port: 0, host: "127.0.0.1" } });

server.on("entry", (tag, time, record) => {
  const nanos = time instanceof EventTime ? [time.epoch, time.nano] : [time, 0];
  console.log(JSON.stringify({ tag, time: nanos, record }));
});

// Whoever started it has gone.
process.stdin.on("end", () => process.exit(0)).resume();

server.listen().then(() => console.log(server.port));
