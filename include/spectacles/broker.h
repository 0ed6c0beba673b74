/*
 * spectacles/broker.h - one connection to an AMQP 0-9-1 broker, as a state machine without I/O.
 *
 * SPDX-License-Identifier: MIT
 *
 * A broker publishes the events of a group and consumes them, as the Spectacles AMQP specification says: one durable
 * direct exchange for each group, one durable queue `<group>:[<subgroup>:]<event>`, bound with the name of the event.
 *
 * It takes bytes, gives bytes, names a deadline and hands out events. It opens no socket, reads no clock and
 * speaks no TLS. Its bytes go through spectacles_broker_stream(): a spectacles_link (link.h) moves them, or a
 * transport of your own that does what stream.h says. The broker works while it is pulled.
 *
 * The life of a broker, and what moves it:
 *
 *     IDLE -> CONNECTING -> HANDSHAKE -> SETUP -> READY -> DRAINING -> CLOSING -> CLOSED
 *                ^  (opened)  (start, tune, open)   |          (close)
 *                +------- BACKOFF <-----------------+
 *
 * SETUP opens three channels (for declaring, publishing and consuming: an error on one disturbs no other), declares
 * the exchange and the queue of every subscription, selects confirms and starts the consumers. Publishes go out from
 * READY on. After a lost connection all of it is done again, and what was published and not confirmed is published
 * again, in order. CLOSED is final.
 *
 * What an owner does, without a relay:
 *
 *     const char *url = "amqp://guest:guest@localhost";
 *     spectacles_broker_config config;
 *     spectacles_broker_config_init(&config, sizeof config);
 *     config.urls = &url;
 *     config.url_count = 1;
 *     config.seed = spectacles_random_seed();
 *     spectacles_broker_new(&broker, &config, &problem);
 *     spectacles_broker_subscribe(broker, &subscription);
 *
 *     for each turn of the loop, after the link has moved bytes or the deadline has passed:
 *         while ((event = spectacles_broker_next_event(broker, now)))
 *             if (event->type == SPECTACLES_BROKER_EVENT_MESSAGE) {
 *                 handle(event->body, event->body_length);
 *                 spectacles_broker_ack(broker, event->delivery);
 *             }
 *
 * doc/guide.md has a whole worker.
 *
 * Stopping a worker in order: spectacles_broker_unsubscribe() for each subscription, so that nothing more is told;
 * finish and acknowledge what was told; wait until each publish is CONFIRMED; then spectacles_broker_close(), and go on
 * until CLOSED. Acknowledgements made before CLOSING go out before connection.close. Whoever closes without
 * unsubscribing is told deliveries to the end, and can acknowledge them, but cannot publish any more.
 *
 * Reconnecting: the wait before the next connection is drawn from 0 to 250 ms after the first failure, from 0 to twice
 * as much after each further one, and from 0 to 30 s at most; at most 5 s while the broker cannot be reached at all
 * (SPECTACLES_E_UNREACHABLE). A connection that made progress (a delivery, a confirm) or was READY for ten seconds
 * begins anew. The wait stands between two attempts whatever URL is next: each attempt takes the next URL.
 *
 * What is lost, and what is not:
 *
 *   - A publish is kept until the broker has confirmed it (basic.ack in confirm mode), and is published again after a
 *     loss. It can arrive more than once: give it a message_id.
 *   - A delivery that was not acknowledged comes again, here or elsewhere, marked as redelivered.
 *   - A call is sent once. It ends with REPLY or CALL_FAILED, within its timeout.
 *
 * Calls that publish and acknowledge never wait: what cannot go out yet stays in a window of a limited size.
 *
 * Nothing here blocks. `now` is in milliseconds on the caller's clock (types.h). A broker and its stream belong
 * to one thread at a time.
 */
#ifndef SPECTACLES_BROKER_H
#define SPECTACLES_BROKER_H

#include <spectacles/stream.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One connection to a broker, and what was published and subscribed to. Made by spectacles_broker_new(). */
typedef struct spectacles_broker spectacles_broker;

/* The states of a broker. The values never change. */
enum spectacles_broker_state {
    /* New. The first spectacles_stream_expire() or spectacles_broker_next_event() makes it CONNECTING. */
    SPECTACLES_BROKER_IDLE = 0,
    /*
     * The endpoint of the stream asks for a connection. spectacles_stream_opened() is awaited. From here to READY,
     * connect_timeout of the configuration holds; with a link, from the next state on.
     */
    SPECTACLES_BROKER_CONNECTING = 1,
    /* connection.start, tune and open are under way. */
    SPECTACLES_BROKER_HANDSHAKE = 2,
    /* Channels, exchange, queues and consumers are asked for. */
    SPECTACLES_BROKER_SETUP = 3,
    /* Everything that was subscribed to has been tried. Publishes go out, and deliveries come. */
    SPECTACLES_BROKER_READY = 4,
    /* spectacles_broker_close() was called. Confirms and replies are awaited, for at most drain_timeout. */
    SPECTACLES_BROKER_DRAINING = 5,
    /*
     * connection.close is on its way. close-ok is awaited, for at most 3 s; for half a second when the broker has said
     * nothing for all of drain_timeout.
     */
    SPECTACLES_BROKER_CLOSING = 6,
    /* No connection is wanted before the deadline of the stream. */
    SPECTACLES_BROKER_BACKOFF = 7,
    /* Final: the owner closed it. */
    SPECTACLES_BROKER_CLOSED = 8
};

/*
 * What a broker does about the exchange and its queues. The two later ones are for accounts that may not declare.
 */
enum spectacles_declare {
    /* Declares them, and binds the queues (exchange.declare, queue.declare, queue.bind). */
    SPECTACLES_DECLARE = 0,
    /* Looks whether they exist (passive declarations). Makes nothing and binds nothing. */
    SPECTACLES_DECLARE_PASSIVE = 1,
    /*
     * Asks for nothing. A missing queue is noticed by its basic.consume. The first time, that ends the channel on
     * which all queues are consumed: see SPECTACLES_BROKER_EVENT_UNSUBSCRIBED.
     */
    SPECTACLES_DECLARE_NOTHING = 2
};

/*
 * The type of the queues that a broker declares (RabbitMQ: "Queue Types"), as the argument x-queue-type. RabbitMQ never
 * changes the type of a queue, and refuses (406) whoever asks for another type than a queue has. So everybody who
 * declares a queue names the same type, or nobody names one.
 */
enum spectacles_queue_type {
    /* None is named: the default queue type of the virtual host, which is classic unless somebody has changed it. */
    SPECTACLES_QUEUE_DEFAULT = 0,
    /* On one node. */
    SPECTACLES_QUEUE_CLASSIC = 1,
    /*
     * On several nodes of a cluster: the queue goes on while most of them run. From RabbitMQ 4.0 on it drops a message
     * that came back 20 times, unless a policy sets a higher delivery-limit
     */
    SPECTACLES_QUEUE_QUORUM = 2
};

/* The type of the exchange of the group. RabbitMQ never changes it, and refuses (406) whoever asks for another one. */
enum spectacles_exchange_type {
    /* A message goes to the queues that are bound under its key: what Spectacles says. */
    SPECTACLES_EXCHANGE_DIRECT = 0,
    /* A message goes to all queues that are bound, whatever its key is. For groups of your own: no gateway uses it. */
    SPECTACLES_EXCHANGE_FANOUT = 1
};

/*
 * The settings of a broker. Fill it with spectacles_broker_config_init(), then set the required fields: urls,
 * url_count and seed. Everything in it is copied by spectacles_broker_new(). Texts are NUL-terminated UTF-8.
 */
typedef struct spectacles_broker_config {
    /* Set by spectacles_broker_config_init(). */
    uint32_t size;
    /* enum spectacles_declare. Default SPECTACLES_DECLARE. */
    uint32_t declare;
    /*
     * Required: amqp://user:password@host:port/vhost?heartbeat=20, or amqps://. Tried in turn, in an order that
     * the seed shuffles. Everything is percent-encoded (RabbitMQ: "URI Specification"). No path, or an empty one,
     * means the virtual host "/".
     *
     * Parameters (RabbitMQ: "URI Query Parameters"): heartbeat (seconds; instead of the field heartbeat), frame_max,
     * channel_max, connection_timeout (milliseconds; instead of connect_timeout), auth_mechanism (plain, external),
     * cacertfile, certfile, keyfile, server_name_indication (the name in the certificate, where it is not the host's),
     * verify (verify_peer).
     *
     * Refused: other parameters; control characters, also percent-encoded ones; white space; spaces around the
     * user or the password; an '@' behind the host (a '#', '/' or '?' of a password has to be percent-encoded);
     * several hosts in one URL. The broker's copy of the URLs is wiped by spectacles_broker_free().
     */
    const char *const *urls;
    /* Required, at least 1. */
    size_t url_count;
    /* The exchange: 1 to 255 bytes. Default "gateway". */
    const char *group;
    /* Shown in RabbitMQ's list of connections. NULL: "libspectacles". */
    const char *name;
    /* Required, not 0: spectacles_random_seed(). For the jitter of the back-off, and the order of the URLs. */
    uint64_t seed;
    /* How many publishes may be unconfirmed. Not 0. Default 2000. */
    uint32_t window_count;
    /* Unacknowledged deliveries of each subscription (basic.qos): 1 to 65535. Default 64. */
    uint32_t prefetch;
    /* Bytes of bodies that may be unconfirmed. Not 0. Default 1 MiB. */
    uint64_t window_bytes;
    /* Bytes of one received body. Not 0. Default 16 MiB. A larger one is rejected, and told as REFUSED. */
    uint64_t max_message;
    /* Bytes that wait unread before spectacles_stream_wants_input() turns 0. Not 0. Default 256 KiB. */
    uint64_t high_water;
    /*
     * Milliseconds from CONNECTING to READY. A link has a time of its own to connect (spectacles_link_config); then
     * from HANDSHAKE to READY. Not 0. Default 30000.
     */
    uint32_t connect_timeout;
    /* Milliseconds for which spectacles_broker_close() waits for confirms and replies. Default 5000. */
    uint32_t drain_timeout;
    /* The format in which bodies are written: enum spectacles_format (codec.h). Default SPECTACLES_FORMAT_JSON. */
    uint32_t format;
    /*
     * enum spectacles_queue_type, for every queue that is declared. Default SPECTACLES_QUEUE_DEFAULT. The argument
     * x-queue-type of a subscription goes before it.
     */
    uint32_t queue_type;
    /* Seconds between heartbeats, for URLs that name none: at most 3600, 0 for none. Default 20. */
    uint32_t heartbeat;
    /* enum spectacles_exchange_type: of the exchange of the group. Default SPECTACLES_EXCHANGE_DIRECT. */
    uint32_t exchange_type;
} spectacles_broker_config;

/* The types of a header: the kinds of values in a field table of AMQP. In brackets: RabbitMQ's letter of the type. */
enum spectacles_header_type {
    /* No value (V). */
    SPECTACLES_HEADER_NOTHING = 0,
    /* `integer`: 0 or 1 (t). */
    SPECTACLES_HEADER_BOOLEAN = 1,
    /* `integer`. Sent with 32 bits (I) where they suffice, else with 64 (l). */
    SPECTACLES_HEADER_INTEGER = 2,
    /* `bytes`: a long string (S). UTF-8 by convention; nothing checks it. */
    SPECTACLES_HEADER_TEXT = 3,
    /* `bytes`: a byte array (x). */
    SPECTACLES_HEADER_BINARY = 4,
    /*
     * `integer`: seconds since 1970 (T). What is sent has to be 0 to INT64_MAX / 1000, because RabbitMQ
     * multiplies.
     */
    SPECTACLES_HEADER_TIMESTAMP = 5,
    /* `real` (d; f when received). What is sent has to be finite: RabbitMQ ends the connection over anything else. */
    SPECTACLES_HEADER_REAL = 6,
    /* `bytes`, received only: for spectacles_header_next() and spectacles_header_find(). */
    SPECTACLES_HEADER_TABLE = 7,
    /* `bytes`, received only: for spectacles_header_next(). */
    SPECTACLES_HEADER_ARRAY = 8,
    /* `bytes`, received only, as they stand on the wire: a decimal, or an integer of more than 63 bits. */
    SPECTACLES_HEADER_OTHER = 9
};

/* One header of a message, or one argument of a queue. It stands in arrays, so it never grows. */
typedef struct spectacles_header {
    /* enum spectacles_header_type: says which of the fields holds the value */
    uint32_t type;
    /* 0 */
    uint32_t reserved;
    /* 1 to 255 bytes of UTF-8, of key_length bytes. Not NUL-terminated. NULL for the items of an array. */
    const char *key;
    size_t key_length;
    /* The value of BOOLEAN, INTEGER and TIMESTAMP. */
    int64_t integer;
    /* The value of REAL. */
    double real;
    /* The value of the other types, of bytes_length bytes. May be NULL when bytes_length is 0. */
    const uint8_t *bytes;
    size_t bytes_length;
} spectacles_header;

/* What to consume. Fill it with spectacles_subscription_init(). Copied by spectacles_broker_subscribe(). */
typedef struct spectacles_subscription {
    /* Set by spectacles_subscription_init(). */
    uint32_t size;
    /* Unacknowledged deliveries: 1 to 65535. 0: `prefetch` of the broker's configuration. */
    uint32_t prefetch;
    /*
     * The binding key, such as MESSAGE_CREATE, SEND or the number of a shard; event_length bytes. Required, unless
     * `queue` names a queue: such a queue is bound only when an event is given.
     */
    const char *event;
    size_t event_length;
    /* The subgroup of the queue's name, of subgroup_length bytes. NULL or 0 bytes: none. */
    const char *subgroup;
    size_t subgroup_length;
    /*
     * For queue.declare: x-queue-type, x-message-ttl, x-max-length, x-dead-letter-exchange and so on.
     * argument_count of them: at most 64, of together 2048 bytes. Spectacles names none. Everybody who declares
     * the queue has to name the same ones, because RabbitMQ refuses any difference (406). A policy of RabbitMQ
     * needs no such agreement.
     */
    const spectacles_header *arguments;
    size_t argument_count;
    /* 1: declare and bind the queue, and do not consume it. */
    uint32_t declare_only;
    /*
     * 1: a queue of this connection alone, whose name RabbitMQ chooses (amq.gen-...). It is classic, transient, and
     * bound under the event. Each subscription has its own, and another one on each connection, and when RabbitMQ
     * has dropped it, which is looked for every 5 s (UNSUBSCRIBED, and SUBSCRIBED): what was published while there
     * was none is not in it. SUBSCRIBED says its name. Takes no subgroup, no queue and no declare_only, and
     * needs SPECTACLES_DECLARE.
     */
    uint32_t exclusive;
    /*
     * A queue by its exact name, of queue_length bytes, at most 255. NULL or 0 bytes: group, subgroup and event name
     * it. To publish to a queue that is not bound, name the exchange "" and the queue as the key. Takes no subgroup.
     */
    const char *queue;
    size_t queue_length;
} spectacles_subscription;

/* A mask for spectacles_message.flags. */
enum spectacles_message_flag {
    /* delivery-mode 1: the message is lost when RabbitMQ restarts. Default: persistent. */
    SPECTACLES_MESSAGE_TRANSIENT = 1,
    /* When no queue takes the message, RETURNED comes instead of CONFIRMED (basic.return). */
    SPECTACLES_MESSAGE_MANDATORY = 2,
    /*
     * When a JSON body is rewritten in another format, half of a surrogate pair becomes U+FFFD, because no other
     * format can carry it. Counted in surrogates_replaced. Default: the message is refused.
     */
    SPECTACLES_MESSAGE_REPLACE_SURROGATES = 4
};

/*
 * What to publish. Fill it with spectacles_message_init(). Everything is copied. Texts are NUL-terminated, at
 * most 255 bytes of UTF-8, NULL for none. The key is UTF-8 of at most 255 bytes too. RabbitMQ or its other
 * clients cannot read anything else.
 */
typedef struct spectacles_message {
    /* Set by spectacles_message_init(). */
    uint32_t size;
    /* A mask of enum spectacles_message_flag. */
    uint32_t flags;
    /* NULL: the exchange of the group. "": the default exchange. */
    const char *exchange;
    /* The routing key, of key_length bytes. */
    const char *key;
    size_t key_length;
    /* The body, of body_length bytes. May be NULL when body_length is 0. */
    const uint8_t *body;
    size_t body_length;
    /* NULL: that of the format that is written, as spectacles_format_content_type() says (codec.h). */
    const char *content_type;
    /* Copies of a message carry the same one, so that consumers can leave copies out. */
    const char *message_id;
    /* Passed on as it is. A call and a reply have their own. */
    const char *correlation_id;
    /* A queue that answers go to. For a direct reply-to, use spectacles_broker_call(). */
    const char *reply_to;
    /* Milliseconds in decimal, at most ten years. NULL: the message never expires. */
    const char *expiration;
    /*
     * enum spectacles_format: the format of the body. RAW (default): the body goes out as it is. Any other is
     * rewritten where the broker's format is another one. ETF can lack its version byte, as in
     * spectacles_shard_event.data, and is always written anew, because other libraries expect binaries for keys.
     */
    uint32_t format;
    /* 1 to 255, for queues with x-max-priority. 0: none. */
    uint32_t priority;
    /*
     * header_count headers: at most 64, of together 4096 bytes on the wire. Keys that begin with "spectacles-"
     * are the library's; CC, BCC and keys that begin with "x-amqp-1.0-" are RabbitMQ's. x-stream-filter-value has
     * to be text.
     */
    const spectacles_header *headers;
    size_t header_count;
} spectacles_message;

/* What a broker tells. The comment of each type names the fields of spectacles_broker_event that it fills. */
enum spectacles_broker_event_type {
    /* The endpoint of the stream asks for a connection. text: "host:port". A link connects by itself. */
    SPECTACLES_BROKER_EVENT_CONNECTING = 1,
    /* Connected, and everything that was subscribed to has been tried. text: the product and its version. */
    SPECTACLES_BROKER_EVENT_READY = 2,
    /*
     * A delivery (basic.deliver). subscription, delivery, redelivered, key, body, format, the properties and headers.
     * Acknowledge or reject it with `delivery`.
     */
    SPECTACLES_BROKER_EVENT_MESSAGE = 3,
    /* The broker has the message (basic.ack). tag. */
    SPECTACLES_BROKER_EVENT_CONFIRMED = 4,
    /*
     * The message is mandatory, and no queue takes it (basic.return). tag, key, code (312), text. No CONFIRMED
     * follows.
     */
    SPECTACLES_BROKER_EVENT_RETURNED = 5,
    /*
     * The message will never be delivered. tag, code, text. The broker refused it by name (404, 403, 406). Or several
     * connections in a row ended right behind it while it was alone on its way: code 501, 502, 503, 505, 540 or
     * 541, or 0 for connections that were cut.
     */
    SPECTACLES_BROKER_EVENT_FAILED = 6,
    /* After SPECTACLES_E_AGAIN: half of the window is free. Never after spectacles_broker_close(). */
    SPECTACLES_BROKER_EVENT_ROOM = 7,
    /*
     * The subscription stands: its queue is declared, bound and (if asked for) consumed. subscription, queue;
     * message_count and consumer_count, but for SPECTACLES_DECLARE_NOTHING, with which nobody is asked for them.
     * Told again behind each UNSUBSCRIBED, and on each connection: DISCONNECTED ends all subscriptions without an
     * UNSUBSCRIBED for each.
     */
    SPECTACLES_BROKER_EVENT_SUBSCRIBED = 8,
    /*
     * The subscription does not stand any more. subscription, queue, code, error, text; until: when it is tried
     * again, or SPECTACLES_NEVER when spectacles_broker_unsubscribe() asked for it. The reasons:
     *
     *   - Refused (a code; error SPECTACLES_E_INVAL or _AUTH): the queue may not be declared or consumed. A person has
     *     to change something. The first basic.consume that is refused ends the channel on which all queues are
     *     consumed, and each other subscription is told UNSUBSCRIBED too, and tried again at once. From then on the
     *     queue is tried on another channel, where a refusal disturbs no other.
     *   - Its node is away (code 404, error SPECTACLES_E_CLOSED): that passes by itself.
     *   - Cancelled (code 0; basic.cancel of the broker): the queue was deleted, its node is gone, or, in RabbitMQ 4.3,
     *     a delivery of a quorum queue was held for longer than consumer_timeout. Deliveries of this subscription that
     *     are not acknowledged went back to the queue.
     *   - Its channel ended (error SPECTACLES_E_CLOSED): likewise, for all subscriptions.
     */
    SPECTACLES_BROKER_EVENT_UNSUBSCRIBED = 9,
    /* The broker takes no publishes (connection.blocked) until UNBLOCKED or DISCONNECTED. text: its reason. */
    SPECTACLES_BROKER_EVENT_BLOCKED = 10,
    /* The broker takes publishes again (connection.unblocked). */
    SPECTACLES_BROKER_EVENT_UNBLOCKED = 11,
    /*
     * The library rejected a delivery by itself, because it is too large or malformed. subscription, key, message_id;
     * text: also its size, and max_message. It was not requeued: it is gone, or at the dead-letter exchange of the
     * queue.
     */
    SPECTACLES_BROKER_EVENT_REFUSED = 12,
    /* The connection ended, or could not be made. code, error, text; until: when the broker connects again. */
    SPECTACLES_BROKER_EVENT_DISCONNECTED = 13,
    /*
     * Final, after spectacles_broker_close(). unconfirmed_count: publishes of which nobody knows whether they
     * arrived.
     */
    SPECTACLES_BROKER_EVENT_CLOSED = 14,
    /* The reply to a call. tag, body, format, the properties and headers. */
    SPECTACLES_BROKER_EVENT_REPLY = 15,
    /* A call has no reply. tag, reason, code, text. */
    SPECTACLES_BROKER_EVENT_CALL_FAILED = 16
};

/* Why a call has no reply. */
enum spectacles_call_failure {
    /* No reply came in time. The request may still be worked on. */
    SPECTACLES_CALL_TIMEOUT = 1,
    /* No queue takes the request (code 312): it reached nobody. */
    SPECTACLES_CALL_UNROUTABLE = 2,
    /* The broker does not take the request: the exchange does not exist, or the broker knows no direct reply-to. */
    SPECTACLES_CALL_REFUSED = 3,
    /* The request was sent, and then its connection or channel was lost. Whether it was carried out is unknown. */
    SPECTACLES_CALL_LOST = 4,
    /* spectacles_broker_close() was called, and drain_timeout is over. */
    SPECTACLES_CALL_CLOSED = 5,
    /* The reply is larger than max_message. */
    SPECTACLES_CALL_BAD_REPLY = 6
};

/*
 * One event. Fields that its type does not name are 0 or NULL.
 *
 * Owned by the broker. Valid, with everything it points to, until the next spectacles_broker_next_event(),
 * spectacles_stream_feed(), spectacles_stream_eof(), spectacles_stream_expire() or spectacles_broker_free() on its
 * broker. Every other call leaves it alone: acknowledge a delivery and read its body, or publish the body.
 */
typedef struct spectacles_broker_event {
    /* enum spectacles_broker_event_type */
    uint32_t type;
    /* The reply code of AMQP. 0: there was none. */
    uint32_t code;
    /* enum spectacles_error. SPECTACLES_E_AUTH for credentials, permissions and virtual hosts. */
    int32_t error;
    /* What spectacles_broker_subscribe() returned. */
    uint32_t subscription;
    /* What spectacles_broker_publish(), _reply() or _call() gave. One sequence numbers all three. */
    uint64_t tag;
    /* For spectacles_broker_ack(), _reject() and _holds(). */
    uint64_t delivery;
    /* A point in time on the clock of `now`, in milliseconds. */
    uint64_t until;
    /* 1: the message may have been delivered before. */
    uint32_t redelivered;
    /* enum spectacles_call_failure */
    uint32_t reason;
    /* The routing key, of key_length bytes. NUL-terminated. */
    const char *key;
    size_t key_length;
    /* The body, of body_length bytes. Not NUL-terminated. */
    const uint8_t *body;
    size_t body_length;
    /* The properties of the message, NUL-terminated. NULL: it has not this one. */
    const char *content_type;
    /* A property: the same for all copies of a message. */
    const char *message_id;
    /* A property: for spectacles_broker_reply(). */
    const char *correlation_id;
    /* A property: for spectacles_broker_reply(). NULL: no reply is asked for. */
    const char *reply_to;
    /* A property: milliseconds in decimal, where the sender keeps to the rules. */
    const char *expiration;
    /* A sentence of text_length bytes, or what the type says. NUL-terminated. Never holds a password. */
    const char *text;
    size_t text_length;
    /* The name of the queue, of queue_length bytes. NUL-terminated. */
    const char *queue;
    size_t queue_length;
    /* header_count headers of the message. Their keys and bytes live as long as the event. */
    const spectacles_header *headers;
    size_t header_count;
    /* What the body seems to be in: enum spectacles_format, by spectacles_format_of() (codec.h). */
    uint32_t format;
    /* A property: 0 when the message has none. */
    uint32_t priority;
    /* CLOSED: how many publishes were not confirmed. */
    uint64_t unconfirmed_count;
    /* SUBSCRIBED: how many messages the queue held when it was declared (queue.declare-ok). */
    uint32_t message_count;
    /* SUBSCRIBED: how many consumed the queue when it was declared. This subscription is not among them yet. */
    uint32_t consumer_count;
} spectacles_broker_event;

/* What a broker has counted since it was made: see spectacles_broker_get_stats(). Grows at the end. */
typedef struct spectacles_broker_stats {
    /* Set by spectacles_broker_stats_init(). */
    uint32_t size;
    /* 0 */
    uint32_t reserved;
    /* Bytes that were fed. */
    uint64_t bytes_received;
    /* Bytes that were consumed. */
    uint64_t bytes_sent;
    /* Messages that spectacles_broker_publish() and spectacles_broker_reply() took. */
    uint64_t published;
    /*
     * Publishes that were written again after a lost connection or channel. Consumers see copies of some of them.
     */
    uint64_t republished;
    /* CONFIRMED events. */
    uint64_t confirmed;
    /* RETURNED events. */
    uint64_t returned;
    /* FAILED events. */
    uint64_t failed;
    /* MESSAGE events. */
    uint64_t delivered;
    /* Deliveries that were acknowledged. */
    uint64_t acknowledged;
    /*
     * Deliveries that were rejected: by the owner, by the library (REFUSED), and when a subscription had ended.
     */
    uint64_t rejected;
    /*
     * Connections that were asked for. Minus one, it is how often the broker connected again. A number that grows by
     * itself means that RabbitMQ, or the network, ends connections: DISCONNECTED says why.
     */
    uint64_t connects;
    /*
     * Publishes and requests of calls that are unconfirmed at this moment: how full the window is.
     */
    uint64_t unconfirmed;
    /* Calls that spectacles_broker_call() took. */
    uint64_t calls;
    /* REPLY events. */
    uint64_t replies;
    /* Replies to calls that were never made, or that had ended. */
    uint64_t replies_ignored;
    /* Messages in which U+FFFD was written for half of a surrogate pair. */
    uint64_t surrogates_replaced;
} spectacles_broker_stats;

/* ---- Making a broker ---- */

/* Fills a configuration with defaults. size: sizeof(spectacles_broker_config). Does nothing when size is below 4. */
void spectacles_broker_config_init(spectacles_broker_config *config, size_t size);

/* Makes a subscription empty and sets its size. size: sizeof(spectacles_subscription). Does nothing below 4. */
void spectacles_subscription_init(spectacles_subscription *subscription, size_t size);

/* Makes a message empty and sets its size. size: sizeof(spectacles_message). Does nothing when size is below 4. */
void spectacles_message_init(spectacles_message *message, size_t size);

/* Makes counters empty and sets their size. size: sizeof(spectacles_broker_stats). Does nothing below 4. */
void spectacles_broker_stats_init(spectacles_broker_stats *stats, size_t size);

/*
 * Makes a broker, in state IDLE.
 *
 * out: receives the broker. Free it with spectacles_broker_free().
 * config: copied, with everything that it points to.
 * problem: says which setting is wrong and what to do; `index` is the number of the URL. May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library, or this build has not the format
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_broker_new(spectacles_broker **out, const spectacles_broker_config *config,
                          spectacles_problem *problem);

/*
 * Frees a broker. Nothing is sent: publishes that are not confirmed may or may not have arrived. Passwords are
 * wiped at once.
 *
 * Handles are freed in any order: a link or a relay that still holds the broker finds it CLOSED. NULL is fine.
 */
void spectacles_broker_free(spectacles_broker *broker);

/*
 * The next event. Call it until it returns NULL, after every call on the stream and after every call of your own that
 * can queue an event (subscribe, unsubscribe, close): only then are the pending bytes and the deadline of the
 * stream up to date.
 *
 * Works on what was fed, and returns the next event. NULL: there is none until more happens. For how long the
 * event is valid, see spectacles_broker_event. Cannot fail: where memory runs out, the connection is given up,
 * and DISCONNECTED says SPECTACLES_E_NOMEM.
 *
 * While a relay holds the broker, the relay pulls its events: then this returns NULL, and
 * spectacles_broker_last_error() says so.
 */
const spectacles_broker_event *spectacles_broker_next_event(spectacles_broker *broker, uint64_t now);

/* ---- Subscribing ---- */

/*
 * Asks for a queue: declared durable, bound to the exchange of the group with the event as its key (unless the queue is
 * named and has no event), and consumed
 * (queue.declare, queue.bind, basic.qos, basic.consume). Now, or as soon as there is a connection, and again
 * after every loss. SUBSCRIBED tells when it stands, UNSUBSCRIBED when it does not.
 *
 * subscription: copied, with everything that it points to.
 *
 * Returns the number of the subscription, from 0 on. A queue that is subscribed to already keeps its number and its
 * settings. Or:
 *   SPECTACLES_E_INVAL        the event, the subgroup, the queue, the prefetch or an argument cannot be used, or two of
 *                             them exclude each other
 *   SPECTACLES_E_TOOBIG       the name of the queue would be too long
 *   SPECTACLES_E_STATE        the broker is closing
 *   SPECTACLES_E_UNSUPPORTED  the struct is newer than the library
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_broker_subscribe(spectacles_broker *broker, const spectacles_subscription *subscription);

/*
 * Ends a subscription (basic.cancel). UNSUBSCRIBED with until = SPECTACLES_NEVER follows, unless the broker is
 * CLOSED.
 *
 * From this call on, no MESSAGE of the subscription is told: what was on its way goes back to the queue, marked as
 * redelivered. What was told before can be acknowledged and rejected. The queue and its binding stay, and the
 * queue goes on collecting. Subscribing to the same queue again is fine at any time, and holds from that event
 * on. The number of a subscription that has ended can be given to another one.
 *
 * subscription: what spectacles_broker_subscribe() returned.
 *
 * Returns 0, also when the subscription has ended already, or:
 *   SPECTACLES_E_INVAL  there never was such a number
 *   SPECTACLES_E_NOMEM  memory ran out; try again
 */
int spectacles_broker_unsubscribe(spectacles_broker *broker, uint32_t subscription);

/* ---- Publishing ---- */

/*
 * Publishes, now or as soon as there is a connection (basic.publish in confirm mode), persistent by default.
 *
 * message: copied, with everything that it points to. A body that an event points to is fine.
 * tag: receives a number, counted from 1, that exactly one later event names: CONFIRMED, RETURNED or FAILED. Until then
 *     the library keeps the message, and publishes it again after a lost connection, in the order of the tags. After a
 *     basic.nack (a queue is full by a policy, or in trouble) the message is published again half a second later. Tags
 *     are consecutive: a ring in the order of the calls maps them to what the caller has to remember. May be NULL.
 *
 * A message is taken while the window is not full, however large the message is.
 *
 * Returns 0, or:
 *   SPECTACLES_E_AGAIN        the window is full: ROOM will follow
 *   SPECTACLES_E_INVAL        a text, the expiration, the format or a header cannot be sent
 *   SPECTACLES_E_STATE        the broker is closing
 *   SPECTACLES_E_PROTO        the body has to be rewritten for the broker's format, and is not of its own format, or
 *                             has no form in the broker's. A body that is in the broker's format is not looked at
 *   SPECTACLES_E_TOOBIG       the body is nested too deep for the broker's format, or too long
 *   SPECTACLES_E_UNSUPPORTED  this build has not the format, a flag is not known, or
 *                             the struct is newer than the library
 *   SPECTACLES_E_NOMEM        memory ran out
 *
 * When the exchange of the group cannot be published to, the connection is given up, and what was published waits.
 */
int spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message, uint64_t *tag);

/*
 * Whether spectacles_broker_publish() would take a message now.
 *
 * Returns 1 or 0. Changes nothing: no ROOM event follows a 0. Cannot fail.
 */
int spectacles_broker_room(const spectacles_broker *broker);

/*
 * ---- Call and reply ----
 *
 * A call is a publish whose answer comes back (RPC over RabbitMQ's direct reply-to). Who asks:
 *
 *     spectacles_broker_call(broker, &question, 5000, now, &call);
 *     REPLY with tag == call:        event->body is the answer
 *     CALL_FAILED with tag == call:  event->reason says why there is none
 *
 * Who answers, when a MESSAGE has a reply_to:
 *
 *     spectacles_broker_reply(broker, event->reply_to, event->correlation_id, &answer, NULL);
 *     spectacles_broker_ack(broker, event->delivery);
 */

/*
 * Asks a question: publishes a message with a correlation-id and RabbitMQ's direct reply-to, and waits for the reply.
 *
 * message: as in spectacles_broker_publish(). correlation_id and reply_to are the library's: leave them NULL. The
 *     request is always transient and mandatory, and expires with the timeout unless it has an expiration of its own.
 * timeout: milliseconds from `now` on, at least 1.
 * call: receives a number of the same sequence as the tags. Exactly one later event names it: REPLY or CALL_FAILED. May
 *     be NULL.
 *
 * A request is sent once, in order with what is published. A connection that is lost after that ends the call with
 * SPECTACLES_CALL_LOST, because the reply has nowhere to go. So does the end of the channel, which calls share with
 * publishes, and which the broker ends over a publish that FAILED or a call that was REFUSED. A request that was not
 * sent yet waits for the next connection, within its timeout.
 *
 * Returns 0, or:
 *   SPECTACLES_E_AGAIN  the window is full, or as many calls wait as it has places: ROOM will follow
 *   SPECTACLES_E_INVAL  the timeout is 0, correlation_id or reply_to is set, or as spectacles_broker_publish()
 *   others              as spectacles_broker_publish()
 */
int spectacles_broker_call(spectacles_broker *broker, const spectacles_message *message, uint32_t timeout,
                           uint64_t now, uint64_t *call);

/*
 * Answers a question: publishes a message on the default exchange under the key reply_to. Reply to those messages
 * alone that ask for it: some clients set reply-to on every message, and reply-to is any queue that the asker
 * names.
 *
 * reply_to, correlation_id: of the delivery that asks, NUL-terminated; they may be those of the event itself.
 *     correlation_id may be NULL.
 * message: as in spectacles_broker_publish(). Its exchange, key, correlation_id and reply_to have to be NULL. It is
 *     always transient. MANDATORY is refused, because RabbitMQ calls each direct reply-to unroutable.
 * tag: as in spectacles_broker_publish(). Whether the asker still waits is not known. FAILED with the code 403: the
 *     account may not write to the default exchange, which RabbitMQ calls "amq.default". May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  reply_to is NULL or empty: no reply was asked for; or as spectacles_broker_publish()
 *   others              as spectacles_broker_publish()
 */
int spectacles_broker_reply(spectacles_broker *broker, const char *reply_to, const char *correlation_id,
                            const spectacles_message *message, uint64_t *tag);

/* ---- Deliveries ---- */

/*
 * Acknowledges a delivery (basic.ack). Acknowledgements that wait to be written go out as one (`multiple`) when
 * nothing older is left open.
 *
 * delivery: of a MESSAGE. Tied to the channel that brought it: a delivery that was acknowledged before, or came before
 *     a lost connection, is ignored. The broker delivers the latter again.
 *
 * Returns 1 when it was acknowledged, 0 when there was nothing to do, or:
 *   SPECTACLES_E_NOMEM  memory ran out; try again
 */
int spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery);

/*
 * Acknowledges a delivery and all that were told before it and are still open, those of every other subscription
 * of this broker too (basic.ack with `multiple`; all share a channel).
 *
 * Returns how many were acknowledged, 0 when there was nothing to do, or:
 *   SPECTACLES_E_NOMEM  memory ran out; try again
 */
int spectacles_broker_ack_all(spectacles_broker *broker, uint64_t delivery);

/*
 * Rejects a delivery (basic.reject).
 *
 * requeue: 1: the broker delivers it again, to this consumer or another. 0: it is dropped, or goes to the dead-letter
 *     exchange of the queue.
 *
 * Returns 1 when it was rejected, 0 when there was nothing to do, or:
 *   SPECTACLES_E_NOMEM  memory ran out; try again
 */
int spectacles_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue);

/*
 * Whether a delivery is still yours: not acknowledged, and on a channel that stands. Otherwise the broker has
 * delivered it again, or will do so, here or elsewhere.
 *
 * An owner who keeps deliveries for later asks before acting on one, or it is done twice. Deliveries end with a lost
 * connection, with RabbitMQ's consumer_timeout, which ends the channel over a delivery that was held for too
 * long, and with a cancelled consumer (RabbitMQ 4.3, quorum queues).
 *
 * Returns 1 or 0. Cannot fail.
 */
int spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery);

/* ---- Closing ---- */

/*
 * Closes for good: takes no more publishes, waits for confirms and replies for up to drain_timeout, and sends
 * connection.close. CLOSED is the last event. Meanwhile deliveries go on, and can be acknowledged. What is not
 * acknowledged by then is delivered again elsewhere.
 *
 * now: has to be fresh, because drain_timeout counts from it.
 *
 * Returns 0, also when it is closing already.
 */
int spectacles_broker_close(spectacles_broker *broker, uint64_t now);

/*
 * Replaces the URLs, as spectacles_broker_config.urls: for a password that is changed, or a node that moves. The next
 * connection is made with them. A connection that stands or is being made goes on with the former ones. A broker in
 * BACKOFF tries again within half a second, because the former URLs may be the reason of its wait.
 *
 * urls: `count` NUL-terminated texts. Copied; the former ones are wiped when the next connection begins.
 * now: has to be fresh, because the wait counts from it.
 *
 * Does not block. Returns 0, or, and then the former URLs stay:
 *   SPECTACLES_E_INVAL        there is none, or one is wrong: spectacles_broker_last_error() says what, and shows at
 *                             most the name of a parameter
 *   SPECTACLES_E_UNSUPPORTED  one asks for what this build cannot do
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_broker_set_urls(spectacles_broker *broker, const char *const *urls, size_t count,
                               uint64_t now);

/*
 * The addresses or the routes of this machine have changed. A broker in BACKOFF whose last attempt did not reach its
 * peer (SPECTACLES_E_UNREACHABLE) tries again within half a second. The link of a broker that is CONNECTING, and has
 * had no answer to TCP for a second, begins again. Other brokers do nothing. A gateway handle with
 * SPECTACLES_GATEWAY_RESOLVES does it by itself.
 *
 * Cannot fail.
 */
void spectacles_broker_network_changed(spectacles_broker *broker, uint64_t now);

/*
 * The stream of the broker: its bytes, its deadline, and where it wants to be connected (stream.h). Belongs to the
 * broker, and is valid until the broker is freed. Cannot fail.
 */
spectacles_stream *spectacles_broker_stream(spectacles_broker *broker);

/* ---- Looking ---- */

/* The state of the broker: enum spectacles_broker_state. Cannot fail. */
uint32_t spectacles_broker_state(const spectacles_broker *broker);

/*
 * The name of a state for logs, without its prefix: "HANDSHAKE". "UNKNOWN" for a number that this version does not
 * know. Static and NUL-terminated. Cannot fail.
 */
const char *spectacles_broker_state_name(uint32_t state);

/* The name of a type of event: "CONFIRMED". As spectacles_broker_state_name(). */
const char *spectacles_broker_event_type_name(uint32_t type);

/* The name of a reason of CALL_FAILED: "UNROUTABLE". As spectacles_broker_state_name(). */
const char *spectacles_call_failure_name(uint32_t failure);

/*
 * What the broker has counted since it was made. The counters only grow, but for `unconfirmed`.
 *
 * out: its size says how much the caller has room for (spectacles_broker_stats_init()).
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  out has no size
 */
int spectacles_broker_get_stats(const spectacles_broker *broker, spectacles_broker_stats *out);

/*
 * One sentence about the last call on the broker or its stream that failed, NUL-terminated, or "". Calls that
 * take the broker as const leave the sentence alone. Valid until the next call on the broker or its stream. Never
 * holds a password.
 */
const char *spectacles_broker_last_error(const spectacles_broker *broker);

/*
 * The fields of an event, for languages that read structs slowly. Each returns the field of its name, which is
 * valid as long as the event. length: receives the number of bytes. May be NULL.
 */

/*
 * enum spectacles_broker_event_type.
 *
 * Filled in by every type. Cannot fail.
 */
uint32_t spectacles_broker_event_type(const spectacles_broker_event *event);

/*
 * The reply code of AMQP; 0: there was none.
 *
 * Filled in by RETURNED, FAILED, UNSUBSCRIBED, DISCONNECTED and CALL_FAILED. Cannot fail.
 */
uint32_t spectacles_broker_event_code(const spectacles_broker_event *event);

/*
 * enum spectacles_error.
 *
 * Filled in by UNSUBSCRIBED and DISCONNECTED. Cannot fail.
 */
int32_t spectacles_broker_event_error(const spectacles_broker_event *event);

/*
 * The number of a subscription.
 *
 * Filled in by MESSAGE, SUBSCRIBED, UNSUBSCRIBED and REFUSED. Cannot fail.
 */
uint32_t spectacles_broker_event_subscription(const spectacles_broker_event *event);

/*
 * The number of a publish or a call.
 *
 * Filled in by CONFIRMED, RETURNED, FAILED, REPLY and CALL_FAILED. Cannot fail.
 */
uint64_t spectacles_broker_event_tag(const spectacles_broker_event *event);

/*
 * The handle of a delivery.
 *
 * Filled in by MESSAGE. Cannot fail.
 */
uint64_t spectacles_broker_event_delivery(const spectacles_broker_event *event);

/*
 * UNSUBSCRIBED, DISCONNECTED: when it is tried again, on the clock of `now`.
 *
 * Filled in by UNSUBSCRIBED and DISCONNECTED. Cannot fail.
 */
uint64_t spectacles_broker_event_until(const spectacles_broker_event *event);

/*
 * CLOSED: how many publishes were not confirmed.
 *
 * Filled in by CLOSED. Cannot fail.
 */
uint64_t spectacles_broker_event_unconfirmed_count(const spectacles_broker_event *event);

/*
 * SUBSCRIBED: how many messages the queue held when it was declared.
 *
 * Filled in by SUBSCRIBED. Cannot fail.
 */
uint32_t spectacles_broker_event_message_count(const spectacles_broker_event *event);

/*
 * SUBSCRIBED: how many consumed the queue when it was declared.
 *
 * Filled in by SUBSCRIBED. Cannot fail.
 */
uint32_t spectacles_broker_event_consumer_count(const spectacles_broker_event *event);

/*
 * 1: the message may have been delivered before.
 *
 * Filled in by MESSAGE. Cannot fail.
 */
uint32_t spectacles_broker_event_redelivered(const spectacles_broker_event *event);

/*
 * The routing key, NUL-terminated. NULL: the type has none.
 *
 * Filled in by MESSAGE and RETURNED. Cannot fail.
 */
const char *spectacles_broker_event_key(const spectacles_broker_event *event, size_t *length);

/*
 * The body, not NUL-terminated. NULL: the type has none.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const uint8_t *spectacles_broker_event_body(const spectacles_broker_event *event, size_t *length);

/*
 * A property, NUL-terminated. NULL: the message has it not.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const char *spectacles_broker_event_content_type(const spectacles_broker_event *event);

/*
 * A property, NUL-terminated. NULL: the message has it not.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const char *spectacles_broker_event_message_id(const spectacles_broker_event *event);

/*
 * A property, NUL-terminated. NULL: the message has it not.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const char *spectacles_broker_event_correlation_id(const spectacles_broker_event *event);

/*
 * A property, NUL-terminated. NULL: the message has it not.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const char *spectacles_broker_event_reply_to(const spectacles_broker_event *event);

/*
 * A sentence, NUL-terminated. NULL: the type has none.
 *
 * Filled in by CONNECTING, READY, RETURNED, FAILED, UNSUBSCRIBED, BLOCKED, REFUSED, DISCONNECTED and CALL_FAILED.
 * Cannot fail.
 */
const char *spectacles_broker_event_text(const spectacles_broker_event *event, size_t *length);

/*
 * The name of a queue, NUL-terminated. NULL: the type has none.
 *
 * Filled in by SUBSCRIBED and UNSUBSCRIBED. Cannot fail.
 */
const char *spectacles_broker_event_queue(const spectacles_broker_event *event, size_t *length);

/*
 * enum spectacles_format: what the body seems to be in.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
uint32_t spectacles_broker_event_format(const spectacles_broker_event *event);

/*
 * enum spectacles_call_failure.
 *
 * Filled in by CALL_FAILED. Cannot fail.
 */
uint32_t spectacles_broker_event_reason(const spectacles_broker_event *event);

/*
 * A property; 0: the message has it not.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
uint32_t spectacles_broker_event_priority(const spectacles_broker_event *event);

/*
 * A property, NUL-terminated. NULL: the message has it not.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const char *spectacles_broker_event_expiration(const spectacles_broker_event *event);

/*
 * The headers of a message. count: receives how many there are. May be NULL.
 *
 * Filled in by MESSAGE and REPLY. Cannot fail.
 */
const spectacles_header *spectacles_broker_event_headers(const spectacles_broker_event *event, size_t *count);

/*
 * ---- Headers ----
 *
 * The headers of a message are an array: spectacles_broker_event.headers and header_count. A value can be a table or an
 * array of its own, which is walked. RabbitMQ says so in x-death why and where a message was dead-lettered:
 *
 *     const spectacles_header *deaths =
 *         spectacles_headers_find(event->headers, event->header_count, "x-death", 7);
 *     spectacles_header death, queue;
 *     size_t position = 0;
 *     while (spectacles_header_next(deaths, &position, &death))
 *         if (spectacles_header_find(&death, "queue", 5, &queue))
 *             printf("%.*s\n", (int)queue.bytes_length, (const char *)queue.bytes);
 */

/*
 * Looks for a header of a message.
 *
 * headers, count: of an event or a message.
 * key, length: the name of the header.
 *
 * Returns the first header with this key; NULL when there is none. Cannot fail.
 */
const spectacles_header *spectacles_headers_find(const spectacles_header *headers, size_t count,
                                                 const char *key, size_t length);

/*
 * Walks through the entries of a header that is a TABLE or an ARRAY. Nothing is allocated.
 *
 * in: the header. May be NULL, which has no entries.
 * position: begins at 0, and is moved on with each call.
 * out: receives the entry. It points into the bytes of `in`, and lives as long as they do.
 *
 * Returns 1, or 0 at the end, where the bytes are malformed, and when `in` is neither a TABLE nor an ARRAY.
 */
int spectacles_header_next(const spectacles_header *in, size_t *position, spectacles_header *out);

/*
 * Looks for an entry of a header that is a TABLE.
 *
 * in: the header. May be NULL.
 * key, length: the name of the entry.
 * out: receives the first entry with this key. As in spectacles_header_next().
 *
 * Returns 1, or 0 when there is none.
 */
int spectacles_header_find(const spectacles_header *in, const char *key, size_t length,
                           spectacles_header *out);

#ifdef __cplusplus
}
#endif

#endif
