// One connection to RabbitMQ: publishing, consuming and asking.
"use strict";
const { Engine, TAKE, Waits, disposable } = require("./engine");
const { CallError, PublishError, closed, invalid } = require("./errors");
const { Consumer, Message } = require("./message");
const native = require("./native");
const { counters, encoded, idOf, jsonOf, listOf, nameOf, numberOf, text, wide } = require("./values");

const { TYPE, ID, CODE, FLAGS, NUMBER, EXTRA, TEXT, OTHER, LENGTH, OWN, ENDED } = native.fields;
const EVENTS = native.brokerEvents;
const WARNINGS = new Set([EVENTS.DISCONNECTED, EVENTS.UNSUBSCRIBED, EVENTS.BLOCKED, EVENTS.REFUSED]);
const { json: JSON_FORMAT, raw: RAW_FORMAT } = native.formats;

/** The options of a broker as the addon takes them. */
function brokerOptions(url, options) {
  return {
    ...options,
    urls: listOf(url),
    bodies: numberOf(options.format, native.formats, "format"),
    declare: numberOf(options.declare, native.declares, "declare"),
    queueType: numberOf(options.queueType, native.queueTypes, "queueType"),
    exchangeType: numberOf(options.exchangeType, native.exchangeTypes, "exchangeType"),
  };
}

class Broker extends Engine {
  #records;
  #buffers;
  #names = [];
  #format;
  #consumers = new Map();
  #subscriptions = new Set();
  #untried = new Set(); // of these: RabbitMQ has not answered yet
  #answers = new Map();
  #room = [];
  #readyWaits = new Waits();
  #closeWaits = new Waits();
  #isReady = false;
  #isClosed = false;
  #unconfirmed = 0;
  #kept = 0;

  constructor(url, options = {}) {
    super();
    const given = brokerOptions(url, options);
    this.#format = given.bodies ?? JSON_FORMAT;
    [this.#records, this.#buffers] = native.brokerOpen(this, given);
  }

  // ---- who waits keeps the broker ----

  _keep() {
    this._begin();
    if (this.#kept++ === 0) native.hold(this, true);
  }

  _release() {
    if (--this.#kept === 0) native.hold(this, false);
  }

  get _isClosed() {
    return this.#isClosed;
  }

  // ---- events ----

  [TAKE](count) {
    for (let at = 0; at < count * LENGTH; at += LENGTH)
      this.#onEvent(this.#records, at, this.#buffers[this.#records[at + FLAGS] & OWN]);
    this.#publishMore();
    for (const consumer of new Set(this.#consumers.values())) consumer._serve();
    if (this.#isClosed) native.leave(this);
  }

  #onEvent(records, at, buffer) {
    switch (records[at + TYPE]) {
      case EVENTS.MESSAGE:
        this.#consumers.get(records[at + ID])?._add(this.#message(records, at, buffer));
        break;
      case EVENTS.CONFIRMED:
        this.#answer(records, at)?.resolve();
        break;
      case EVENTS.REPLY:
        this.#answer(records, at)?.resolve(this.#message(records, at, buffer));
        break;
      case EVENTS.RETURNED:
      case EVENTS.FAILED:
        this.#answer(records, at)?.reject(new PublishError(text(records, at + TEXT, buffer), records[at + CODE]));
        break;
      case EVENTS.CALL_FAILED:
        this.#answer(records, at)?.reject(new CallError(text(records, at + TEXT, buffer), native.callFailureName(records[at + EXTRA])));
        break;
      default:
        this.#onChange(records, at, buffer);
    }
  }

  #message(records, at, buffer) {
    return new Message(this, nameOf(records, at, buffer, this.#names), records, at, buffer);
  }

  #answer(records, at) {
    const tag = wide(records, at + NUMBER);
    const answer = this.#answers.get(tag);
    this.#answers.delete(tag);
    return answer;
  }

  /** What is about the connection and the queues. */
  #onChange(records, at, buffer) {
    const type = records[at + TYPE];
    if (type === EVENTS.READY) this.#isReady = true;
    else if (type === EVENTS.DISCONNECTED) this.#isReady = false;
    else if (type === EVENTS.CLOSED) this.#onClosed(wide(records, at + NUMBER));
    const isAsked = type === EVENTS.UNSUBSCRIBED && records[at + FLAGS] & ENDED;
    if (isAsked) this.#onUnsubscribed(records[at + ID]);
    if (type === EVENTS.READY) this.#untried.clear();
    else if (type === EVENTS.SUBSCRIBED || type === EVENTS.UNSUBSCRIBED) this.#untried.delete(records[at + ID]);
    if (this.#isTried()) this.#readyWaits.resolveAll();
    const queue = text(records, at + OTHER, buffer);
    const told = [queue, text(records, at + TEXT, buffer)].filter(Boolean).join(": ");
    const level = WARNINGS.has(type) && !isAsked ? "warning" : "info";
    this._tell(level, native.brokerEventTypeName(type), told, { code: records[at + CODE], queue });
  }

  #isTried() {
    return this.#isReady && this.#untried.size === 0;
  }

  #onUnsubscribed(subscription) {
    const consumer = this.#consumers.get(subscription);
    this.#consumers.delete(subscription);
    this.#subscriptions.delete(subscription);
    consumer?._ended(subscription);
    consumer?._serve();
  }

  #onClosed(unconfirmed) {
    this.#isClosed = true;
    this.#isReady = false;
    this.#unconfirmed = unconfirmed;
    for (const answer of this.#answers.values()) answer.reject(new PublishError("the broker was closed before the message was confirmed", 0));
    for (const attempt of this.#room) attempt.reject(closed());
    this.#answers.clear();
    this.#room = [];
    this.#readyWaits.rejectAll(closed());
    this.#closeWaits.resolveAll();
  }

  // ---- publishing ----

  publish(key, body, options) {
    return this.#accepted(() => this.#give(key, body, options), options?.signal);
  }

  call(key, body, { timeout = 5000, signal, ...options } = {}) {
    return this.#accepted(() => this.#give(key, body, { ...options, timeout: Math.max(1, Math.trunc(timeout)) }), signal);
  }

  _reply(replyTo, correlationId, body, signal) {
    if (!replyTo) return Promise.reject(invalid("the message asks for no reply"));
    return this.#accepted(() => this.#give("", body, { replyTo, correlationId }), signal);
  }

  async send(guildId, op, d, options) {
    const packet = `{"op":${Number(op)},"d":${jsonOf(d)}}`;
    return this.publish(native.sendKey(), native.sendBuild({ guildId: idOf(guildId, "guildId"), packet }), options);
  }

  /** The tag, or 0: there is no room. */
  #give(key, body, options) {
    const given = options && options.expiration !== undefined ? { ...options, expiration: String(options.expiration) } : options;
    const format = ArrayBuffer.isView(body) && this.#format === JSON_FORMAT ? RAW_FORMAT : JSON_FORMAT;
    return native.brokerPublish(this, key, encoded(body), format, given);
  }

  /** Waits for room in the window, and then for what becomes of it. */
  #accepted(give, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw signal.reason;
      if (this.#isClosed) throw closed();
      const attempt = { give, resolve, reject };
      if (this.#room.length || !this.#attempt(attempt)) this.#room.push(attempt);
      this.#watch(attempt, signal);
    });
  }

  /** False: there is no room. */
  #attempt(attempt) {
    const tag = attempt.give();
    if (tag === 0) return false;
    attempt.tag = tag;
    this.#answers.set(tag, attempt);
    return true;
  }

  /** The broker stays until the promise is settled. What is aborted may have gone out already. */
  #watch(attempt, signal) {
    const { resolve, reject } = attempt;
    const abort = () => {
      this.#room = this.#room.filter((each) => each !== attempt);
      this.#answers.delete(attempt.tag);
      attempt.reject(signal.reason);
    };
    const settled = (how) => (result) => {
      signal?.removeEventListener("abort", abort);
      this._release();
      how(result);
    };
    attempt.resolve = settled(resolve);
    attempt.reject = settled(reject);
    signal?.addEventListener("abort", abort, { once: true });
    this._keep();
  }

  #publishMore() {
    while (this.#room.length) {
      const [attempt] = this.#room;
      try {
        if (!this.#attempt(attempt)) return;
      } catch (error) {
        attempt.reject(error);
      }
      this.#room.shift();
    }
  }

  // ---- deliveries ----

  consume(events, options = {}) {
    if (this.#isClosed) throw closed();
    const given = listOf(events);
    if (options.queue !== undefined && given.length > 1) throw invalid("a queue by its name is bound under one event at most");
    const names = options.queue !== undefined && given.length === 0 ? [undefined] : given;
    if (!names.length) throw invalid('which events? consume("MESSAGE_CREATE")');
    const numbers = names.map((event) => this.#subscribe(event, options, false));
    const made = new Consumer(this, numbers, options);
    for (const number of numbers) this.#consumers.set(number, made);
    this._begin();
    return made;
  }

  declare(event, options = {}) {
    this.#subscribe(event, options, true);
    this._begin();
  }

  #subscribe(event, options, declareOnly) {
    const number = native.brokerSubscribe(this, { ...options, event, declareOnly });
    if (!this.#subscriptions.has(number)) this.#untried.add(number);
    this.#subscriptions.add(number);
    return number;
  }

  // ---- looking ----

  ready({ signal } = {}) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#isTried()) return Promise.resolve();
    return this.#wait(this.#readyWaits, signal);
  }

  #wait(waits, signal) {
    this._keep();
    return waits.add(signal, () => {}).finally(() => this._release());
  }

  get state() {
    return native.brokerState(this);
  }

  get hasRoom() {
    return native.brokerHasRoom(this);
  }

  get peer() {
    return native.peer(this);
  }

  get unconfirmed() {
    return this.#unconfirmed;
  }

  stats() {
    return counters(native.brokerStats(this));
  }

  setUrl(url) {
    native.brokerSetUrls(this, { urls: listOf(url) });
  }

  networkChanged() {
    native.brokerNetworkChanged(this);
  }

  // ---- the end ----

  stop() {
    for (const consumer of new Set(this.#consumers.values())) consumer.stop();
  }

  async close() {
    if (this.#isClosed || !this._isBegun) return;
    native.brokerClose(this);
    await this.#wait(this.#closeWaits, undefined);
  }
}

disposable(Broker);

module.exports = { Broker, brokerOptions };
