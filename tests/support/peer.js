// A Spectacles client that others wrote, steered by lines of JSON on standard input; it answers with such lines.
//
//     node peer.js CLIENT FORMAT URL GROUP SUBGROUP
//
// CLIENT is a package (spectacles-brokers-0.9, spectacles-brokers-0.8) or amqplib; FORMAT is "own" (the client's default), json,
// or wrapped (a MessagePack string that holds JSON, as spec-tacles/go writes it). Commands:
//
//     {"do": "subscribe", "event": E}                 each message is told and acknowledged
//     {"do": "serve", "event": E}                     each message is answered with {"echo": it}
//     {"do": "publish", "event": E, "data": D}
//     {"do": "call", "event": E, "data": D, "timeout": MS}
'use strict';
const readline = require('readline');

const [client, format, url, group, subgroup] = process.argv.slice(2);

function tell(what, more) {
  process.stdout.write(`${JSON.stringify({ event: what, ...more })}\n`);
}

function formats() {
  const json = { serialize: data => Buffer.from(JSON.stringify(data)), deserialize: bytes => JSON.parse(bytes.toString('utf8')) };
  if (format === 'json') return json;
  if (format === 'own') return {};
  const { encode, decode } = require('@msgpack/msgpack');
  return {
    serialize: data => Buffer.from(encode(JSON.stringify(data))),
    deserialize: bytes => JSON.parse(decode(bytes)),
  };
}

// The published clients, as their READMEs use them.
class Spectacles {
  async connect() {
    const { Amqp } = require(client);
    this.broker = new Amqp(group, subgroup || undefined, { reconnectTimeout: 1000, ...formats() });
    this.broker.on('error', error => { throw error; });
    // The amqplib of these packages asks for frames of 4,096 bytes at most, and RabbitMQ 4.1 and later want to write 8,192.
    await this.broker.connect(`${url.replace(/^amqp:\/\//, '')}?frameMax=131072`);
  }

  async subscribe(event, take) {
    this.broker.on(event, take);
    await this.broker.subscribe(event);
  }

  publish(event, data) {
    this.broker.publish(event, data);
  }

  call(event, data, timeout) {
    return this.broker.call(event, data, { expiration: timeout });
  }
}

// The bare protocol, in the words of the specification and nothing more.
class Bare {
  constructor() {
    const own = { serialize: data => Buffer.from(JSON.stringify(data)), deserialize: bytes => JSON.parse(bytes.toString('utf8')) };
    Object.assign(this, own, formats());
    this.calls = new Map();
  }

  async connect() {
    const connection = await require('amqplib').connect(url);
    this.channel = await connection.createConfirmChannel();
    await this.channel.assertExchange(group, 'direct', { durable: true });
    await this.channel.consume('amq.rabbitmq.reply-to', answer => {
      const call = this.calls.get(answer.properties.correlationId);
      if (call) call(this.deserialize(answer.content));
    }, { noAck: true });
  }

  async subscribe(event, take) {
    const queue = [group, subgroup, event].filter(part => part).join(':');
    await this.channel.assertQueue(queue, { durable: true });
    await this.channel.bindQueue(queue, group, event);
    await this.channel.consume(queue, message => take(this.deserialize(message.content), {
      ack: () => this.channel.ack(message),
      reply: data => this.channel.sendToQueue(message.properties.replyTo, this.serialize(data), {
        correlationId: message.properties.correlationId,
      }),
    }));
  }

  publish(event, data, options) {
    this.channel.publish(group, event, this.serialize(data), { persistent: true, ...options });
  }

  call(event, data, timeout) {
    const correlationId = `${process.pid}-${this.calls.size}`;
    return new Promise((resolve, reject) => {
      this.calls.set(correlationId, resolve);
      setTimeout(() => reject(new Error('no answer in time')), timeout);
      this.publish(event, data, { correlationId, replyTo: 'amq.rabbitmq.reply-to' });
    });
  }
}

async function obey(peer, order) {
  const { event, data } = order;
  if (order.do === 'publish') {
    peer.publish(event, data);
  } else if (order.do === 'call') {
    peer.call(event, data, order.timeout).then(answer => tell('reply', { data: answer }), error => tell('failed', { text: error.message }));
  } else {
    await peer.subscribe(event, (message, options) => {
      options.ack();
      if (order.do === 'serve') options.reply({ echo: message });
      else tell('message', { name: event, data: message });
    });
    tell('subscribed', { name: event });
  }
}

async function main() {
  const peer = client === 'amqplib' ? new Bare() : new Spectacles();
  await peer.connect();
  tell('ready');
  for await (const line of readline.createInterface({ input: process.stdin })) await obey(peer, JSON.parse(line));
  process.exit(0);
}

main();
