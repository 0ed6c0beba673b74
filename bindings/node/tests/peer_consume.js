// What a worker is in Node without us: amqplib. For ./dev bench bindings.
"use strict";
const amqp = require("amqplib");

const count = Number(process.argv[2]);
const step = Math.floor(count / 10);

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createChannel();
  let seen = 0;
  await channel.prefetch(1000);
  await channel.consume("bench:consume", (message) => {
    channel.ack(message);
    if (++seen % step === 0) console.log("EVENTS", seen);
    if (seen === count) connection.close();
  });
}

main();
