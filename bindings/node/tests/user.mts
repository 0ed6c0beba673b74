// What a user writes, as tsc --strict reads it. Each line behind @ts-expect-error is a mistake that it has to see.
import { Broker, CallError, FatalError, Gateway, Intents, Shard, SpectaclesError, about, routeShard } from "spectacles";
import type { Event, Message, Session } from "spectacles";

export async function useShard(shard: Shard, signal: AbortSignal): Promise<Session | undefined> {
  shard.on("notice", (notice) => console.log(notice.level.toUpperCase(), notice.type, notice.text, notice.code));
  for await (const event of shard) {
    const name: string = event.name;
    const bytes: Buffer = event.data;
    console.log(name, bytes.length, event.seq, event.json());
    await shard.send(8, { guild_id: "1", query: "", limit: 0 });
  }
  const next = await shard.events({ signal }).next();
  if (!next.done) {
    const event: Event = next.value;
    shard.commit(event.seq);
  }
  await shard.requestMembers(1n, { userIds: ["2"], nonce: "n" });
  // @ts-expect-error: a number has lost the last digits of an id
  await shard.requestMembers(81384788765712384);
  // @ts-expect-error: an event cannot be written to
  for await (const event of shard) event.name = "X";
  // @ts-expect-error: there is no such notice
  shard.on("notices", () => {});
  return shard.session();
}

export async function useBroker(url: string): Promise<void> {
  await using broker = new Broker([url], { prefetch: 10, queueType: "quorum", format: "msgpack" });
  const consumer = broker.consume(["MESSAGE_CREATE"], { subgroup: "a", copies: true, arguments: { "x-message-ttl": 1000 } });
  for await (const message of consumer) {
    const held: Message = message;
    if (held.replyTo !== undefined) await held.reply({ done: true });
    if (!held.ack()) held.reject({ requeue: true });
    consumer.stop();
  }
  try {
    const reply = await broker.call("ASK", Buffer.from("1"), { timeout: 100 });
    console.log(reply.body.toString(), reply.headers["x-death"]);
  } catch (error) {
    if (error instanceof CallError && error.reason === "TIMEOUT") console.log(error.code, error.message);
    // @ts-expect-error: there is no such reason
    if (error instanceof CallError && error.reason === "LATE") console.log();
  }
  await broker.publish("A", "text", { expiration: 1000, headers: { n: 1, b: new Uint8Array(1), t: true, nothing: null } });
  // @ts-expect-error: there is no such format
  new Broker(url, { format: "xml" });
}

export async function useGateway(token: string): Promise<void> {
  const gateway = new Gateway(token, { intents: Intents.GUILDS | Intents.GUILD_MESSAGES, shards: [0, 1], shardCount: 2, events: "*" });
  for await (const event of gateway) {
    if (event.type === "MESSAGE") event.ack();
    const stored: Buffer | undefined = gateway.state();
    console.log(`${event}`, stored?.length, gateway.stats().confirmLatency[0], routeShard("1", 2));
  }
  // @ts-expect-error: a token is a string
  new Gateway(1);
}

export function sayWhy(error: unknown): string {
  if (error instanceof FatalError) return `${error.closeCode}: ${error.message}`;
  return error instanceof SpectaclesError ? `${error.code} ${error.errno}` : about().version;
}
