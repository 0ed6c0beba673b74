// What a shard, a broker and a gateway have in common: the addon calls take() with a batch of events, and an engine is kept
// for as long as somebody waits for it. src/engine.h has the other side.
"use strict";
const dns = require("dns");
const { EventEmitter } = require("events");
const { failure } = require("./errors");
const native = require("./native");

const { LENGTH, FLAGS, OWN } = native.fields;
const TAKE = Symbol("take");
const READ = Symbol("read");
const IS_AWAITED = Symbol("isAwaited");
const PUMP = Symbol("pump");
const NEXT = Symbol("next");
const WAIT = Symbol("wait");
const IS_STOPPED = Symbol("isStopped");
const QUEUE_MAX = 1024; // events that were pulled for the sake of an answer behind them

native.setup((owner, count) => owner[TAKE](count), lookUp, failure);

/** The resolver of Node. All addresses that a name has, or why there are none. */
function lookUp(owner, host) {
  dns.lookup(host, { all: true, verbatim: true }, (error, found) => {
    const numeric = error ? "" : found.map((each) => each.address).join(" ");
    native.address(owner, numeric, error ? error.code : "there is no such name");
  });
}

/** Waits that can be aborted: a promise in a list until it is settled. */
class Waits {
  #waits = [];

  get length() {
    return this.#waits.length;
  }

  add(signal, onAbort) {
    return new Promise((resolve, reject) => {
      const wait = { resolve, reject, signal, abort: undefined };
      if (signal) {
        wait.abort = () => {
          this.#waits.splice(this.#waits.indexOf(wait), 1);
          reject(signal.reason);
          onAbort();
        };
        signal.addEventListener("abort", wait.abort, { once: true });
      }
      this.#waits.push(wait);
    });
  }

  #first() {
    const wait = this.#waits.shift();
    if (wait.abort) wait.signal.removeEventListener("abort", wait.abort);
    return wait;
  }

  resolve(value) {
    this.#first().resolve(value);
  }

  resolveAll(value) {
    while (this.#waits.length) this.resolve(value);
  }

  rejectAll(error) {
    while (this.#waits.length) this.#first().reject(error);
  }
}

/** What happens by itself is told to whoever listens to "notice". A warning that nobody listens to is Node's. */
class Engine extends EventEmitter {
  #isBegun = false;

  _begin() {
    if (this.#isBegun) return;
    this.#isBegun = true;
    native.begin(this);
  }

  get _isBegun() {
    return this.#isBegun;
  }

  _tell(level, type, told, more) {
    if (this.listenerCount("notice") > 0) this.emit("notice", { level, type, text: told, ...more });
    else if (level === "warning") process.emitWarning(told || type, { type: "SpectaclesWarning", code: type });
  }
}

/**
 * Events that are pulled while somebody waits for them. READ(records, at, buffer, owner) of a subclass makes an event of a
 * record, or undefined: it is for nobody.
 */
class Pulled extends Engine {
  #records;
  #buffers;
  #buffer;
  #count = 0;
  #cursor = 0;
  #queue = [];
  #waits = new Waits();
  #isOver = false;
  #error;

  _open([records, buffers]) {
    this.#records = records;
    this.#buffers = buffers;
  }

  /** Whether no event follows, though no event has said so. */
  [IS_STOPPED]() {
    return false;
  }

  /** The last event was read. */
  _end(error) {
    this.#isOver = true;
    this.#error = error;
  }

  get _isOver() {
    return this.#isOver;
  }

  #fill(count) {
    this.#count = count;
    this.#cursor = 0;
    this.#buffer = this.#buffers[0];
    if (count === 0 && this[IS_STOPPED]()) this._end();
    return count > 0;
  }

  #read() {
    const at = this.#cursor++ * LENGTH;
    const buffer = this.#records[at + FLAGS] & OWN ? this.#buffers[1] : this.#buffer;
    return this[READ](this.#records, at, buffer);
  }

  /** An event that is there now, or undefined. */
  [NEXT]() {
    if (this.#queue.length) return this.#shift();
    do {
      while (this.#cursor < this.#count) {
        const event = this.#read();
        if (event !== undefined) return event;
      }
    } while (!this.#isOver && this.#fill(native.pull(this)));
    return undefined;
  }

  #shift() {
    const event = this.#queue.shift();
    if (this.#queue.length === 0 && this[IS_AWAITED]()) this[PUMP]();
    return event;
  }

  /** Nothing is there now: a promise of the next event. */
  [WAIT](signal) {
    if (this.#isOver) {
      native.leave(this);
      return this.#error ? Promise.reject(this.#error) : Promise.resolve({ value: undefined, done: true });
    }
    this._begin();
    native.wait(this);
    return this.#waits.add(signal, () => this[PUMP]());
  }

  [TAKE](count) {
    this.#fill(count);
    this[PUMP]();
  }

  /** Events go to whoever waits. When somebody waits for an answer that comes behind events, these are kept. */
  [PUMP]() {
    while (this.#waits.length || (this[IS_AWAITED]() && this.#queue.length < QUEUE_MAX)) {
      if (this.#cursor === this.#count && (this.#isOver || !this.#fill(native.pull(this)))) break;
      const event = this.#read();
      if (event === undefined) continue;
      if (this.#waits.length) this.#waits.resolve({ value: event, done: false });
      else this.#queue.push(event);
    }
    if (this.#isOver) this.#settleAll();
    else if (this.#waits.length === 0 && !this[IS_AWAITED]()) native.hold(this, false);
    else if (this.#cursor === this.#count) native.wait(this); // the next batch takes the place of this one
  }

  #settleAll() {
    native.leave(this);
    if (this.#error) this.#waits.rejectAll(this.#error);
    else this.#waits.resolveAll({ value: undefined, done: true });
  }

  /** The events, in turn: for await (const event of shard.events({ signal })). */
  events({ signal } = {}) {
    return new Events(this, signal);
  }

  [Symbol.asyncIterator]() {
    return new Events(this, undefined);
  }

  /** Reads to the end, and throws the rest away. */
  async _drain() {
    const events = new Events(this, undefined);
    while (!(await events.next()).done);
  }
}

/** Who breaks a loop goes on with the next one: events stay where they are. */
class Events {
  #engine;
  #signal;
  #isDone = false;

  constructor(engine, signal) {
    this.#engine = engine;
    this.#signal = signal;
  }

  next({ signal = this.#signal } = {}) {
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true });
    if (signal?.aborted) return Promise.reject(signal.reason);
    const event = this.#engine[NEXT]();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    return this.#engine[WAIT](signal);
  }

  return(value) {
    this.#isDone = true;
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** `await using`, where JavaScript has it. */
function disposable(made) {
  if (!Symbol.asyncDispose) return;
  Object.defineProperty(made.prototype, Symbol.asyncDispose, {
    value() {
      return this.close();
    },
    configurable: true,
    writable: true,
  });
}

module.exports = { Engine, IS_AWAITED, IS_STOPPED, PUMP, Pulled, READ, TAKE, Waits, disposable };
