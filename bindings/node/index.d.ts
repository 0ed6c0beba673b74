// The types of libspectacles in Node, and what each thing does.
/// <reference types="node" />
import { EventEmitter } from "node:events";

/** Discord's gateway. */
export declare const GATEWAY_URL: string;
/** The key of gap records: consume it to hear of lost sessions. */
export declare const GAP_KEY: string;

// ---- Values ----

export type Format = "raw" | "json" | "etf" | "msgpack" | "msgpack-json";
export type Compression = "none" | "zlib-stream" | "zstd-stream" | "payload";
/** Bytes and texts go out as they are, everything else as JSON. */
export type Body = Uint8Array | string | object;
/** Of a guild, a channel or a user. A number cannot hold one. */
export type Id = string | bigint;
export type HeaderValue = string | number | bigint | boolean | null | Uint8Array;
/** Headers that were received may hold tables and arrays. */
export type ReceivedHeader = HeaderValue | ReceivedHeader[] | { [key: string]: ReceivedHeader };

export interface Abortable {
  /** Who waits is rejected with the reason of the signal. The handle goes on, and nothing is lost. */
  signal?: AbortSignal;
}

/** Which events Discord sends, as bits: Intents.GUILDS | Intents.GUILD_MESSAGES. */
export declare const Intents: Readonly<
  Record<
    | "GUILDS"
    | "GUILD_MEMBERS"
    | "GUILD_MODERATION"
    | "GUILD_EXPRESSIONS"
    | "GUILD_INTEGRATIONS"
    | "GUILD_WEBHOOKS"
    | "GUILD_INVITES"
    | "GUILD_VOICE_STATES"
    | "GUILD_PRESENCES"
    | "GUILD_MESSAGES"
    | "GUILD_MESSAGE_REACTIONS"
    | "GUILD_MESSAGE_TYPING"
    | "DIRECT_MESSAGES"
    | "DIRECT_MESSAGE_REACTIONS"
    | "DIRECT_MESSAGE_TYPING"
    | "MESSAGE_CONTENT"
    | "GUILD_SCHEDULED_EVENTS"
    | "AUTO_MODERATION_CONFIGURATION"
    | "AUTO_MODERATION_EXECUTION"
    | "GUILD_MESSAGE_POLLS"
    | "DIRECT_MESSAGE_POLLS",
    number
  >
>;

/** Each of these intents brings the event; 0: it needs none, or is not known. */
export declare function intentsForEvent(name: string): number;
/** Those of a mask that a bot has to be granted. */
export declare function privilegedIntents(intents: number): number;
/** The shard that a guild belongs to. */
export declare function routeShard(guildId: Id, shardCount: number): number;
/** The proxy that the environment names for a shard or a broker, by curl's rules. */
export declare function proxyFromEnvironment(scheme: "wss" | "amqps"): string | undefined;
/** The library that is linked: its version, its TLS, and what it was built with. */
export declare function about(): { version: string; tls: string; features: string[] };

/** What is needed to resume a session, in this process or another. */
export interface Session {
  sessionId: string;
  seq: number;
  resumeUrl: string;
  shardId: number;
  shardCount: number;
  /** enum spectacles_format */
  format?: number;
}

/** An event of Discord. */
export interface Event {
  /** "MESSAGE_CREATE" */
  readonly name: string;
  readonly seq: number;
  /** The d of the event, as it came. It shares its memory with up to 64 KiB of other events. */
  readonly data: Buffer;
  /** enum spectacles_format */
  readonly format: number;
  /** `data`, parsed, in whatever format it is. */
  json(): any;
}

/** Something that has happened by itself. */
export interface Notice {
  level: "info" | "warning";
  /** "DISCONNECTED", "GAP" */
  type: string;
  /** A sentence; never holds a secret. */
  text: string;
  /** The close code of Discord, or the reply code of RabbitMQ; 0: there was none. */
  code: number;
  /** Of a shard: the last safe sequence of a gap. */
  seq?: number;
  /** Of a broker: the queue. */
  queue?: string;
}

interface Noticing extends EventEmitter {
  on(event: "notice", listener: (notice: Notice) => void): this;
  once(event: "notice", listener: (notice: Notice) => void): this;
  off(event: "notice", listener: (notice: Notice) => void): this;
}

/** Events in turn. Who breaks a loop goes on with the next one. */
export interface Events<T> extends AsyncIterableIterator<T> {
  next(options?: Abortable): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): Events<T>;
}

// ---- Errors ----

/** A call of the library failed. The message is its sentence. */
export declare class SpectaclesError extends Error {
  constructor(sentence: string, errno?: number);
  /** The name of the error: "E_INVAL". */
  readonly code: string;
  /** enum spectacles_error; 0: none of them */
  readonly errno: number;
}
/** An argument or a setting is wrong. */
export declare class InvalidError extends SpectaclesError {}
/** The call is not possible now: not connected, or closing. */
export declare class StateError extends SpectaclesError {}
/** A limit is reached, or a window is full: try again later. */
export declare class FullError extends SpectaclesError {}
/** Discord will never accept this configuration. */
export declare class FatalError extends SpectaclesError {
  constructor(sentence: string, errno: number, closeCode: number);
  readonly closeCode: number;
}
/** A message will never be delivered: no queue takes it (312), or RabbitMQ refuses it. */
export declare class PublishError extends SpectaclesError {
  constructor(sentence: string, replyCode: number);
  readonly replyCode: number;
}
/** A call has no reply. */
export declare class CallError extends SpectaclesError {
  constructor(sentence: string, reason: string);
  readonly reason: "TIMEOUT" | "UNROUTABLE" | "REFUSED" | "LOST" | "CLOSED" | "BAD_REPLY";
}

// ---- Settings ----

export interface LinkOptions {
  /** The authorities, as PEM. Default: those of the system. */
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  /** Accepts every certificate. For tests only. */
  insecure?: boolean;
  /** "http://host:port", "socks5h://host:port". The environment is not looked at: proxyFromEnvironment(). */
  proxy?: string;
  noProxy?: string;
  /** 4 or 6: addresses of this family alone. */
  family?: 4 | 6;
}

interface DiscordOptions extends LinkOptions {
  /** Default GATEWAY_URL. */
  url?: string;
  /** Intents.GUILDS | .. */
  intents?: number | bigint;
  shardCount?: number;
  compression?: Compression;
  /** The d of op 3. */
  presence?: Body;
  largeThreshold?: number;
}

export interface ShardOptions extends DiscordOptions {
  shardId?: number;
  /** In what Discord answers. Default "json". */
  format?: "json" | "etf";
  /** The session to resume. */
  session?: Session;
  /** The owner says by commit() which events are safe: after a loss Discord replays the others. */
  commits?: boolean;
  /** false: the owner calls identify() when `state` is IDENTIFY_WAIT, because several processes share the limit. */
  identifies?: boolean;
}

interface QueueOptions {
  /** The exchange. Default "gateway". */
  group?: string;
  /** Shown in RabbitMQ's list of connections. */
  name?: string;
  /** In what bodies are written. Default "json". */
  format?: Format;
  declare?: "declare" | "passive" | "nothing";
  queueType?: "default" | "classic" | "quorum";
  /** Deliveries that may be unacknowledged. Default 64. */
  prefetch?: number;
  /** How many publishes may be unconfirmed. Default 2000. */
  window?: number;
  /** Seconds, for URLs that name none. */
  heartbeat?: number;
}

export interface BrokerOptions extends LinkOptions, QueueOptions {
  exchangeType?: "direct" | "fanout";
}

export interface GatewayOptions extends DiscordOptions, QueueOptions {
  /** How many, all of them here; or the ids of those that are served here, with `shardCount`. Default 1. */
  shards?: number | number[];
  /** The names that are published, or "*" for all. */
  events?: string | string[];
  /** Without a broker the events come here, as MESSAGE, and are to be acknowledged. */
  broker?: string | string[];
  brokerProxy?: string;
  /** What state() of a former process gave. */
  state?: Uint8Array;
  maxConcurrency?: number;
  /** Milliseconds that what arrives may wait, so that much is read at once. */
  latencyBudget?: number;
  /** Milliseconds for which an event that no queue takes is not published. */
  unroutableHold?: number;
  /** Milliseconds that a stop waits for acknowledgements. Default 5000. */
  drainTimeout?: number;
}

// ---- Shard ----

/** One connection to Discord's gateway. It connects when it is iterated, and again when it is lost. */
export declare class Shard extends EventEmitter implements Noticing, AsyncIterable<Event>, AsyncDisposable {
  constructor(token: string, options?: ShardOptions);
  on(event: "notice", listener: (notice: Notice) => void): this;
  once(event: "notice", listener: (notice: Notice) => void): this;
  off(event: "notice", listener: (notice: Notice) => void): this;
  events(options?: Abortable): Events<Event>;
  [Symbol.asyncIterator](): Events<Event>;
  /** Sends a packet, within the rate limit (FullError). Settled when its bytes were handed to the socket. */
  send(op: number, d: Body): Promise<void>;
  /** GUILD_MEMBERS_CHUNK answers, or RATE_LIMITED. */
  requestMembers(
    guildId: Id,
    request?: { query?: string; limit?: number; presences?: boolean; userIds?: Id[]; nonce?: string },
  ): Promise<void>;
  /** Joins a voice channel, or leaves (null). */
  voiceState(guildId: Id, channelId: Id | null, state?: { mute?: boolean; deaf?: boolean }): Promise<void>;
  /** Now, and with every identify from now on. */
  setPresence(d: Body): void;
  /** How many packets send() would take now. */
  budget(): number;
  /** Grants the identify that the shard waits for (identifies: false). */
  identify(): void;
  /** All events up to this sequence are safe (commits: true). */
  commit(seq: number): void;
  /** To be stored; another process resumes it. */
  session(): Session | undefined;
  /** A token that was reset: every login from now on has the new one. */
  setToken(token: string): void;
  /** Drops the connection, and resumes on a new one. */
  reconnect(): void;
  /** The addresses or routes of this machine are others: who waits tries again at once. */
  networkChanged(): void;
  readonly shardId: number;
  readonly shardCount: number;
  /** "READY", "BACKOFF" and so on. */
  readonly state: string;
  /** The numeric address of the connection that stands, or stood last. */
  readonly peer: string;
  /** The counters of spectacles_shard_stats. */
  stats(): Record<string, number> & { receivedByOp: number[]; sentByOp: number[] };
  /** Closes in order; the iteration ends. 0 keeps the session for some minutes, 1000 ends it. */
  stop(code?: number): void;
  /** stop(), and waits for it; at most three seconds. */
  close(code?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

// ---- Broker ----

/** A delivery, or the reply to a call. Acknowledge a delivery when its work is done. */
export interface Message {
  /** The routing key: the name of the event. */
  readonly event: string;
  /** As it came. It shares its memory with up to 64 KiB of other messages. */
  readonly body: Buffer;
  /** enum spectacles_format */
  readonly format: number;
  /** The same for all copies. */
  readonly messageId: string | undefined;
  readonly replyTo: string | undefined;
  readonly correlationId: string | undefined;
  readonly redelivered: boolean;
  readonly priority: number;
  readonly headers: { readonly [key: string]: ReceivedHeader };
  /** Whether it is still ours to acknowledge. */
  readonly held: boolean;
  /** `body`, parsed, in whatever format it is. */
  json(): any;
  /** Its work is done. false: it is not ours any more, and RabbitMQ delivers it again. */
  ack(): boolean;
  /** It, and all that were delivered before it; gives how many. */
  ackAll(): number;
  /** It is dropped, or goes to the dead-letter exchange of the queue; with requeue RabbitMQ delivers it again. */
  reject(options?: { requeue?: boolean }): boolean;
  /** Answers a question. Settled when RabbitMQ has the answer. */
  reply(body: Body, options?: Abortable): Promise<void>;
}

export interface ConsumeOptions extends Abortable {
  /** Workers of one subgroup share its queues. */
  subgroup?: string;
  /** A queue by its exact name, bound under the one event that is given, or under none: consume([], { queue }). */
  queue?: string;
  /** A queue of this connection alone, which RabbitMQ names. */
  exclusive?: boolean;
  prefetch?: number;
  /** Copies are handed out too. */
  copies?: boolean;
  /** For queue.declare: x-message-ttl and so on. */
  arguments?: { [key: string]: HeaderValue };
}

/** The messages of some queues. Copies are left out. */
export interface Consumer extends Events<Message> {
  [Symbol.asyncIterator](): Consumer;
  /** No more deliveries; those that have come are still handed out, and then the iteration ends. */
  stop(): void;
}

export interface PublishOptions extends Abortable {
  messageId?: string;
  /** Default: that of the group. "": the default exchange. */
  exchange?: string;
  /** PublishError when no queue takes it. */
  mandatory?: boolean;
  /** Lost when RabbitMQ restarts. */
  transient?: boolean;
  /** Milliseconds. */
  expiration?: number;
  priority?: number;
  headers?: { [key: string]: HeaderValue };
}

export interface CallOptions extends Abortable {
  /** Milliseconds. Default 5000. */
  timeout?: number;
  messageId?: string;
  headers?: { [key: string]: HeaderValue };
}

/** One connection to RabbitMQ, which is made anew whenever it is lost. */
export declare class Broker extends EventEmitter implements Noticing, AsyncDisposable {
  constructor(url: string | string[], options?: BrokerOptions);
  on(event: "notice", listener: (notice: Notice) => void): this;
  once(event: "notice", listener: (notice: Notice) => void): this;
  off(event: "notice", listener: (notice: Notice) => void): this;
  /**
   * Settled when RabbitMQ has confirmed it. A lost connection publishes it again: give it a messageId. PublishError: it
   * will never be delivered. What is aborted may have gone out all the same.
   */
  publish(key: string, body: Body, options?: PublishOptions): Promise<void>;
  /** Asks, and gives the reply. CallError: there is none in time, or there never will be. */
  call(key: string, body: Body, options?: CallOptions): Promise<Message>;
  /** A packet to Discord, through the gateway: a SEND, which the shard of the guild sends. */
  send(guildId: Id, op: number, d: Body, options?: PublishOptions): Promise<void>;
  /** The messages of these events, each from the queue `<group>:[<subgroup>:]<event>`, which is declared and bound. */
  consume(events: string | string[], options?: ConsumeOptions): Consumer;
  /** The queue is declared and bound, and not consumed. */
  declare(event: string, options?: { subgroup?: string; arguments?: { [key: string]: HeaderValue } }): void;
  /** RabbitMQ is connected, and everything that is consumed was tried. */
  ready(options?: Abortable): Promise<void>;
  /** "READY", "BACKOFF" and so on. */
  readonly state: string;
  /** Whether publish() would be taken at once. */
  readonly hasRoom: boolean;
  /** The numeric address of the connection that stands, or stood last. */
  readonly peer: string;
  /** After close(): publishes of which nobody knows whether they arrived. */
  readonly unconfirmed: number;
  /** The counters of spectacles_broker_stats. */
  stats(): Record<string, number>;
  /** A password that was changed, or a node that moves: the next connection is made with it. */
  setUrl(url: string | string[]): void;
  /** The addresses or routes of this machine are others: who waits tries again at once. */
  networkChanged(): void;
  /** All consumers stop; what has come is still handed out, and can be acknowledged and answered. */
  stop(): void;
  /** Waits for confirms and replies, at most five seconds, and closes. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

// ---- Gateway ----

/** What has happened. String(event) is a line for a log. */
export interface GatewayEvent {
  /** "SHARD_READY", "BROKER_DISCONNECTED", "MESSAGE": enum spectacles_relay_event_type. */
  readonly type: string;
  readonly shardId: number;
  /** 0: events, 1: commands */
  readonly broker: number;
  readonly code: number;
  /** enum spectacles_error */
  readonly error: number;
  readonly op: number;
  readonly seq: number;
  /** Of a message, or of send(). */
  readonly ticket: number;
  readonly name: string;
  readonly text: string | undefined;
  readonly sessionId: string | undefined;
  readonly oldSessionId: string | undefined;
  readonly messageId: string | undefined;
  /** Of a MESSAGE, as it came. */
  readonly body: Buffer;
  /** enum spectacles_format */
  readonly format: number;
  json(): any;
  /** The work of a MESSAGE is done. */
  ack(): void;
  toString(): string;
}

/** A Spectacles gateway in this process. It runs for as long as it is iterated. */
export declare class Gateway extends EventEmitter implements AsyncIterable<GatewayEvent>, AsyncDisposable {
  constructor(token: string, options?: GatewayOptions);
  events(options?: Abortable): Events<GatewayEvent>;
  [Symbol.asyncIterator](): Events<GatewayEvent>;
  /** A packet to Discord. COMMAND_SENT or COMMAND_REJECTED with this ticket is the answer. */
  send(shardId: number, op: number, d: Body): number;
  /** Of all shards, or of one. */
  setPresence(d: Body, shardId?: number): void;
  /** Replaces the names of the events that are published; "*": all. */
  setEvents(events: string | string[]): void;
  /** A token that was reset. The state has changed as well: store it soon. */
  setToken(token: string): void;
  /** The next connections to RabbitMQ are made with these URLs. */
  setBroker(url: string | string[]): void;
  setLatencyBudget(milliseconds: number): void;
  /** Reads an answer of GET /gateway/bot, and follows it when it is "FINE". */
  setLimits(status: number, body: string | Uint8Array, retryAfter?: string): "FINE" | "AGAIN" | "TOKEN";
  addShard(shardId: number, session?: Session): void;
  /** In order; SHARD_REMOVED says when it is done, and where its session can be resumed. */
  removeShard(shardId: number, code?: number): void;
  /** At once, without a word to Discord. */
  dropShard(shardId: number): void;
  networkChanged(): void;
  /** The sessions and gaps, when they have changed since the last call: store them every few seconds, and at the end. */
  state(): Buffer | undefined;
  session(shardId: number): Session | undefined;
  /** The counters of spectacles_gateway_stats. */
  stats(): Record<string, number> & { confirmLatency: number[] };
  /** The counters of spectacles_gateway_shard_stats. */
  shardStats(shardId: number): Record<string, number>;
  /** How often dispatches of each name were received. */
  eventCounts(): { [name: string]: number };
  /** How often connections of shards have ended with each code. */
  closeCounts(): { [code: number]: number };
  readonly shardCount: number;
  /** In order; the iteration ends when everything is closed. 0 keeps the sessions. */
  stop(code?: number): void;
  /** stop(), and waits for it. What is not acknowledged comes again to whoever resumes the sessions. */
  close(code?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
