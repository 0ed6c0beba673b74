// A whole gateway: shards, and a RabbitMQ behind them or the owner in its place.
"use strict";
const { brokerOptions } = require("./broker");
const { IS_AWAITED, IS_STOPPED, PUMP, Pulled, READ, disposable } = require("./engine");
const native = require("./native");
const { shardOptions } = require("./shard");
const { Bytes, counters, jsonOf, listOf, nameOf, text, wide } = require("./values");

const { TYPE, ID, CODE, ERROR, FORMAT, NUMBER, TICKET, EXTRA, DATA, TEXT, TEXT_ID, OTHER, LINE } = native.fields;
const { MESSAGE, FIRST_OF_BROKER, FIRST_OF_RELAY } = native.gatewayEvents;
const ALL = "*";
const typeNames = [];

const typeName = (type) => typeNames[type] ?? (typeNames[type] = native.gatewayEventTypeName(type));

/** The names that are published. */
function allowed(events) {
  return events === ALL ? { events: [], allEvents: true } : { events: listOf(events), allEvents: false };
}

class GatewayEvent extends Bytes {
  #gateway;
  #line;

  constructor(gateway, name, records, at, buffer) {
    super(records, at + DATA, buffer, records[at + FORMAT]);
    const type = records[at + TYPE];
    const isOfBroker = type >= FIRST_OF_BROKER && type < FIRST_OF_RELAY;
    const id = text(records, at + TEXT_ID, buffer);
    this.#gateway = gateway;
    this.#line = text(records, at + LINE, buffer);
    this.type = typeName(type);
    this.shardId = records[at + ID];
    this.broker = isOfBroker ? records[at + EXTRA] : 0;
    this.code = records[at + CODE];
    this.error = records[at + ERROR] | 0;
    this.op = isOfBroker ? 0 : records[at + EXTRA];
    this.seq = wide(records, at + NUMBER);
    this.ticket = wide(records, at + TICKET);
    this.name = name;
    this.text = text(records, at + TEXT, buffer);
    this.sessionId = type === MESSAGE ? undefined : id;
    this.oldSessionId = text(records, at + OTHER, buffer);
    this.messageId = type === MESSAGE ? id : undefined;
  }

  get body() {
    return this._bytes();
  }

  ack() {
    native.gatewayAcknowledge(this.#gateway, this.ticket);
  }

  toString() {
    return this.#line ?? `${this.type} ${this.name} ${this.messageId}`;
  }
}

/** The options of a gateway as the addon takes them. */
function gatewayOptions(token, options) {
  const { shards = 1, shardCount, broker, events = [], format } = options;
  return {
    ...shardOptions(token, { ...options, format: undefined }),
    ...brokerOptions(broker ?? [], { ...options, format }),
    ...allowed(events),
    format: undefined,
    shardId: undefined,
    session: undefined,
    shardCount: shardCount ?? (Array.isArray(shards) ? 0 : shards),
    shardIds: Array.isArray(shards) ? shards : undefined,
  };
}

class Gateway extends Pulled {
  #names = [];
  #shardCount;

  constructor(token, options = {}) {
    super();
    const given = gatewayOptions(token, options);
    this.#shardCount = given.shardCount;
    this._open(native.gatewayOpen(this, given));
  }

  // ---- events ----

  [READ](records, at, buffer) {
    const name = nameOf(records, at, buffer, this.#names);
    return new GatewayEvent(this, name, records, at, buffer);
  }

  [IS_AWAITED]() {
    return false;
  }

  [IS_STOPPED]() {
    return native.gatewayStopped(this);
  }

  // ---- what an owner may do ----

  send(shardId, op, d) {
    return native.gatewaySend(this, shardId, op, jsonOf(d));
  }

  setPresence(d, shardId) {
    native.gatewaySetPresence(this, jsonOf(d), shardId);
  }

  setEvents(events) {
    native.gatewayChange(this, allowed(events));
  }

  setToken(token) {
    native.gatewayChange(this, { token });
  }

  setBroker(url) {
    native.gatewayChange(this, { urls: listOf(url) });
  }

  setLatencyBudget(milliseconds) {
    native.gatewayChange(this, { latencyBudget: milliseconds });
  }

  setLimits(status, body, retryAfter = "") {
    return native.gatewaySetLimits(this, { status, body, retryAfter });
  }

  addShard(shardId, session) {
    native.gatewayAddShard(this, { shardId, session });
  }

  removeShard(shardId, code = 0) {
    native.gatewayRemoveShard(this, shardId, code);
  }

  dropShard(shardId) {
    native.gatewayDropShard(this, shardId);
  }

  networkChanged() {
    native.gatewayNetworkChanged(this);
  }

  // ---- state and counters ----

  state() {
    return native.gatewayState(this);
  }

  session(shardId) {
    return native.gatewaySession(this, shardId);
  }

  stats() {
    return counters(native.gatewayStats(this));
  }

  shardStats(shardId) {
    return counters(native.gatewayShardStats(this, shardId));
  }

  eventCounts() {
    return native.gatewayEventCounts(this);
  }

  closeCounts() {
    return native.gatewayCloseCounts(this);
  }

  get shardCount() {
    return this.#shardCount;
  }

  // ---- the end ----

  stop(code = 0) {
    native.gatewayStop(this, code);
    this[PUMP]();
  }

  async close(code = 0) {
    if (!this._isBegun) return;
    this.stop(code);
    await this._drain();
  }
}

disposable(Gateway);

module.exports = { Gateway };
