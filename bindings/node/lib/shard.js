// One connection to Discord's gateway.
"use strict";
const { IS_AWAITED, PUMP, Pulled, READ, disposable } = require("./engine");
const { FatalError, StateError } = require("./errors");
const native = require("./native");
const { Event, counters, idOf, jsonOf, nameOf, numberOf, text, wide } = require("./values");

const { TYPE, CODE, ERROR, FORMAT, NUMBER, TICKET, DATA, TEXT } = native.fields;
const EVENTS = native.shardEvents;
const DISPATCH = EVENTS.DISPATCH;
const GATEWAY_URL = "wss://gateway.discord.gg";
const WARNINGS = new Set([EVENTS.DISCONNECTED, EVENTS.GAP, EVENTS.LATE, EVENTS.PLAIN]);

/** The options of a shard as the addon takes them. */
function shardOptions(token, options) {
  const { presence } = options;
  return {
    url: GATEWAY_URL,
    ...options,
    token,
    format: numberOf(options.format, native.formats, "format"),
    compression: numberOf(options.compression, native.compressions, "compression"),
    presence: presence === undefined ? undefined : jsonOf(presence),
  };
}

class Shard extends Pulled {
  #names = [];
  #tickets = new Map();
  #shardId;
  #shardCount;

  constructor(token, options = {}) {
    super();
    this.#shardId = options.shardId ?? 0;
    this.#shardCount = options.shardCount ?? 1;
    this._open(native.shardOpen(this, { ...shardOptions(token, options), asksToIdentify: options.identifies === false }));
  }

  // ---- events ----

  [READ](records, at, buffer) {
    if (records[at + TYPE] === DISPATCH)
      return new Event(nameOf(records, at, buffer, this.#names), wide(records, at + NUMBER), records, at + DATA, buffer, records[at + FORMAT]);
    this.#onEvent(records, at, buffer);
    return undefined;
  }

  #onEvent(records, at, buffer) {
    const type = records[at + TYPE];
    if (type === EVENTS.SENT || type === EVENTS.UNSENT) {
      this.#onSent(wide(records, at + TICKET), type === EVENTS.SENT);
      return;
    }
    const told = text(records, at + TEXT, buffer) ?? "";
    if (type === EVENTS.FATAL) this.#onEnd(new FatalError(told, records[at + ERROR] | 0, records[at + CODE]));
    else if (type === EVENTS.CLOSED) this.#onEnd(undefined);
    this._tell(WARNINGS.has(type) ? "warning" : "info", native.shardEventTypeName(type), told, { code: records[at + CODE], seq: wide(records, at + NUMBER) });
  }

  #onSent(ticket, sent) {
    const waiting = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (sent) waiting?.resolve();
    else waiting?.reject(new StateError("the connection ended before the packet was sent", native.errors.STATE));
  }

  #onEnd(error) {
    this._end(error);
    for (const ticket of [...this.#tickets.keys()]) this.#onSent(ticket, false);
  }

  // ---- packets ----

  [IS_AWAITED]() {
    return this.#tickets.size > 0;
  }

  #sent(ticket) {
    const made = new Promise((resolve, reject) => this.#tickets.set(ticket, { resolve, reject }));
    this._begin();
    this[PUMP]();
    return made;
  }

  async send(op, d) {
    return this.#sent(native.shardSend(this, op, jsonOf(d)));
  }

  async requestMembers(guildId, { query, limit, presences, userIds, nonce } = {}) {
    const users = userIds?.map((each) => idOf(each, "an id of userIds"));
    const request = { guildId: idOf(guildId, "guildId"), query: users ? undefined : query ?? "", limit, presences, userIds: users, nonce };
    return this.#sent(native.shardRequestMembers(this, request));
  }

  async voiceState(guildId, channelId, { mute, deaf } = {}) {
    const channel = channelId === null ? 0n : idOf(channelId, "channelId");
    return this.#sent(native.shardVoiceState(this, { guildId: idOf(guildId, "guildId"), channelId: channel, mute, deaf }));
  }

  setPresence(d) {
    native.shardSetPresence(this, jsonOf(d));
  }

  budget() {
    return native.shardBudget(this);
  }

  // ---- the session and the connection ----

  identify() {
    native.shardIdentify(this);
  }

  commit(seq) {
    native.shardCommit(this, seq);
  }

  session() {
    return native.shardSession(this);
  }

  setToken(token) {
    native.shardSetToken(this, token);
  }

  reconnect() {
    native.shardReconnect(this);
  }

  networkChanged() {
    native.shardNetworkChanged(this);
  }

  // ---- looking ----

  get shardId() {
    return this.#shardId;
  }

  get shardCount() {
    return this.#shardCount;
  }

  get state() {
    return native.shardState(this);
  }

  get peer() {
    return native.peer(this);
  }

  stats() {
    return counters(native.shardStats(this));
  }

  // ---- the end ----

  stop(code = 0) {
    native.shardClose(this, code);
    this[PUMP]();
  }

  async close(code = 0) {
    this.stop(code);
    try {
      await this._drain();
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
    }
  }
}

disposable(Shard);

module.exports = { GATEWAY_URL, Shard, shardOptions };
