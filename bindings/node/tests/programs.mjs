// The programs of tests/bindings/README.md: cancel, handles COUNT, shard COUNT, consume COUNT.
import { setTimeout as sleep } from "node:timers/promises";
import { Broker, Gateway, Intents, Shard } from "spectacles";

const { DISCORD_TOKEN: token = "t", GATEWAY_URL: url = "", AMQP_URL: amqp = "" } = process.env;

const makeShard = (options = {}) => new Shard(token, { url, intents: Intents.GUILD_MESSAGES, ...options });
const makeBroker = (options = {}) => new Broker(amqp, options);

// ---- what is measured ----

class Tenths {
  count = 0;
  bytes = 0;

  constructor(total) {
    this.total = total;
    this.step = this.next = Math.floor(total / 10);
  }

  /** False: it was the last. */
  one(length) {
    this.bytes += length;
    if (++this.count === this.next) {
      console.log("EVENTS", this.count);
      this.next += this.step;
    }
    return this.count < this.total;
  }
}

async function shard(count) {
  const tenths = new Tenths(count);
  for await (const event of makeShard({ compression: "none" })) {
    const { name, data } = event;
    if (name !== "READY" && !tenths.one(data.length)) return;
  }
}

async function consume(count) {
  const tenths = new Tenths(count);
  const broker = makeBroker({ group: "bench", prefetch: 1000 });
  for await (const message of broker.consume("consume")) {
    message.ack();
    if (!tenths.one(message.body.length)) break;
  }
  await broker.close();
}

// ---- what is cancelled ----

/** 1, when it was cancelled while it waited. */
async function cancelled(start) {
  const controller = new AbortController();
  const waiting = start(controller.signal);
  setTimeout(() => controller.abort(), 200);
  return waiting.then(
    () => 0,
    (error) => (error.name === "AbortError" ? 1 : 0),
  );
}

/** The next event, unless it takes too long. */
async function soon(shard, milliseconds) {
  try {
    return (await shard.events({ signal: AbortSignal.timeout(milliseconds) }).next()).value;
  } catch {
    return undefined;
  }
}

async function cancel() {
  const shard = makeShard();
  const broker = makeBroker();
  for await (const event of shard) if (event.name === "READY") break;
  while (await soon(shard, 500)); // what comes behind READY by itself
  const controller = new AbortController();
  const messages = broker.consume("MESSAGE_CREATE");
  await broker.ready();
  const ask = (body, signal) => broker.call("ASK", body, { timeout: 30_000, signal });
  const cancelledMessages = (signal) => messages.next({ signal });
  const count =
    (await cancelled((signal) => shard.events({ signal }).next())) +
    (await cancelled(cancelledMessages)) +
    (await cancelled((signal) => ask("1", signal)));
  console.log("CANCELLED", count);
  const [event, message, reply] = await Promise.all([shard.events().next(), messages.next(), ask('"2"', controller.signal)]);
  const alive = [event.value.name === "MESSAGE_CREATE", message.value.json().id === "2", reply.json() === "2"].filter(Boolean).length;
  message.value.ack();
  console.log("ALIVE", alive);
  await Promise.all([shard.close(), broker.close()]);
}

// ---- what the garbage collector takes ----

function shuffled(parts) {
  return parts.map((part) => [Math.random(), part]).sort(([a], [b]) => a - b).map(([, part]) => part);
}

/** Handles in all their ages: new, on their way, connected; and what they have handed out outlives them. */
async function aLife(turn) {
  const broker = makeBroker();
  const started = makeShard();
  const consumer = broker.consume("HANDLES");
  const controller = new AbortController();
  const waiting = started.events({ signal: controller.signal }).next();
  if (turn % 2) {
    await broker.ready();
    await broker.publish("HANDLES", { n: turn });
  }
  const { value: message } = turn % 2 ? await consumer.next() : {};
  controller.abort();
  await waiting.catch(() => {});
  return shuffled([makeShard(), makeBroker(), new Gateway(token, { url, events: "*" }), broker, started, consumer, message]);
}

async function handles(count) {
  for (let turn = 0; turn < count; turn++) {
    const parts = await aLife(turn);
    while (parts.length) {
      parts.pop();
      globalThis.gc();
      await sleep(0); // finalizers run between turns of the loop
    }
  }
  globalThis.gc();
  await sleep(0);
  console.log("FREED", count);
}

const [name, ...numbers] = process.argv.slice(2);
await { shard, consume, cancel, handles }[name](...numbers.map(Number));
