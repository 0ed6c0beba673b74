// Messages, and the consumers that hand them out.
"use strict";
const { Waits } = require("./engine");
const { headersOf } = require("./headers");
const native = require("./native");
const { Bytes, bufferOf, text } = require("./values");

const { FORMAT, FLAGS, TICKET, EXTRA, DATA, TEXT_ID, OTHER, LINE, HEADERS, MARK, ABSENT, REDELIVERED } = native.fields;
const NO_HEADERS = Object.freeze({});
/** A delivery, or the reply to a call. */
class Message extends Bytes {
  #broker;
  #low;
  #high;
  #idBegin;
  #idLength;
  #mark;
  #headers;

  constructor(broker, event, records, at, buffer) {
    super(records, at + DATA, buffer, records[at + FORMAT]);
    this.#broker = broker;
    this.#low = records[at + TICKET];
    this.#high = records[at + TICKET + 1];
    this.#idBegin = records[at + TEXT_ID];
    this.#idLength = records[at + TEXT_ID + 1];
    this.#mark = records[at + MARK];
    this.event = event;
    this.redelivered = (records[at + FLAGS] & REDELIVERED) !== 0;
    this.priority = records[at + EXTRA];
    this.replyTo = text(records, at + OTHER, buffer);
    this.correlationId = text(records, at + LINE, buffer);
    const length = records[at + HEADERS + 1];
    if (length !== ABSENT) this.#headers = buffer.subarray(records[at + HEADERS], records[at + HEADERS] + length);
  }

  get body() {
    return this._bytes();
  }

  get messageId() {
    return this.#idLength === ABSENT ? undefined : bufferOf(this).utf8Slice(this.#idBegin, this.#idBegin + this.#idLength);
  }

  get headers() {
    return this.#headers ? headersOf(this.#headers) : NO_HEADERS;
  }

  ack() {
    return native.brokerAck(this.#broker, this.#low, this.#high, bufferOf(this), this.#mark) > 0;
  }

  /** Asked when it is about to be handed out. */
  _isCopy() {
    return native.brokerLeaveOut(this.#broker, bufferOf(this), this.#mark);
  }

  ackAll() {
    return native.brokerAckAll(this.#broker, this.#low, this.#high, bufferOf(this), this.#mark);
  }

  reject({ requeue = false } = {}) {
    return native.brokerReject(this.#broker, this.#low, this.#high, requeue) > 0;
  }

  get held() {
    return native.brokerHolds(this.#broker, this.#low, this.#high);
  }

  reply(body, { signal } = {}) {
    return this.#broker._reply(this.replyTo, this.correlationId, body, signal);
  }
}

/** The messages of some queues: for await (const message of consumer). */
class Consumer {
  #broker;
  #signal;
  #copies;
  #subscriptions;
  #left;
  #messages = [];
  #first = 0;
  #waits = new Waits();

  constructor(broker, subscriptions, { copies = false, signal } = {}) {
    this.#broker = broker;
    this.#signal = signal;
    this.#copies = copies;
    this.#subscriptions = subscriptions;
    this.#left = new Set(subscriptions);
  }

  // ---- the broker calls ----

  _add(message) {
    this.#messages.push(message);
  }

  _ended(subscription) {
    this.#left.delete(subscription);
  }

  /** To whoever waits. */
  _serve() {
    while (this.#waits.length) {
      const message = this.#shift();
      if (message === undefined && !this.#isOver()) return;
      this.#waits.resolve(message === undefined ? { value: undefined, done: true } : { value: message, done: false });
      this.#broker._release();
    }
  }

  #isOver() {
    return this.#left.size === 0 || this.#broker._isClosed;
  }

  /** The next one that is no copy. */
  #shift() {
    while (this.#first < this.#messages.length) {
      const message = this.#messages[this.#first];
      this.#messages[this.#first++] = undefined;
      if (this.#first === this.#messages.length) {
        this.#messages.length = 0;
        this.#first = 0;
      }
      if (this.#copies || !message._isCopy()) return message;
      message.ack();
    }
    return undefined;
  }

  // ---- the owner calls ----

  next({ signal = this.#signal } = {}) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const message = this.#shift();
    if (message !== undefined) return Promise.resolve({ value: message, done: false });
    if (this.#isOver()) return Promise.resolve({ value: undefined, done: true });
    this.#broker._keep();
    return this.#waits.add(signal, () => this.#broker._release());
  }

  /** Who breaks a loop goes on with the next one. */
  return(value) {
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  stop() {
    for (const subscription of this.#subscriptions) native.brokerUnsubscribe(this.#broker, subscription);
  }
}

module.exports = { Consumer, Message };
