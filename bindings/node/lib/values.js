// What is handed out and given: events, sessions, bodies and masks. All of it is JavaScript's own, and outlives every handle.
"use strict";
const { invalid } = require("./errors");
const native = require("./native");

const { ABSENT, NAME_NUMBER, NAME } = native.fields;
const { json: JSON_FORMAT, raw: RAW_FORMAT } = native.formats;
const WORD = 2 ** 32;

/** A number of 64 bits in two fields of a record. */
const wide = (records, at) => records[at] + records[at + 1] * WORD;

/** The text of a span; undefined: it is not there. */
function text(records, at, buffer) {
  const length = records[at + 1];
  return length === ABSENT ? undefined : buffer.utf8Slice(records[at], records[at] + length);
}

/** The name of an event. Each comes as a text once, and then as a number. */
function nameOf(records, at, buffer, names) {
  const number = records[at + NAME_NUMBER];
  if (number === ABSENT) return text(records, at + NAME, buffer) ?? "";
  return names[number] ?? (names[number] = text(records, at + NAME, buffer));
}

/** The buffer that an event has its bytes in. */
let bufferOf;

/** The bytes of an event as they came, in a buffer that it shares with other events. */
class Bytes {
  #buffer;
  #begin;
  #end;
  #format;

  static {
    bufferOf = (bytes) => bytes.#buffer;
  }

  constructor(records, at, buffer, format) {
    this.#buffer = buffer;
    this.#begin = records[at];
    this.#end = records[at + 1] === ABSENT ? records[at] : records[at] + records[at + 1];
    this.#format = format;
  }

  get format() {
    return this.#format;
  }

  _bytes() {
    return this.#buffer.subarray(this.#begin, this.#end);
  }

  /** What the bytes say, parsed, in whatever format they are. */
  json() {
    if (this.#format === JSON_FORMAT || this.#format === RAW_FORMAT) return JSON.parse(this.#buffer.utf8Slice(this.#begin, this.#end));
    return JSON.parse(native.transcode({ format: this.#format, bytes: this._bytes() }));
  }
}

/** An event of Discord: `data` is the d of it, as it came. */
class Event extends Bytes {
  constructor(name, seq, records, at, buffer, format) {
    super(records, at, buffer, format);
    this.name = name;
    this.seq = seq;
  }

  get data() {
    return this._bytes();
  }
}

/** Bytes and texts as they are, everything else as JSON. */
function encoded(body) {
  if (typeof body === "string" || ArrayBuffer.isView(body)) return body;
  const made = JSON.stringify(body);
  if (made === undefined) throw invalid("a body is bytes, a text, or what JSON can say");
  return made;
}

/** A packet or a presence: JSON as a text. */
function jsonOf(d) {
  return ArrayBuffer.isView(d) ? Buffer.from(d.buffer, d.byteOffset, d.byteLength).toString() : encoded(d);
}

/** The id of a guild, a channel or a user: a text or a bigint. As a number it has lost its last digits. */
function idOf(id, what) {
  if (typeof id === "bigint") return id;
  if (typeof id === "string" && /^\d{1,20}$/.test(id)) return BigInt(id);
  throw invalid(`${what} is a string of digits, or a bigint`);
}

/** Of a format, a compression and so on; a wrong name is told with those that there are. */
function numberOf(name, among, what) {
  if (name === undefined) return undefined;
  if (Object.hasOwn(among, name)) return among[name];
  throw invalid(`${what} is one of ${Object.keys(among).join(", ")}`);
}

/** The counters of a struct, with names as JavaScript has them. */
function counters(raw) {
  const made = {};
  for (const name of Object.keys(raw)) made[name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())] = raw[name];
  return made;
}

/** "a" or ["a", "b"] */
const listOf = (given) => (Array.isArray(given) ? given : [given]);

/** Which events Discord sends, as bits: GUILDS | GUILD_MESSAGES. */
const Intents = Object.freeze(native.intents);

/** Each of these intents brings the event; 0: it needs none, or is not known. */
const intentsForEvent = (name) => native.intentsForEvent(name);

/** Those of a mask that a bot has to be granted. */
const privilegedIntents = (intents) => native.intentsPrivileged(intents);

/** The shard that a guild belongs to. */
const routeShard = (guildId, shardCount) => native.routeShard(idOf(guildId, "the guild id"), shardCount);

/** The key of gap records. */
const GAP_KEY = native.gapKey();

/** The proxy for "wss" (a shard) or "amqps" (a broker), by curl's rules; undefined: there is none. */
const proxyFromEnvironment = (scheme) => native.proxyFromEnvironment(scheme);

/** Of the library that is linked: its version, its TLS and what it was built with. */
function about() {
  const { version, tls, features } = native.about();
  return { version: `${version >> 16}.${(version >> 8) & 255}.${version & 255}`, tls, features };
}

module.exports = {
  Bytes, Event, GAP_KEY, Intents, about, bufferOf, counters, encoded, idOf, intentsForEvent, jsonOf, listOf, nameOf, numberOf, privilegedIntents,
  proxyFromEnvironment, routeShard, text, wide,
};
