/*
 * spectacles/broker.h - one connection to an AMQP 0-9-1 broker, as a state machine without I/O.
 *
 * SPDX-License-Identifier: MIT
 *
 * A broker publishes a group's events and consumes them, as the Spectacles AMQP specification lays down: one
 * durable direct exchange per group, one durable queue per `<group>:[<subgroup>:]<event>`, bound with the
 * event's name. Its bytes go through spectacles_broker_stream(): a spectacles_link (link.h) moves them, or a transport
 * of your own that does what stream.h says.
 *
 *     IDLE -> CONNECTING -> HANDSHAKE -> SETUP -> READY -> DRAINING -> CLOSING -> CLOSED
 *                ^  (opened)  (start, tune, open)   |          (close)
 *                +------- BACKOFF <-----------------+
 *
 * SETUP opens three channels (declaring, publishing, consuming: an error on one hurts no other), declares
 * the exchange and every subscription's queue, selects confirms and starts the consumers. From READY on,
 * publishes go out. After a lost connection all of that is done again, and what was published but not
 * confirmed is published again, in order. Calls that publish and acknowledge never wait: what cannot go out
 * yet stays in a bounded window.
 *
 * Calls ask a question and end with one event, REPLY or CALL_FAILED, within their timeout. Subscriptions
 * begin and end at any time.
 */
#ifndef SPECTACLES_BROKER_H
#define SPECTACLES_BROKER_H

#include <spectacles/stream.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spectacles_broker spectacles_broker;

enum spectacles_broker_state {
    SPECTACLES_BROKER_IDLE = 0,
    SPECTACLES_BROKER_CONNECTING = 1, /* endpoint() is wanted, opened() not yet heard */
    SPECTACLES_BROKER_HANDSHAKE = 2,  /* connection.start, tune, open */
    SPECTACLES_BROKER_SETUP = 3,      /* channels, exchange, queues, consumers */
    SPECTACLES_BROKER_READY = 4,
    SPECTACLES_BROKER_DRAINING = 5, /* close() asked for; confirms awaited */
    SPECTACLES_BROKER_CLOSING = 6,  /* connection.close sent, close-ok awaited */
    SPECTACLES_BROKER_BACKOFF = 7,  /* no connection is wanted before deadline() */
    SPECTACLES_BROKER_CLOSED = 8    /* final */
};

typedef struct spectacles_broker_config {
    uint32_t size;     /* set by spectacles_broker_config_init */
    uint32_t reserved; /* 0 */
    /*
     * required: amqp://user:password@host:port/vhost?heartbeat=20 or amqps://; tried in turn, in an order that
     * the seed shuffles. Everything is percent-encoded as in RabbitMQ's URI specification; no path, or an empty
     * one, means vhost "/". Parameters: heartbeat (seconds, 0 for none; default 20), frame_max, channel_max,
     * connection_timeout (milliseconds; instead of connect_timeout), auth_mechanism (plain, external),
     * cacertfile, certfile, keyfile, verify (verify_peer); any other is refused. So are control characters, also
     * percent-encoded ones, white space, spaces around user and password, an '@' behind the host (a '#', '/' or '?' in
     * a password has to be percent-encoded), and several hosts in one URL. The copy that the broker keeps is wiped by
     * spectacles_broker_free()
     */
    const char *const *urls;
    size_t url_count;         /* at least 1 */
    const char *group;        /* the exchange; default "gateway" */
    const char *name;         /* shown in RabbitMQ's list of connections; NULL: "libspectacles" */
    uint64_t seed;            /* required, not 0: spectacles_random_seed(). Jitter of the back-off */
    uint32_t window_count;    /* publishes that may be unconfirmed; default 2000 */
    uint32_t prefetch;        /* unacknowledged deliveries per subscription; default 64; 1..65535 */
    uint64_t window_bytes;    /* bytes of bodies that may be unconfirmed; default 1 MiB */
    uint64_t max_message;     /* bytes of one received body; default 16 MiB. More: rejected, reported */
    uint64_t high_water;      /* bytes that wait unread before wants_input() turns 0; default 256 KiB */
    uint32_t connect_timeout; /* milliseconds from CONNECTING to READY; default 30000, not 0 */
    uint32_t drain_timeout;   /* milliseconds that close() waits for confirms; default 5000 */
    /* in what bodies are written: enum spectacles_format (codec.h); default SPECTACLES_FORMAT_JSON */
    uint32_t format;
    uint32_t declare; /* enum spectacles_declare; default SPECTACLES_DECLARE */
} spectacles_broker_config;

/* What a broker does about the exchange and its queues, for accounts that may not make any. */
enum spectacles_declare {
    SPECTACLES_DECLARE = 0,         /* declares them, and binds the queues */
    SPECTACLES_DECLARE_PASSIVE = 1, /* looks whether they are there, and makes and binds nothing */
    /*
     * asks for nothing: a queue that is not there is noticed when it is to be consumed; the first time that ends
     * the channel on which all are consumed (see UNSUBSCRIBED)
     */
    SPECTACLES_DECLARE_NOTHING = 2
};

enum spectacles_header_type {
    SPECTACLES_HEADER_NOTHING = 0,   /* no value (V) */
    SPECTACLES_HEADER_BOOLEAN = 1,   /* `integer`: 0 or 1 (t) */
    SPECTACLES_HEADER_INTEGER = 2,   /* `integer`; sent with 32 bits (I) if they suffice, or 64 (l) */
    SPECTACLES_HEADER_TEXT = 3,      /* `bytes`: UTF-8 by convention, checked by nobody (S) */
    SPECTACLES_HEADER_BINARY = 4,    /* `bytes` (x) */
    SPECTACLES_HEADER_TIMESTAMP = 5, /* `integer`: seconds since 1970 (T); sent: 0 to INT64_MAX / 1000 */
    SPECTACLES_HEADER_REAL = 6,      /* `real` (d, and f when received); sent: finite */
    /* Received only: */
    SPECTACLES_HEADER_TABLE = 7, /* `bytes`: for spectacles_header_next() and _find() */
    SPECTACLES_HEADER_ARRAY = 8, /* `bytes`: for spectacles_header_next() */
    SPECTACLES_HEADER_OTHER = 9  /* `bytes`: as they stand on the wire (a decimal; an integer over 63 bits) */
};

/*
 * One header of a message, or one argument of a queue: an entry of an AMQP field table. It stands in arrays,
 * so it never grows.
 */
typedef struct spectacles_header {
    uint32_t type; /* enum spectacles_header_type */
    uint32_t reserved;
    const char
        *key; /* 1 to 255 bytes of UTF-8, not NUL-terminated; NULL in an array and for all headers together */
    size_t key_length;
    int64_t integer;
    double real;
    const uint8_t *bytes; /* may be NULL when bytes_length is 0 */
    size_t bytes_length;
} spectacles_header;

/* What to consume. Copied by spectacles_broker_subscribe(). */
typedef struct spectacles_subscription {
    uint32_t size;     /* set by spectacles_subscription_init */
    uint32_t prefetch; /* 0: that of the broker's configuration */
    /* the binding key: an event's name, SEND or a shard's number; not NUL-terminated */
    const char *event;
    size_t event_length;
    const char *subgroup; /* NULL or length 0: none */
    size_t subgroup_length;
    uint32_t declare_only; /* 1: declare and bind the queue, and consume nothing */
    uint32_t reserved;     /* 0 */
    /*
     * for queue.declare: x-queue-type, x-message-ttl, x-max-length, x-dead-letter-exchange, ...; at most 64, of
     * together 2048 bytes. None, as Spectacles has it, unless all who declare this queue name the same ones:
     * RabbitMQ refuses any difference (406). A policy needs no such agreement
     */
    const spectacles_header *arguments;
    size_t argument_count;
} spectacles_subscription;

enum spectacles_message_flag {
    /* delivery-mode 1: lost when the broker restarts. Default: persistent */
    SPECTACLES_MESSAGE_TRANSIENT = 1,
    SPECTACLES_MESSAGE_MANDATORY = 2, /* when no queue takes it: RETURNED instead of CONFIRMED */
    /*
     * Where the body is rewritten from JSON and half of a surrogate pair stands in it, which no other format can carry,
     * U+FFFD is written in its place (and counted: surrogates_replaced). Default: the message is refused
     */
    SPECTACLES_MESSAGE_REPLACE_SURROGATES = 4
};

/*
 * What to publish. Everything is copied. Text fields are NUL-terminated, at most 255 bytes of UTF-8, NULL for none; so is the
 * key. RabbitMQ or its other clients can not read others.
 */
typedef struct spectacles_message {
    uint32_t size;        /* set by spectacles_message_init */
    uint32_t flags;       /* a mask of enum spectacles_message_flag */
    const char *exchange; /* NULL: the group's; "": the default exchange */
    const char *key;      /* the routing key; not NUL-terminated */
    size_t key_length;
    const uint8_t *body; /* may be NULL when body_length is 0 */
    size_t body_length;
    const char *
        content_type; /* NULL: that of the format that is written: spectacles_format_content_type() (codec.h) */
    const char *message_id;
    const char *correlation_id;
    const char *reply_to;
    const char *expiration; /* milliseconds in decimal, at most ten years; NULL: never */
    /*
     * enum spectacles_format. RAW (default): the body goes out as it is. Otherwise it is in this format, and is
     * rewritten in the broker's when that is another one. ETF may lack its version byte, as in
     * spectacles_shard_event.data, and is always written anew, because others want binaries for keys
     */
    uint32_t format;
    uint32_t priority; /* 1 to 255, for queues with x-max-priority; 0: none */
    /*
     * at most 64, of together 4096 bytes on the wire; keys that begin with "spectacles-" are the library's own, and
     * CC, BCC and those that begin with "x-amqp-1.0-" are RabbitMQ's. x-stream-filter-value has to be text
     */
    const spectacles_header *headers;
    size_t header_count;
} spectacles_message;

enum spectacles_broker_event_type {
    SPECTACLES_BROKER_EVENT_CONNECTING = 1, /* endpoint() is wanted; text: "host:port" */
    /* connected and set up; text: the broker's product and version */
    SPECTACLES_BROKER_EVENT_READY = 2,
    SPECTACLES_BROKER_EVENT_MESSAGE = 3,   /* a delivery: see the fields */
    SPECTACLES_BROKER_EVENT_CONFIRMED = 4, /* `tag`: the broker has it (basic.ack) */
    /* `tag`: mandatory and unroutable; code 312, text. Not CONFIRMED as well */
    SPECTACLES_BROKER_EVENT_RETURNED = 5,
    /*
     * `tag`: never to be delivered; code, text. The broker refused it by name (404, 403, 406), or several connections in a
     * row ended right behind it, each time that it was alone on its way: code 501, 502, 503, 505, 540 or 541, or 0 for
     * connections that were cut
     */
    SPECTACLES_BROKER_EVENT_FAILED = 6,
    /* after SPECTACLES_E_AGAIN: the window has room again; not any more after spectacles_broker_close() */
    SPECTACLES_BROKER_EVENT_ROOM = 7,
    /*
     * `subscription` is declared, bound and (if asked for) consuming; text: its queue. Told again behind each
     * UNSUBSCRIBED, and on each connection: DISCONNECTED ends them all, without an UNSUBSCRIBED for each
     */
    SPECTACLES_BROKER_EVENT_SUBSCRIBED = 8,
    /*
     * `subscription` failed, was cancelled, or its channel ended under it; code, text; `time`: when it is
     * tried again, or SPECTACLES_NEVER: it has ended, as spectacles_broker_unsubscribe() asked for.
     *
     * Refused (code; error SPECTACLES_E_INVAL or _AUTH): the queue may not be declared or consumed; a person has to mend
     * that. The first basic.consume that is refused ends the channel on which all are consumed, and then each of the
     * other subscriptions is told UNSUBSCRIBED too, tried again at once. From then on the queue is tried on another
     * channel, where a refusal hurts no other subscription.
     * Its node is away (code 404, error SPECTACLES_E_CLOSED): that passes by itself.
     * Cancelled (code 0; basic.cancel from the broker): the queue was deleted, its node is gone, or, in RabbitMQ 4.3, a
     * delivery from a quorum queue was held over consumer_timeout. Deliveries of this subscription that are not settled
     * are not held any more: they went back to the queue.
     * Its channel ended (error SPECTACLES_E_CLOSED): likewise, for all subscriptions.
     */
    SPECTACLES_BROKER_EVENT_UNSUBSCRIBED = 9,
    /*
     * the broker takes no publishes for now (connection.blocked), until UNBLOCKED or DISCONNECTED; text: its
     * reason
     */
    SPECTACLES_BROKER_EVENT_BLOCKED = 10,
    SPECTACLES_BROKER_EVENT_UNBLOCKED = 11,
    /*
     * a delivery of `subscription` was rejected by the library itself (too large, malformed), and not requeued:
     * it is gone, or at the queue's dead-letter exchange; text
     */
    SPECTACLES_BROKER_EVENT_REFUSED = 12,
    /* code, error, text; `time`: when it connects again */
    SPECTACLES_BROKER_EVENT_DISCONNECTED = 13,
    /* final, after spectacles_broker_close(); `time`: publishes left unconfirmed */
    SPECTACLES_BROKER_EVENT_CLOSED = 14,
    /* `tag`: the call that is answered; the body and its properties as with MESSAGE */
    SPECTACLES_BROKER_EVENT_REPLY = 15,
    SPECTACLES_BROKER_EVENT_CALL_FAILED = 16 /* `tag`: the call; `reason`, code, text */
};

/* Why a call has no reply. */
enum spectacles_call_failure {
    SPECTACLES_CALL_TIMEOUT = 1,    /* nobody has answered in time: somebody may be at it all the same */
    SPECTACLES_CALL_UNROUTABLE = 2, /* no queue takes it (code 312): nobody has heard it */
    SPECTACLES_CALL_REFUSED = 3,    /* the broker does not take it: no such exchange, no direct reply-to */
    /* it was sent, and then the connection or its channel was lost: whether it was carried out is unknown */
    SPECTACLES_CALL_LOST = 4,
    SPECTACLES_CALL_CLOSED = 5,   /* spectacles_broker_close(), and its time to drain is over */
    SPECTACLES_CALL_BAD_REPLY = 6 /* the reply is over max_message */
};

/* Valid until the next call on the broker. Fields that a type does not name are 0 or NULL. */
typedef struct spectacles_broker_event {
    uint32_t type; /* enum spectacles_broker_event_type */
    uint32_t code; /* AMQP reply code */
    int32_t error; /* enum spectacles_error; SPECTACLES_E_AUTH for credentials and virtual hosts */
    /* MESSAGE, SUBSCRIBED, UNSUBSCRIBED, REFUSED: what spectacles_broker_subscribe() returned */
    uint32_t subscription;
    /* CONFIRMED, RETURNED, FAILED: what spectacles_broker_publish() gave; REPLY, CALL_FAILED: what call() gave */
    uint64_t tag;
    uint64_t delivery; /* MESSAGE: for ack and reject */
    uint64_t time;
    uint32_t redelivered; /* MESSAGE: 1 when it may have been delivered before */
    uint32_t reserved;
    const char *key; /* MESSAGE, RETURNED: the routing key, NUL-terminated */
    size_t key_length;
    const uint8_t *body; /* MESSAGE, REPLY */
    size_t body_length;
    /* MESSAGE, REPLY: NUL-terminated, NULL when absent; likewise the next three */
    const char *content_type;
    const char *message_id;
    const char *correlation_id;
    const char *reply_to;
    /* a sentence, but where the type says what else; NUL-terminated; never holds a password */
    const char *text;
    size_t text_length;
    uint32_t format;   /* MESSAGE, REPLY: what the body seems to be in, spectacles_format_of() */
    uint32_t reason;   /* CALL_FAILED: enum spectacles_call_failure */
    uint32_t priority; /* MESSAGE, REPLY: 0 when absent */
    /* MESSAGE, REPLY: as content_type; milliseconds in decimal when other clients keep to the rules */
    const char *expiration;
    const spectacles_header *headers; /* MESSAGE, REPLY: all of them as one TABLE; NULL when absent */
} spectacles_broker_event;

/* What a broker has counted since it was made. Grows at the end. */
typedef struct spectacles_broker_stats {
    uint32_t size; /* sizeof(spectacles_broker_stats), set by the caller */
    uint32_t reserved;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t published;   /* taken by spectacles_broker_publish */
    uint64_t republished; /* sent again after a lost connection or channel */
    uint64_t confirmed;
    uint64_t returned;
    uint64_t failed;
    uint64_t delivered;
    uint64_t acknowledged;
    uint64_t rejected;
    uint64_t connects;
    uint64_t unconfirmed; /* at this moment; with the requests of calls */
    uint64_t calls;       /* taken by spectacles_broker_call */
    uint64_t replies;
    uint64_t replies_ignored;     /* to calls that nobody made, or that had ended */
    uint64_t surrogates_replaced; /* messages in which U+FFFD was written for half of a surrogate pair */
} spectacles_broker_stats;

/* Fill a struct with defaults. size: its sizeof. */
void spectacles_broker_config_init(spectacles_broker_config *config, size_t size);
void spectacles_subscription_init(spectacles_subscription *subscription, size_t size);
void spectacles_message_init(spectacles_message *message, size_t size);

/*
 * Makes a broker, in state IDLE. SPECTACLES_E_INVAL: a setting is missing or wrong (an unknown URI scheme, a
 * port out of range, an unknown query parameter, ...); then `problem` (may be NULL) says which.
 * SPECTACLES_E_NOMEM. SPECTACLES_E_UNSUPPORTED: a format that this build does not have, or a configuration of
 * another version.
 */
int spectacles_broker_new(spectacles_broker **out, const spectacles_broker_config *config,
                          spectacles_problem *problem);

/*
 * Frees a broker. Nothing is sent: publishes that are not confirmed may or may not have been delivered. Handles are freed in
 * any order: a link or a relay that still holds the broker finds it CLOSED. Passwords are wiped at once. NULL is fine. Does not
 * block.
 */
void spectacles_broker_free(spectacles_broker *broker);

/*
 * Works on what was fed, and returns the next event, or NULL. The event and all it points to are valid until
 * the next call on this broker.
 *
 * While a relay holds the broker, the relay pulls its events: then this returns NULL, and spectacles_broker_last_error() says so.
 */
const spectacles_broker_event *spectacles_broker_next_event(spectacles_broker *broker, uint64_t now);

/*
 * Asks for a queue: declared durable, bound to the group's exchange with the event as its key, and consumed
 * (queue.declare, queue.bind, basic.qos, basic.consume) now or as soon as there is a connection, and again
 * after every loss. Returns the number of the subscription, from 0 on. A queue that is already subscribed
 * to returns the number it has, and keeps its settings. SPECTACLES_E_INVAL: a name that
 * spectacles_route_queue() refuses, a prefetch over 65535, or arguments that can not be sent. SPECTACLES_E_TOOBIG: the
 * queue's name would be. SPECTACLES_E_STATE: closing. SPECTACLES_E_NOMEM. SPECTACLES_E_UNSUPPORTED: the struct is newer
 * than the library.
 */
int spectacles_broker_subscribe(spectacles_broker *broker, const spectacles_subscription *subscription);

/*
 * Ends a subscription (basic.cancel); an event UNSUBSCRIBED with the time SPECTACLES_NEVER follows (not
 * after CLOSED). From this call on no MESSAGE of it is told: what was on its way goes back to its queue,
 * where others find it, marked as redelivered. What was told before can be acknowledged and rejected as
 * ever. The queue and its binding stay: it goes on collecting. Subscribing to the same queue again is fine
 * at any time, and then holds from that event on; the number of a subscription that has ended may be given
 * to another one.
 *
 * Returns 0, also when it has ended already. SPECTACLES_E_INVAL: there never was such a number.
 * SPECTACLES_E_NOMEM.
 */
int spectacles_broker_unsubscribe(spectacles_broker *broker, uint32_t subscription);

/*
 * Publishes, now or as soon as there is a connection: basic.publish in confirm mode, persistent by default.
 * tag (may be NULL) receives a number, counting from 1, that exactly one later event names: CONFIRMED,
 * RETURNED or FAILED. Until then the library keeps the message and publishes it again after a lost
 * connection, in the order of the tags; and half a second after the broker refused it for now (basic.nack: a
 * queue is full by a policy, or in trouble).
 *
 * A reply_to of "amq.rabbitmq.reply-to" is refused: that is what spectacles_broker_call() is for.
 *
 * A message is taken while the window is not full, however large it is: the window may be passed once.
 * SPECTACLES_E_AGAIN: the window is full; an event ROOM will follow. SPECTACLES_E_INVAL: a text over 255
 * bytes, an expiration that is no such number, no such format, or headers that can not be sent.
 * SPECTACLES_E_STATE: closing.
 * SPECTACLES_E_NOMEM. SPECTACLES_E_PROTO, SPECTACLES_E_UNSUPPORTED, SPECTACLES_E_TOOBIG: the body has no
 * form in the broker's format; last_error() says why and where.
 *
 * FAILED: the broker does not take this message and never will (its exchange does not exist or may not be
 * written to, it is over the broker's max_message_size). The group's own exchange is another matter: without
 * it the connection is given up, and what was published waits.
 */
int spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message, uint64_t *tag);

/* 1 when spectacles_broker_publish() would take a message. Asking asks for no ROOM event, and ends no event. */
int spectacles_broker_room(const spectacles_broker *broker);

/* ---- Call and reply ---- */

/*
 * Asks a question: publishes the message with a correlation-id and RabbitMQ's direct reply-to, and waits
 * for the reply for at most `timeout` milliseconds from `now` on (1 or more). *call receives a number from
 * the same sequence as the tags of publishes; exactly one later event names it: REPLY or CALL_FAILED.
 *
 * The request is always transient and mandatory, and expires with the timeout unless the message has an
 * expiration of its own: what nobody waits for any more need not be done. correlation_id and reply_to are
 * the library's, and have to be NULL. Its confirm is not told.
 *
 * A request is sent once, in order with what is published. When the connection is lost after that, the call
 * fails with SPECTACLES_CALL_LOST, because the reply had nowhere to go; whoever asks for something that may be
 * done twice calls again. So it is with the channel that calls share with publishes, and which the broker ends
 * over a publish that has FAILED or a call that was REFUSED. A request that was not sent yet waits for the next
 * connection, within its timeout.
 *
 * SPECTACLES_E_AGAIN: the window is full, or as many calls wait as it has places; an event ROOM will
 * follow. Other errors as spectacles_broker_publish(); SPECTACLES_E_INVAL also for a timeout of 0.
 */
int spectacles_broker_call(spectacles_broker *broker, const spectacles_message *message, uint32_t timeout,
                           uint64_t now, uint64_t *call);

/*
 * Answers a question: publishes the message on the default exchange under the key reply_to, with that
 * correlation_id (NULL for none), as a delivery had them; they may be those of the event itself. The
 * message's exchange, key, correlation_id and reply_to have to be NULL. Replies are always transient.
 * Everything else, the tag and the window too, as with spectacles_broker_publish(); MANDATORY is refused,
 * because RabbitMQ calls each direct reply-to unroutable. Whether the asker still waits is not known.
 *
 * Reply only to what asks for it: some clients set reply-to on every message. And reply-to is any queue
 * that the asker names. SPECTACLES_E_INVAL: reply_to is NULL or empty: no reply was asked for. FAILED with
 * the code 403: the account may not write to the default exchange, which RabbitMQ calls "amq.default".
 */
int spectacles_broker_reply(spectacles_broker *broker, const char *reply_to, const char *correlation_id,
                            const spectacles_message *message, uint64_t *tag);

/* ---- Settling deliveries ---- */

/*
 * Acknowledges a delivery (basic.ack). Idempotent, and tied to the channel that delivered: for a delivery
 * that was settled before, or came before a lost connection (the broker then delivers it again), nothing
 * happens. Returns 1 when it was acknowledged, 0 when there was nothing to do. SPECTACLES_E_NOMEM.
 * Acknowledgements that wait to be written go out as one (`multiple`) when nothing older is left open.
 */
int spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery);

/*
 * Acknowledges a delivery and all that were told before it and are not settled yet, those of every other
 * subscription of this broker too (basic.ack with multiple; they share a channel). Returns how many that
 * were, 0 when there was nothing to do. Otherwise as ack.
 */
int spectacles_broker_ack_all(spectacles_broker *broker, uint64_t delivery);

/*
 * Rejects a delivery (basic.reject). requeue 1: the broker delivers it again, to this consumer or another; 0: it is
 * dropped, or goes where the queue's policy sends what is dead. Otherwise as ack.
 */
int spectacles_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue);

/*
 * 1 while a delivery is yours: not settled, and the channel that it came over stands. Otherwise 0: the broker has
 * delivered it again or will do so, here or to somebody else. An owner who keeps deliveries for later asks before
 * acting on one, or it is done twice: not only a lost connection takes deliveries along, but also RabbitMQ's
 * consumer_timeout, which ends the channel over one that was kept for too long, or (RabbitMQ 4.3, quorum queues) cancels
 * the consumer: then all that this subscription has not settled goes back.
 */
int spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery);

/*
 * Closes for good: takes no more publishes, waits for confirms and replies up to drain_timeout, sends
 * connection.close; then CLOSED is the last event. Meanwhile deliveries go on, and can be settled; what was not
 * settled by then is delivered again to somebody else. `now` has to be fresh, since the time to drain counts
 * from it. Returns 0, also when it is closing already.
 */
int spectacles_broker_close(spectacles_broker *broker, uint64_t now);

/* The state it is in: enum spectacles_broker_state. */
uint32_t spectacles_broker_state(const spectacles_broker *broker);

/*
 * What a number of an enum is called, for logs: the name without its prefix ("HANDSHAKE", "CONFIRMED", "UNROUTABLE"),
 * static and NUL-terminated. "UNKNOWN" for a number that this version does not know. Cannot fail.
 */
const char *spectacles_broker_state_name(uint32_t state);
const char *spectacles_broker_event_type_name(uint32_t type);
const char *spectacles_call_failure_name(uint32_t failure);

/* Copies the counters; out->size says how much the caller has room for. SPECTACLES_E_INVAL when that is 0. */
int spectacles_broker_get_stats(const spectacles_broker *broker, spectacles_broker_stats *out);

/* One sentence about the last call that failed, or "". Valid until the next call; never holds a password. */
const char *spectacles_broker_last_error(const spectacles_broker *broker);

/*
 * The stream of the broker: its bytes, its deadline, and where it wants to be connected (stream.h). Belongs to the broker
 * and is valid until the broker is freed. Cannot fail.
 */
spectacles_stream *spectacles_broker_stream(spectacles_broker *broker);

/* ---- Accessors: the fields of an event, for languages that read structs slowly. ---- */

uint32_t spectacles_broker_event_type(const spectacles_broker_event *event);
uint32_t spectacles_broker_event_code(const spectacles_broker_event *event);
int32_t spectacles_broker_event_error(const spectacles_broker_event *event);
uint32_t spectacles_broker_event_subscription(const spectacles_broker_event *event);
uint64_t spectacles_broker_event_tag(const spectacles_broker_event *event);
uint64_t spectacles_broker_event_delivery(const spectacles_broker_event *event);
uint64_t spectacles_broker_event_time(const spectacles_broker_event *event);
uint32_t spectacles_broker_event_redelivered(const spectacles_broker_event *event);
const char *spectacles_broker_event_key(const spectacles_broker_event *event, size_t *length);
const uint8_t *spectacles_broker_event_body(const spectacles_broker_event *event, size_t *length);
const char *spectacles_broker_event_content_type(const spectacles_broker_event *event);
const char *spectacles_broker_event_message_id(const spectacles_broker_event *event);
const char *spectacles_broker_event_correlation_id(const spectacles_broker_event *event);
const char *spectacles_broker_event_reply_to(const spectacles_broker_event *event);
const char *spectacles_broker_event_text(const spectacles_broker_event *event, size_t *length);
uint32_t spectacles_broker_event_format(const spectacles_broker_event *event);
uint32_t spectacles_broker_event_reason(const spectacles_broker_event *event);
uint32_t spectacles_broker_event_priority(const spectacles_broker_event *event);
const char *spectacles_broker_event_expiration(const spectacles_broker_event *event);
const spectacles_header *spectacles_broker_event_headers(const spectacles_broker_event *event);

/*
 * Walks through a TABLE or an ARRAY: *position begins at 0 and is moved on. 1 and *out, 0 at the end (and where
 * the bytes are malformed, or `in` is neither). What *out points to lives as long as the bytes of `in`: for an
 * event, until the next call on its broker. Nothing is allocated. `in` may be NULL.
 */
int spectacles_header_next(const spectacles_header *in, size_t *position, spectacles_header *out);

/* The first entry of a TABLE with this key: 1 and *out, or 0. Otherwise as spectacles_header_next(). */
int spectacles_header_find(const spectacles_header *in, const char *key, size_t length,
                           spectacles_header *out);

#ifdef __cplusplus
}
#endif

#endif
