// npm's amqplib, in tests/bench/broker.py: as bench_broker does, and prints the same.
//
//     node broker.js publish|consume URL CA|- COUNT WINDOW persistent|transient ACK_EVERY [paced]
"use strict";
const amqp = require("amqplib");
const fs = require("fs");

const [role, url, ca, count, windowText, mode, ackEvery, pace] = process.argv.slice(2);
const warm = Math.floor(Number(count) / 10);
const total = warm + Number(count);
const window = Number(windowText);
const BODY = 1024;
let done = 0;
let since;

function now() {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return [userCPUTime, systemCPUTime, Math.round(Number(process.hrtime.bigint()) / 1000)];
}

function counted() {
  done++;
  if (done === warm) since = now();
  if (done === total) {
    const end = now();
    process.stdout.write(end.map((each, at) => each - since[at]).join(" ") + "\n", () => process.exit(0));
  }
}

// Until the window is full, and again when it is half empty. The first tenth is confirmed before the others begin.
async function publish(connection) {
  const channel = await connection.createConfirmChannel();
  const body = Buffer.alloc(BODY, "x");
  const persistent = mode !== "transient";
  let sent = 0;
  let due = 0; // a byte of the standard input for each message
  const fill = () => {
    const goal = pace ? Math.min(due, total) : done < warm ? warm : total;
    while (sent < goal && sent - done < window) {
      const messageId = String(sent).padStart(16, "0");
      sent++;
      channel.publish("bench", "publish", body, { persistent, contentType: "application/json", messageId }, confirmed);
    }
  };
  const confirmed = (error) => {
    if (error) throw error;
    counted();
    if (!pace && sent - done <= window / 2) fill();
  };
  if (pace) process.stdin.on("data", (bytes) => ((due += bytes.length), fill()));
  else fill();
}

async function consume(connection) {
  const channel = await connection.createChannel();
  const every = Number(ackEvery);
  await channel.prefetch(window);
  await channel.consume("bench:consume", (message) => {
    if (message.content.length !== BODY) throw new Error(`a body of ${message.content.length} bytes`);
    if ((done + 1) % every === 0 || done + 1 === total) channel.ack(message, every > 1);
    counted();
  });
}

async function main() {
  const options = ca === "-" ? {} : { ca: [fs.readFileSync(ca)] };
  const connection = await amqp.connect(url, options);
  await (role === "publish" ? publish : consume)(connection);
}

main();
