/*
 * spectacles/stream.h - the bytes of one engine: what a transport has to do for a shard or a broker.
 *
 * SPDX-License-Identifier: MIT
 *
 * Engines do no I/O. A shard and a broker each have one stream, and a stream is the same for both: it takes bytes,
 * gives bytes, names a deadline, and says where it wants to be connected. A spectacles_link (link.h) moves the bytes of
 * a stream over TCP and TLS. A transport of your own (asyncio, tokio, node:tls, crypto/tls) does what a link does:
 *
 *   1. spectacles_stream_endpoint() says where the stream wants to be connected, or NULL for nowhere. When its
 *      `connection` number is not the one you last opened, close what you have, and open a new connection.
 *   2. Tell what happens: spectacles_stream_opened() when TCP and TLS stand, spectacles_stream_feed() what arrived,
 *      spectacles_stream_eof() when the connection has ended or could not be made. Read from the socket only while
 *      spectacles_stream_wants_input() says 1. This is the back-pressure.
 *   3. Call spectacles_stream_expire() when spectacles_stream_deadline() has passed. A call before the deadline does
 *      nothing.
 *   4. Write what spectacles_stream_pending() gives, and tell spectacles_stream_consumed() how much of it was written.
 *   5. After any of these calls, pull the events of the engine (spectacles_shard_next_event(),
 *      spectacles_broker_next_event()) until there are none. Then look at 1, 4 and the deadline again: an event, and
 *      what you do about it, can change all of them.
 *
 * A stream belongs to its engine. It is valid until the engine is freed, and is never freed by itself. It belongs to
 * the thread that the engine belongs to. Nothing here blocks.
 */
#ifndef SPECTACLES_STREAM_H
#define SPECTACLES_STREAM_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The bytes of one engine. spectacles_shard_stream() and spectacles_broker_stream() give it. */
typedef struct spectacles_stream spectacles_stream;

/* Where an engine wants to be connected. Owned by the engine. Valid until the next call on the engine or its stream. */
typedef struct spectacles_endpoint {
    /* a name or a numeric address (IPv6 without brackets); NUL-terminated */
    const char *host;
    /* 1 to 65535 */
    uint32_t port;
    /* 1: TLS, and the certificate has to be that of `server_name`, or else of `host`; 0: plain TCP */
    uint32_t tls;
    /* counts the connections of this engine, from 1: when the number changes, a new connection is wanted */
    uint64_t connection;
    /*
     * what the URL of a broker asks of TLS, as in spectacles_tls_config (link.h): ca_file is the file of the trusted
     * authorities, cert_file and key_file are the client's certificate and key; NULL: nothing is asked. A link follows
     * it. A transport of your own follows it, or does not connect.
     */
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    /*
     * milliseconds that the connection may take, when the URL of a broker says so (connection_timeout); 0: the
     * transport has its own time
     */
    uint32_t connect_timeout;
    uint32_t reserved; /* 0 */
    /*
     * the name that TLS asks for (SNI) and that the certificate has to have, when the URL of a broker says so
     * (server_name_indication: a RabbitMQ that is reached by an address, or through a tunnel); NULL: `host`
     */
    const char *server_name;
} spectacles_endpoint;

/*
 * Where the engine wants to be connected.
 *
 * Returns an endpoint, which is valid until the next call on the engine or its stream; NULL when the engine wants no
 * connection: then close what is open. Cannot fail.
 */
const spectacles_endpoint *spectacles_stream_endpoint(const spectacles_stream *stream);

/*
 * The connection that spectacles_stream_endpoint() asked for stands.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  no connection was asked for
 *   SPECTACLES_E_NOMEM  memory ran out; call spectacles_stream_eof() with this error
 */
int spectacles_stream_opened(spectacles_stream *stream, uint64_t now);

/*
 * Whether to read from the socket. An engine whose owner does not pull its events stops reading, so that TCP
 * slows the peer down.
 *
 * Returns 1 while bytes are welcome, 0 while events have to be pulled first. Cannot fail.
 */
int spectacles_stream_wants_input(const spectacles_stream *stream);

/*
 * Takes bytes that arrived, all of them. They are copied. `bytes` may be NULL when `length` is 0.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the connection is not open
 *   SPECTACLES_E_NOMEM  memory ran out and none was taken; call spectacles_stream_eof() with this error
 */
int spectacles_stream_feed(spectacles_stream *stream, const uint8_t *bytes, size_t length, uint64_t now);

/*
 * The connection has ended, or could not be made. What was fed before is still delivered.
 *
 * error: 0 for an orderly end of the stream, else a value of enum spectacles_error.
 * text, length: a sentence that becomes part of the DISCONNECTED event; NULL and 0 for none. It is copied.
 *
 * Returns 0. Does nothing when no connection was asked for.
 */
int spectacles_stream_eof(spectacles_stream *stream, int error, const char *text, size_t length,
                          uint64_t now);

/*
 * The bytes to be written next: returns their number and sets *bytes. They are valid until the next call on
 * the engine or its stream. Tell spectacles_stream_consumed() what was taken before any other call: another
 * call may put other bytes in front. A transport that keeps bytes which it has taken (TLS) reports them as
 * consumed at once. Cannot fail.
 */
size_t spectacles_stream_pending(const spectacles_stream *stream, const uint8_t **bytes);

/*
 * Tells that pending bytes were written.
 *
 * length: how many of them, from the first on; never more than spectacles_stream_pending() returned.
 *
 * Cannot fail. An event can wait after this call: spectacles_stream_deadline() tells.
 */
void spectacles_stream_consumed(spectacles_stream *stream, size_t length);

/*
 * When spectacles_stream_expire() has to be called at the latest. Every call on the engine can change it.
 *
 * The deadline is 0 while an event waits that the owner was not told of: spectacles_stream_consumed() can make SENT of
 * a shard wait, and spectacles_broker_unsubscribe() UNSUBSCRIBED of a broker. The next spectacles_stream_expire() tells
 * the owner, who pulls after it as after any call. An owner that cannot pull yet is not told twice, so that its loop
 * sleeps until the next real deadline. The owner is told again once it has pulled an event and others are left behind.
 *
 * Returns milliseconds on the clock of `now`; SPECTACLES_NEVER when there is no deadline. Cannot fail.
 */
uint64_t spectacles_stream_deadline(const spectacles_stream *stream);

/*
 * Does what time has made due: heartbeats, limits on phases, the next attempt to connect. Pull the events of the engine
 * after it.
 *
 * Returns 0, or SPECTACLES_E_NOMEM: memory ran out; the engine can go on, and tries again at its next deadline.
 */
int spectacles_stream_expire(spectacles_stream *stream, uint64_t now);

/*
 * One sentence about the last call on the engine or its stream that failed, NUL-terminated, or "". Valid until the next
 * call on either. Never holds a secret.
 */
const char *spectacles_stream_last_error(const spectacles_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
