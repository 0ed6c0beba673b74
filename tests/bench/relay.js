// The pipeline as it is written in JavaScript: npm's ws and amqplib with confirms, node's own zlib.
//
//     node relay.js GATEWAY_URL COMPRESSION AMQP_URL
//
// SIGUSR2 prints how many events the broker has confirmed.
"use strict";
const WebSocket = require("ws");
const amqp = require("amqplib");
const zlib = require("zlib");

const [url, compression, broker] = process.argv.slice(2);
let confirmed = 0;
process.on("SIGUSR2", () => process.stdout.write(`confirmed ${confirmed}\n`));

// One zlib context for the connection; a message is whole when it ends in 00 00 ff ff.
function inflater(onText) {
  const inflate = zlib.createInflate({ chunkSize: 65535, flush: zlib.constants.Z_SYNC_FLUSH });
  let parts = [];
  inflate.on("data", (part) => parts.push(part));
  return (bytes) => {
    inflate.write(bytes, () => {
      const text = parts.length === 1 ? parts[0].toString() : Buffer.concat(parts).toString();
      parts = [];
      onText(text);
    });
  };
}

async function main() {
  const connection = await amqp.connect(broker);
  const channel = await connection.createConfirmChannel();
  const suffix = compression === "none" ? "" : `&compress=${compression}`;
  const socket = new WebSocket(`${url}/?v=10&encoding=json${suffix}`, { perMessageDeflate: false });
  let session = "";
  const onText = (text) => {
    const payload = JSON.parse(text);
    if (payload.op === 10) {
      const properties = { os: "linux", browser: "bench", device: "bench" };
      socket.send(JSON.stringify({ op: 2, d: { token: "t", intents: 0, properties, shard: [0, 1] } }));
    }
    if (payload.op !== 0) return;
    if (payload.t === "READY") session = payload.d.session_id;
    const options = { persistent: true, contentType: "application/json", messageId: `${session}:${payload.s}` };
    channel.publish("gateway", payload.t, Buffer.from(JSON.stringify(payload.d)), options, (error) => {
      if (error) throw error;
      confirmed++;
    });
  };
  const onBytes = inflater(onText);
  socket.on("message", (data) => (compression === "none" ? onText(data.toString()) : onBytes(data)));
}

main();
