// The pipeline as it is written in JavaScript: npm's ws and amqplib with confirms, V8's own JSON, node's own zlib.
//
//     node relay.js GATEWAY_URL SHARDS COMPRESSION AMQP_URL
"use strict";
const WebSocket = require("ws");
const amqp = require("amqplib");
const zlib = require("zlib");

const [url, shards, compression, broker] = process.argv.slice(2);
const count = Number(shards);

// One context for the connection. A write calls back when all that it gave has been inflated.
function inflater(onText) {
  const inflate =
    compression === "zlib-stream"
      ? zlib.createInflate({ chunkSize: 65535, flush: zlib.constants.Z_SYNC_FLUSH })
      : zlib.createZstdDecompress({ chunkSize: 65535 });
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

function identify(socket, shard, interval) {
  const properties = { os: "linux", browser: "bench", device: "bench" };
  socket.send(JSON.stringify({ op: 2, d: { token: "t", intents: 0, properties, shard: [shard, count] } }));
  const beat = () => socket.send(JSON.stringify({ op: 1, d: null }));
  setTimeout(() => {
    beat();
    setInterval(beat, interval);
  }, interval * Math.random());
}

function open(shard, channel) {
  const suffix = compression === "none" ? "" : `&compress=${compression}`;
  const socket = new WebSocket(`${url}/?v=10&encoding=json${suffix}`, { perMessageDeflate: false });
  let session = "";
  const onText = (text) => {
    const payload = JSON.parse(text);
    if (payload.op === 10) identify(socket, shard, payload.d.heartbeat_interval);
    if (payload.op !== 0) return;
    if (payload.t === "READY") session = payload.d.session_id;
    const options = { persistent: true, contentType: "application/json", messageId: `${session}:${payload.s}` };
    channel.publish("gateway", payload.t, Buffer.from(JSON.stringify(payload.d)), options, (error) => {
      if (error) throw error;
    });
  };
  if (compression === "none") {
    socket.on("message", (data) => onText(data.toString()));
  } else {
    const onBytes = inflater(onText);
    socket.on("message", onBytes);
  }
}

async function main() {
  const connection = await amqp.connect(broker);
  const channel = await connection.createConfirmChannel();
  for (let shard = 0; shard < count; shard++) open(shard, channel);
}

main();
