/*
 * spectacles/link.h - the optional transport: one TCP or TLS connection under the stream of a shard or a broker.
 *
 * SPDX-License-Identifier: MIT
 *
 * A link makes the connection that its engine wants, moves bytes both ways, and makes the connection anew when the engine
 * says so. A link never blocks and owns no loop. You own the loop: poll, epoll, kqueue, libuv, GLib or libev.
 *
 *     while (spectacles_shard_state(shard) < SPECTACLES_SHARD_CLOSED) {
 *         ... wait until spectacles_link_fd(link) is ready for spectacles_link_interest(link), or until
 *             spectacles_link_deadline(link): spectacles_poll_timeout() says how long. `ready` is what came of it ...
 *         spectacles_link_process(link, ready, now);
 *         ... answer spectacles_link_wants_address(link) ...
 *         while ((event = spectacles_shard_next_event(shard, now))) ...
 *     }
 *
 * The loop ends when the engine has come to a final state (CLOSED or FATAL; a broker: CLOSED): a final engine has no
 * deadline and no descriptor, so that a loop without that condition would wait for ever.
 *
 * Ask for fd, interest and deadline after you have pulled the engine's events and made your own calls on the engine: all of
 * these can change them.
 *
 * Level-triggered and edge-triggered loops both work. What a call leaves unread or unwritten in the socket, because a call is
 * bounded, makes spectacles_link_deadline() lie in the past: an edge that was seen is never waited for again. An
 * edge-triggered loop may watch the descriptor for reading and writing all the time, whatever spectacles_link_interest() says.
 *
 * No signal is ever raised (no SIGPIPE), and no descriptor leaks into a child (CLOEXEC).
 */
#ifndef SPECTACLES_LINK_H
#define SPECTACLES_LINK_H

#include <spectacles/stream.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spectacles_link spectacles_link;
typedef struct spectacles_tls spectacles_tls;

/* What a descriptor is watched for, and what it is ready for. The numbers are libuv's. */
enum spectacles_link_io {
    SPECTACLES_LINK_READ = 1,
    SPECTACLES_LINK_WRITE = 2
};

/* What a call of spectacles_link_process() changed, as a mask. */
enum spectacles_link_change {
    /*
     * another descriptor, or none. The old one is still open, but dead, until the next call of process or
     * free: forget it first (libuv, epoll)
     */
    SPECTACLES_LINK_FD = 1,
    SPECTACLES_LINK_INTEREST = 2,
    SPECTACLES_LINK_DEADLINE = 4,
    SPECTACLES_LINK_EVENTS = 8 /* the engine was given something: pull its events */
};

enum spectacles_tls_flag {
    /*
     * Accepts every certificate for every name. Whoever sits on the way then reads the token and the
     * passwords. Only for tests.
     */
    SPECTACLES_TLS_INSECURE_NO_VERIFICATION = 1
};

typedef struct spectacles_tls_config {
    uint32_t size;  /* set by spectacles_tls_config_init */
    uint32_t flags; /* a mask of enum spectacles_tls_flag; default 0 */
    /*
     * PEM; NULL: SSL_CERT_FILE and SSL_CERT_DIR of the environment, then the known paths of Debian, Red
     * Hat, Alpine, SUSE, the BSDs and macOS
     */
    const char *ca_file;
    const char *cert_file; /* PEM: the client's own certificate, or NULL */
    const char *key_file;  /* PEM: its key, not encrypted; with cert_file only */
} spectacles_tls_config;

/* Fill with defaults. size: sizeof(spectacles_tls_config). */
void spectacles_tls_config_init(spectacles_tls_config *config, size_t size);

/*
 * Loads certificates and makes what many links share: one of these serves every link of one thread.
 *
 * config: NULL for the defaults.
 * problem: may be NULL; on failure it says what is wrong, and names each path that was tried.
 *
 * Blocks for as long as it takes to read the files. Returns 0, or:
 *   SPECTACLES_E_TLS          no authorities were found, or a certificate or a key cannot be read
 *   SPECTACLES_E_INVAL        a certificate without its key, a key without its certificate, or two that do not belong together
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library, or has an unknown flag
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_tls_new(spectacles_tls **out, const spectacles_tls_config *config,
                       spectacles_problem *problem);

/* Gives up the caller's hold: links made with it keep it alive until they are freed. NULL is fine. */
void spectacles_tls_free(spectacles_tls *tls);

typedef struct spectacles_link_config {
    uint32_t size;            /* set by spectacles_link_config_init */
    uint32_t connect_timeout; /* milliseconds for resolving, TCP and TLS together; default 20000 */
    /* shared, see spectacles_tls_new(); NULL: made with the defaults when TLS is first needed */
    spectacles_tls *tls;
    /*
     * milliseconds, at most 1000; default 0. After a read that brought something and emptied the socket, the
     * descriptor is not watched for reading (interest, deadline) for so long, so that more is read at once. For
     * throughput: in a stream of small messages most of the time goes into waking up for each. Costs up to so much
     * latency, and a millisecond for the clock, while messages come that close together; one after a pause of more
     * than that is read at once
     */
    uint32_t read_delay;
    uint32_t reserved; /* 0 */
} spectacles_link_config;

/* Fill with defaults. size: sizeof(spectacles_link_config). */
void spectacles_link_config_init(spectacles_link_config *config, size_t size);

/*
 * Makes a link under a stream: spectacles_shard_stream() or spectacles_broker_stream().
 *
 * stream: held. The link and the engine are freed in any order. A link whose engine was freed closes its socket at the next
 *         spectacles_link_process(), and does nothing from then on.
 * config: NULL for the defaults.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is wrong, or there is no stream
 *   SPECTACLES_E_STATE        another link moves the bytes of this stream
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_link_new(spectacles_link **out, spectacles_stream *stream,
                        const spectacles_link_config *config, spectacles_problem *problem);

/* Frees a link. An open connection is closed at once, without a close frame or connection.close. NULL is fine. */
void spectacles_link_free(spectacles_link *link);

/* The descriptor to watch, or -1 while there is none. */
int spectacles_link_fd(const spectacles_link *link);

/* What to watch it for: a mask of enum spectacles_link_io, 0 for nothing. */
uint32_t spectacles_link_interest(const spectacles_link *link);

/*
 * When process() is to be called at the latest: the earlier of the link's and the engine's deadline. It lies
 * in the past when bytes wait that the descriptor will not announce (inside TLS).
 */
uint64_t spectacles_link_deadline(const spectacles_link *link);

/*
 * Connects, shakes hands, reads, writes, expires: whatever can be done now. `ready` is a mask of enum
 * spectacles_link_io; an error or a hang-up on the descriptor counts as READ | WRITE. More than is true is
 * harmless, and 0 is fine: deadlines are looked at and what is pending is tried. Reads are bounded, so that
 * one busy link does not starve its neighbours. Returns a mask of enum spectacles_link_change. Trouble with
 * the connection is not an error of this call: the engine hears of it and tells it by an event. Takes some
 * 40 KiB of stack. SPECTACLES_E_NOMEM.
 */
int spectacles_link_process(spectacles_link *link, uint32_t ready, uint64_t now);

/*
 * The host name that needs an address before the link can go on, or NULL. Valid until the next call on the
 * link. Numeric hosts never ask.
 */
const char *spectacles_link_wants_address(const spectacles_link *link);

/*
 * Answers it: numeric addresses, IPv4 or IPv6, tried in turn, separated by spaces (as spectacles_resolve()
 * writes them). NULL and 0: it can not be resolved; the engine hears of it. The next process() goes on.
 * SPECTACLES_E_INVAL: not a numeric address. SPECTACLES_E_STATE: none was asked for. SPECTACLES_E_NOMEM.
 */
int spectacles_link_set_address(spectacles_link *link, const char *numeric, size_t length);

/*
 * One sentence about the last call on the link that failed, NUL-terminated, or "". Static. What happens to a connection is no
 * failure of a call: the engine tells it by an event.
 */
const char *spectacles_link_last_error(const spectacles_link *link);

/*
 * Blocks, for as long as the system's resolver takes: looks a host up (getaddrinfo) and writes its addresses,
 * separated by spaces, NUL-terminated. Returns the length. Call it from a thread, or where a pause is
 * harmless. SPECTACLES_E_SYS: not found. SPECTACLES_E_TOOBIG: not even one address fits (46 bytes are enough
 * for one).
 */
int spectacles_resolve(const char *host, char *numeric, size_t size);

/*
 * Blocks, as spectacles_resolve() does: answers spectacles_link_wants_address() with what the system's
 * resolver says. Does nothing when no address is wanted. Returns 0, or an error of
 * spectacles_link_set_address().
 */
int spectacles_link_resolve(spectacles_link *link);

#ifdef __cplusplus
}
#endif

#endif
