// What a shard is in Node without us: ws and JSON. For ./dev bench bindings.
"use strict";
const fs = require("fs");
const WebSocket = require("ws");

const count = Number(process.argv[2]);
const step = Math.floor(count / 10);
const { GATEWAY_URL, SSL_CERT_FILE } = process.env;
const ca = SSL_CERT_FILE && fs.readFileSync(SSL_CERT_FILE);
const socket = new WebSocket(`${GATEWAY_URL}/?v=10&encoding=json`, { ca, perMessageDeflate: false, maxPayload: 0 });
let seen = 0;

socket.on("message", (data) => {
  const payload = JSON.parse(data.toString());
  if (payload.op === 10) {
    const properties = { os: "linux", browser: "bench", device: "bench" };
    socket.send(JSON.stringify({ op: 2, d: { token: "t", intents: 0, properties, shard: [0, 1] } }));
  } else if (payload.op === 0 && payload.t !== "READY") {
    if (++seen % step === 0) console.log("EVENTS", seen);
    if (seen === count) process.exit(0);
  }
});
