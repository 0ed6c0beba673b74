// A gateway: the shards of a bot, and a RabbitMQ. GATEWAY_URL is for tests. SIGTERM stops it in order.
import { GATEWAY_URL, Gateway, Intents } from "spectacles";

const { DISCORD_TOKEN = "", AMQP_URL = "", GATEWAY_URL: url = GATEWAY_URL } = process.env;
const [shards, ...events] = process.argv.slice(2);
const intents = Intents.GUILDS | Intents.GUILD_MESSAGES;
let left = Number(shards); // those that Discord has not refused for good

const gateway = new Gateway(DISCORD_TOKEN, { url, intents, shards: left, events, broker: AMQP_URL });
process.once("SIGTERM", () => gateway.stop());
for await (const event of gateway) {
  if (event.type !== "SHARD_LATENCY") console.log(event.type, event.type.startsWith("BROKER") ? event.broker : event.shardId, `${event}`);
  if (event.type === "SHARD_FATAL" && --left === 0) gateway.stop();
}
process.exitCode = left ? 0 : 1;
