/*
 * spectacles/link.h - the optional transport: one TCP or TLS connection under the stream of a shard or a broker.
 *
 * SPDX-License-Identifier: MIT
 *
 * A link makes the connection that its engine wants, moves bytes both ways, and connects again when the engine asks for
 * another connection. A link owns no loop. You own the loop: poll, epoll, kqueue, libuv, GLib or libev.
 *
 *     while (spectacles_shard_state(shard) < SPECTACLES_SHARD_CLOSED) {
 *         ... wait until spectacles_link_fd(link) is ready for spectacles_link_interest(link), or until
 *             spectacles_link_deadline(link): spectacles_poll_timeout() says how long. `ready` is what came of it ...
 *         spectacles_link_process(link, ready, now);
 *         ... answer spectacles_link_wants_address(link) ...
 *         while ((event = spectacles_shard_next_event(shard, now))) ...
 *     }
 *
 * The loop ends when the engine has come to a final state (CLOSED or FATAL; a broker: CLOSED). A final engine has no
 * deadline and no descriptor, so that a loop without that condition would wait for ever.
 *
 * Ask for descriptor, interest and deadline after you have pulled the events of the engine and made your own calls
 * on the engine: all of these can change them.
 *
 * Level-triggered and edge-triggered loops both work. A call is bounded. When it leaves bytes unread or unwritten,
 * spectacles_link_deadline() lies in the past, so that no loop waits for an edge that it has seen already. An
 * edge-triggered loop may watch the descriptor for reading and writing all the time, whatever
 * spectacles_link_interest() says.
 *
 * Several addresses. The addresses of a host race (RFC 8305): families take turns, the next address is tried 250
 * milliseconds after the one before, or at once when that one fails, and the earlier ones go on. The first address over
 * which TCP and TLS stand wins, and the others are closed. When TCP stands, the next address waits until the rest has
 * had its share of the time: at least 250 ms and at most 2 s. At most 8 addresses are tried at the same time. Four
 * seconds after the last one, and while none has answered, all are tried again. A connection that ends before the
 * engine is READY counts as failed, so that the next connection begins behind its address; and an address over which
 * the engine became READY is tried first. The DISCONNECTED event of the engine names the address, and
 * spectacles_link_peer() does.
 *
 * While addresses race, a link has more than one descriptor. A poller (poller.h) watches all of them. An owner without
 * a poller watches one, that of the address that was tried last: spectacles_link_fd() changes from address to address,
 * and spectacles_link_deadline() asks for a call every 25 milliseconds as long as others run beside it.
 *
 * Proxies. With `proxy` the link connects to the proxy (proxy.h), asks it for a way to the endpoint of the engine, and
 * makes TLS through that way. spectacles_link_wants_address() asks for the name of the proxy then. A proxy that refuses
 * is a connection that could not be made: the DISCONNECTED event says which proxy it was, what it answered and what can
 * be done, and the engine tries again with its back-off.
 *
 * A link and its engine belong to one thread at a time. No signal is ever raised (no SIGPIPE), and no descriptor leaks
 * into a child (CLOEXEC). `now` is in milliseconds on the clock of the engine (types.h).
 */
#ifndef SPECTACLES_LINK_H
#define SPECTACLES_LINK_H

#include <spectacles/proxy.h>
#include <spectacles/stream.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A link. Made by spectacles_link_new(), freed by spectacles_link_free(). */
typedef struct spectacles_link spectacles_link;

/* Certificates, and what many links share. Made by spectacles_tls_new(), freed by spectacles_tls_free(). */
typedef struct spectacles_tls spectacles_tls;

/* What a descriptor is watched for, and what it is ready for: a mask. The numbers are those of libuv. */
enum spectacles_link_io {
    /* Reading. */
    SPECTACLES_LINK_READ = 1,
    /* Writing. */
    SPECTACLES_LINK_WRITE = 2
};

/* What a call of spectacles_link_process() has changed: a mask. */
enum spectacles_link_change {
    /*
     * There is another descriptor, or none. The old one stays open until the next call of spectacles_link_process() or
     * spectacles_link_free(), and longer while its address goes on beside another one: stop watching it before that
     * call (libuv, epoll).
     */
    SPECTACLES_LINK_FD = 1,
    /* spectacles_link_interest() is another one. */
    SPECTACLES_LINK_INTEREST = 2,
    /* spectacles_link_deadline() is another one. */
    SPECTACLES_LINK_DEADLINE = 4,
    /* The engine was given something: pull its events. */
    SPECTACLES_LINK_EVENTS = 8
};

/* How a link is: a mask. */
enum spectacles_link_flag {
    /*
     * The owner makes the connections: a tunnel, a socket that was handed over, a socketpair of a test. The link asks
     * for no address, and spectacles_link_wants_descriptor() says when a connection is wanted.
     */
    SPECTACLES_LINK_DESCRIPTORS = 1
};

/* Limits of a link. */
enum spectacles_link_limit {
    /* The most bytes that spectacles_link_set_address() takes: more than an answer of a name server can hold. */
    SPECTACLES_LINK_ADDRESSES_MAX = 65536,
    /* Room for a numeric address and its NUL. */
    SPECTACLES_LINK_ADDRESS_SIZE = 48
};

/* How TLS is made: a mask. */
enum spectacles_tls_flag {
    /*
     * Accepts every certificate for every name. Whoever stands between the two sides reads the token and the
     * passwords. For tests only.
     */
    SPECTACLES_TLS_INSECURE_NO_VERIFICATION = 1
};

/* Which certificates TLS uses. The texts are NUL-terminated, and needed during spectacles_tls_new() only. */
typedef struct spectacles_tls_config {
    uint32_t size;  /* set by spectacles_tls_config_init() */
    uint32_t flags; /* a mask of enum spectacles_tls_flag; default 0 */
    /*
     * PEM: the authorities. NULL (default): SSL_CERT_FILE and SSL_CERT_DIR of the environment, then the known paths of
     * Debian, Red Hat, Alpine, SUSE, the BSDs and macOS
     */
    const char *ca_file;
    const char *cert_file; /* PEM: the client's own certificate; default NULL: none */
    const char *key_file;  /* PEM: its key, not encrypted; with cert_file only; default NULL */
} spectacles_tls_config;

/* Fills a configuration with defaults. size: sizeof(spectacles_tls_config). Does nothing when size is below 4. */
void spectacles_tls_config_init(spectacles_tls_config *config, size_t size);

/*
 * Loads certificates. All links of one thread may share the result.
 *
 * out: free it with spectacles_tls_free(). Unchanged on failure.
 * config: NULL for the defaults.
 * problem: may be NULL; on failure it says what is wrong, and names each path that was tried.
 *
 * Blocks for as long as it takes to read the files. Returns 0, or:
 *   SPECTACLES_E_TLS          no authorities were found, or a certificate or a key cannot be read
 *   SPECTACLES_E_INVAL        a certificate without its key, a key without its certificate, or two that do not belong
 *                             together
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library, or has an unknown flag
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_tls_new(spectacles_tls **out, const spectacles_tls_config *config,
                       spectacles_problem *problem);

/* Frees it for the caller. Links that were made with it keep it until they are freed. NULL is fine. Does not block. */
void spectacles_tls_free(spectacles_tls *tls);

/*
 * The TLS library that links use, with its version, for a log: "OpenSSL 3.0.19 27 Jan 2026" or "mbedTLS 2.28.3". Which
 * one it is was chosen when libspectacles was built (the option tls).
 *
 * Returns a static, NUL-terminated text. Cannot fail. Never blocks.
 */
const char *spectacles_tls_library(void);

/* How a link is made. */
typedef struct spectacles_link_config {
    uint32_t size; /* set by spectacles_link_config_init() */
    /* milliseconds for the host name, and once more for TCP and TLS together; not 0; default 20000 */
    uint32_t connect_timeout;
    /* held, and shared with other links; NULL (default): made with the defaults when TLS is first needed */
    spectacles_tls *tls;
    /*
     * milliseconds, at most 1000; default 0. After a read that brought bytes and emptied the socket, the descriptor
     * is not watched for reading for so long (interest, deadline), so that more bytes are read at once. For
     * throughput: in a stream of small messages most of the time goes into waking up for each. Costs up to so much
     * latency, and a millisecond for the clock, while messages come that close together. A message after a longer
     * pause is read at once
     */
    uint32_t read_delay;
    /* a mask of enum spectacles_link_flag; default 0 */
    uint32_t flags;
    /*
     * 4 or 6: the addresses of this family alone are tried, IPv4 or IPv6; 0 (default): of both, as "Several addresses"
     * says. A host that has none fails with a sentence that says so
     */
    uint32_t family;
    /*
     * How a dead connection is found when nothing is sent (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT): after
     * keepalive_idle milliseconds without a byte the kernel asks the peer, every keepalive_interval milliseconds, and
     * gives up after keepalive_probes questions without an answer. Defaults 60000, 10000 and 3. Each is a whole number
     * of seconds in the kernel, rounded up. keepalive_idle 0: the peer is never asked. 1 to 32767 seconds, and 1 to
     * 127 questions. A system that lacks one of these keeps its own value
     */
    uint32_t keepalive_idle;
    uint32_t keepalive_interval; /* see keepalive_idle */
    uint32_t keepalive_probes;   /* see keepalive_idle */
    /*
     * milliseconds; default 90000. How a dead connection is found while bytes wait: when the peer has acknowledged none
     * of what was sent for so long, the connection is lost (TCP_USER_TIMEOUT, RFC 5482; Linux, and macOS as
     * TCP_RXT_CONNDROPTIME). It counts also while a peer takes no bytes. While a RabbitMQ says that it takes none
     * (connection.blocked: a memory or disk alarm), it is therefore turned off. 0: the kernel's own time, on Linux
     * about a quarter of an hour. The kernel has one such time for connections that are idle and for those with bytes
     * that wait (tcp(7)). So a time that is longer than keepalive takes (keepalive_idle, and keepalive_probes times
     * keepalive_interval) is shortened to that
     */
    uint32_t user_timeout;
    /*
     * the address that connections come from: numeric, NUL-terminated. Default "": the system chooses. Addresses of its
     * family alone are tried
     */
    char source_address[SPECTACLES_LINK_ADDRESS_SIZE];
    /*
     * the URL of a proxy: see proxy.h. Copied, and wiped when the link is freed. NULL (default): none. The library does
     * not look at HTTPS_PROXY and its like: spectacles_proxy_from_environment() does
     */
    const char *proxy;
    /* the hosts that are reached without the proxy: see spectacles_proxy_is_excepted(). Copied; NULL (default): none */
    const char *no_proxy;
} spectacles_link_config;

/* Fills a configuration with defaults. size: sizeof(spectacles_link_config). Does nothing when size is below 4. */
void spectacles_link_config_init(spectacles_link_config *config, size_t size);

/*
 * Makes a link under a stream.
 *
 * out: free it with spectacles_link_free(). Unchanged on failure.
 * stream: spectacles_shard_stream() or spectacles_broker_stream(); held. The link and the engine are freed in any
 * order.
 *         A link whose engine was freed closes its socket at the next spectacles_link_process(), and does nothing from
 *         then on.
 * config: NULL for the defaults.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is wrong, or there is no stream
 *   SPECTACLES_E_STATE        another link moves the bytes of this stream
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library, or the proxy is of a kind that is not there
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_link_new(spectacles_link **out, spectacles_stream *stream,
                        const spectacles_link_config *config, spectacles_problem *problem);

/*
 * Frees a link. An open connection is closed at once, without a close frame or connection.close; the engine is not
 * told. NULL is fine. Does not block.
 */
void spectacles_link_free(spectacles_link *link);

/*
 * Changes whom a link trusts, and what it shows of itself: for certificates that are renewed while a program runs. The
 * next connection is made with it, and so is an address that is tried from now on. A connection that stands goes on
 * with the certificates that it was made with. A new spectacles_tls has no sessions to take up again: the first
 * connection to each host looks at the peer's certificate.
 *
 * Where the endpoint of the engine names certificates (cacertfile and its like in an AMQP URL), those are read from
 * their files for each connection, and `tls` is not looked at.
 *
 * tls: held in the place of the former one. When spectacles_tls_new() fails, call nothing: the link goes on as before.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_INVAL  tls is NULL: make the defaults by spectacles_tls_new()
 */
int spectacles_link_set_tls(spectacles_link *link, spectacles_tls *tls);

/* The descriptor to watch, or -1 while there is none. Belongs to the link: never close it. Cannot fail. */
int spectacles_link_fd(const spectacles_link *link);

/* What the descriptor is to be watched for: a mask of enum spectacles_link_io, 0 for nothing. Cannot fail. */
uint32_t spectacles_link_interest(const spectacles_link *link);

/*
 * When spectacles_link_process() is to be called at the latest: the earlier of the deadline of the link and the
 * deadline of the engine. Milliseconds on the clock of `now`; SPECTACLES_NEVER for never. It lies in the past when
 * bytes wait that the descriptor will not announce. Cannot fail.
 */
uint64_t spectacles_link_deadline(const spectacles_link *link);

/*
 * Connects, shakes hands, reads, writes and expires: whatever can be done now. Bounded, so that one busy link does not
 * starve its neighbours. A connection that fails or is lost is not an error of this call: the engine tells it by an
 * event.
 *
 * ready: a mask of enum spectacles_link_io. An error or a hang-up of the descriptor counts as READ | WRITE. More than
 *        is true is harmless. 0 is fine: deadlines are looked at, and pending bytes are tried.
 *
 * Does not block. Takes about 40 KiB of stack. Returns a mask of enum spectacles_link_change, or:
 *   SPECTACLES_E_NOMEM  memory ran out; the link can go on
 */
int spectacles_link_process(spectacles_link *link, uint32_t ready, uint64_t now);

/*
 * The host name that needs an address before the link can go on, NUL-terminated; or NULL. Numeric hosts need none.
 * Valid until the next call on the link. Cannot fail.
 */
const char *spectacles_link_wants_address(const spectacles_link *link);

/*
 * Answers spectacles_link_wants_address(). The next spectacles_link_process() goes on.
 *
 * addresses, length: numeric addresses, IPv4 or IPv6, separated by spaces, as spectacles_resolve() writes them: all
 *                    that the name has, in the order of the answer (RFC 6724). At most
 *                    SPECTACLES_LINK_ADDRESSES_MAX bytes. Copied.
 *
 * The addresses race (RFC 8305): see "Several addresses" above.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_INVAL   a word is not a numeric address, or there is none
 *   SPECTACLES_E_STATE   the link wants no address
 *   SPECTACLES_E_TOOBIG  there are more than SPECTACLES_LINK_ADDRESSES_MAX bytes
 *   SPECTACLES_E_NOMEM   memory ran out; the link still wants an address
 */
int spectacles_link_set_address(spectacles_link *link, const char *addresses, size_t length);

/*
 * Whether a connected descriptor is wanted: 1 with SPECTACLES_LINK_DESCRIPTORS, when the engine wants a connection and
 * spectacles_link_set_descriptor() has not given one. It is wanted anew for each connection: when one is lost, the
 * engine waits for its back-off, and then asks for the next. spectacles_stream_endpoint() says where to. As long as it
 * is wanted, the time of connect_timeout runs. Cannot fail.
 */
int spectacles_link_wants_descriptor(const spectacles_link *link);

/*
 * Answers spectacles_link_wants_descriptor(). The next spectacles_link_process() goes on. TLS is made over the
 * descriptor when the engine wants it: a tunnel ends in front of TLS.
 *
 * fd: a stream socket that is connected, or whose connect() is under way: TCP, a Unix socket, a socketpair. It belongs
 *     to the link from now on, which makes it non-blocking and CLOEXEC, sets keepalive_idle and the like where it is
 *     TCP, and closes it. When the call fails, the descriptor still belongs to the caller.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_STATE  no descriptor is wanted
 *   SPECTACLES_E_INVAL  the descriptor is no stream socket
 *   SPECTACLES_E_SYS    the system refuses to make it non-blocking
 */
int spectacles_link_set_descriptor(spectacles_link *link, int fd);

/*
 * Answers spectacles_link_wants_descriptor(): there is no connection. The engine hears of it, and asks again after its
 * back-off.
 *
 * why, length: the reason, for the DISCONNECTED event. Copied. NULL and 0: it is not known.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_STATE  no descriptor is wanted
 */
int spectacles_link_set_no_descriptor(spectacles_link *link, const char *why, size_t length);

/*
 * The address of the connection that stands, or else of the one that stood or was tried last: numeric, NUL-terminated,
 * "" when there is none. For a log: which of the addresses of a host is used. Valid until the next call on the link.
 * Cannot fail.
 */
const char *spectacles_link_peer(const spectacles_link *link);

/*
 * Answers spectacles_link_wants_address() when the name has no address. The engine tells it in its DISCONNECTED event:
 * "can not find the host gateway.discord.gg: there is no such name".
 *
 * why, length: the reason, as the part of that sentence that stands behind the colon. NULL and 0: it is not known.
 *
 * Does not block. Returns 0, or:
 *   SPECTACLES_E_STATE  the link wants no address
 */
int spectacles_link_set_no_address(spectacles_link *link, const char *why, size_t length);

/*
 * One sentence about the last call on the link that failed, NUL-terminated, or "". Static. A connection that is
 * lost is no failed call: the engine tells it by an event.
 */
const char *spectacles_link_last_error(const spectacles_link *link);

/*
 * Looks a host name up with the resolver of the system (getaddrinfo).
 *
 * out:  its addresses are written here, separated by spaces, NUL-terminated.
 * size: the room in `out`, in bytes. 46 are enough for one address.
 * host: the name, NUL-terminated.
 * problem: may be NULL; on failure it says why: "there is no such name", "no name server answered".
 *
 * Blocks, for as long as the resolver takes: call it from a thread, or where a pause is harmless; or use a
 * spectacles_resolver (resolver.h), which does not block. Returns the length, or:
 *   SPECTACLES_E_SYS     the name has no address, or the resolver failed
 *   SPECTACLES_E_TOOBIG  not even one address fits
 */
int spectacles_resolve(char *out, size_t size, const char *host, spectacles_problem *problem);

/*
 * Answers spectacles_link_wants_address() with what spectacles_resolve() says. Does nothing when no address is wanted.
 *
 * Blocks, for as long as the resolver takes. Returns 0, or an error of spectacles_link_set_address().
 */
int spectacles_link_resolve(spectacles_link *link);

#ifdef __cplusplus
}
#endif

#endif
