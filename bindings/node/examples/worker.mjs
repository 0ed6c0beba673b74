// A worker: consumes events, answers "!members" through the gateway, and never sees a copy of what it has acknowledged.
import { Broker } from "spectacles";

const broker = new Broker(process.env.AMQP_URL ?? "");
const messages = broker.consume(process.argv.slice(2));
process.once("SIGTERM", () => broker.stop());
await broker.ready();
console.log("READY");
for await (const message of messages) {
  console.log("EVENT", message.event, message.messageId, message.body.toString());
  const { content, guild_id } = message.json();
  if (content === "!members") await broker.send(guild_id, 8, { guild_id, query: "", limit: 0 });
  message.ack();
}
await broker.close();
