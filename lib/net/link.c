/*
 * One TCP or TLS connection under one stream: makes it, moves its bytes, and makes it anew when the engine says so. Called by
 * owners.
 */
#include "core/config.h"
#include "core/export.h"
#include "core/stream.h"
#include "core/text.h"
#include "net/address.h"
#include "net/tcp.h"
#include "net/tls.h"

#include <spectacles/link.h>
#include <stdlib.h>
#include <string.h>

/*
 *     IDLE -> RESOLVING -> CONNECTING -> HANDSHAKING -> OPEN
 *      ^      (numeric: straight on)     (TLS only)      |
 *      +------ the engine wants another connection, or none; or the connection is lost
 */
enum link_state {
    LINK_IDLE,
    LINK_RESOLVING,
    LINK_CONNECTING,
    LINK_HANDSHAKING,
    LINK_OPEN
};

enum {
    ADDRESSES_MOST = 8,
    READ_CHUNK = 32 * 1024,
    READ_BUDGET = 256 * 1024, /* bytes a call, so that one busy link does not starve its neighbours */
    WRITE_BUDGET = 1024 * 1024,
    STEPS_MOST = 16,
    CONNECT_TIMEOUT = 20000,
    READ_DELAY_MOST = 1000
};

struct spectacles_link {
    spectacles_stream *stream;
    uint32_t connect_timeout;
    uint32_t read_delay;
    spectacles_tls *tls;
    spectacles_tls *asked_tls; /* with the certificates that the endpoint names */

    enum link_state state;
    uint64_t connection; /* the engine's number of what we are working on, or have lost */
    char host[256];
    uint32_t port;
    bool wants_tls;
    bool unresolved; /* the owner found no address */
    sp_address addresses[ADDRESSES_MOST];
    size_t address_count;
    size_t address;            /* the one that is being tried */
    uint64_t deadline;         /* until it has to stand */
    uint64_t address_deadline; /* until the next address is tried */

    int fd;
    int shown_fd; /* what the owner was told of */
    int dead_fd;  /* closed at the next call */
    sp_tls_session *session;
    bool blocked_read;  /* TLS has to write before it can read on, */
    bool blocked_write; /* or the other way round */
    bool more;          /* bytes may wait that the descriptor will not announce again */
    bool touched;       /* the engine was given something */
    bool unwritten;     /* a call has written as much as one may, and bytes are left */
    const char *last_error;
    uint64_t read_at; /* not to be read before then, so that more comes together; 0: at once */
};

/* ---- Making one ---- */

SPECTACLES_EXPORT void spectacles_link_config_init(spectacles_link_config *config, size_t size)
{
    const spectacles_link_config defaults = {.connect_timeout = CONNECT_TIMEOUT};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static int check_config(const spectacles_stream *stream, const spectacles_link_config *config,
                        spectacles_problem *problem)
{
    if (!stream)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "a link needs a stream: spectacles_shard_stream()");
    if (config->connect_timeout == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "connect_timeout must not be 0");
    if (config->read_delay > READ_DELAY_MOST)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "read_delay is over 1000 milliseconds");
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_link_new(spectacles_link **out, spectacles_stream *stream,
                                          const spectacles_link_config *config, spectacles_problem *problem)
{
    spectacles_link_config read = {.connect_timeout = CONNECT_TIMEOUT};
    int error = config ? sp_config_read(&read, sizeof read, config) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    error = check_config(stream, &read, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_link *link = calloc(1, sizeof *link);
    if (!link)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    if (!sp_stream_hold_for_link(stream)) {
        free(link);
        return sp_refuse(problem, SPECTACLES_E_STATE, "another link moves the bytes of this stream");
    }
    link->stream = stream;
    link->connect_timeout = read.connect_timeout;
    link->read_delay = read.read_delay;
    link->tls = read.tls;
    link->last_error = "";
    link->fd = link->shown_fd = link->dead_fd = -1;
    link->deadline = link->address_deadline = SPECTACLES_NEVER;
    if (link->tls)
        sp_tls_hold(link->tls);
    *out = link;
    return SPECTACLES_OK;
}

static int fail(spectacles_link *link, int error, const char *text)
{
    link->last_error = text;
    return error;
}

SPECTACLES_EXPORT const char *spectacles_link_last_error(const spectacles_link *link)
{
    return link->last_error;
}

static void bury(spectacles_link *link)
{
    if (link->dead_fd >= 0)
        sp_tcp_close(link->dead_fd);
    link->dead_fd = -1;
}

SPECTACLES_EXPORT void spectacles_link_free(spectacles_link *link)
{
    if (!link)
        return;
    sp_stream_release_from_link(link->stream);
    sp_tls_session_free(link->session);
    bury(link);
    if (link->fd >= 0)
        sp_tcp_close(link->fd);
    spectacles_tls_free(link->asked_tls);
    spectacles_tls_free(link->tls);
    free(link);
}

/* ---- Ending a connection ---- */

/* A descriptor that the owner may be watching stays open, but dead, until the next call. */
static void close_socket(spectacles_link *link)
{
    if (link->session && link->state == LINK_OPEN)
        sp_tls_goodbye(link->session);
    sp_tls_session_free(link->session);
    link->session = NULL;
    if (link->fd >= 0 && link->fd == link->shown_fd) {
        sp_tcp_shutdown(link->fd);
        bury(link);
        link->dead_fd = link->fd;
    } else if (link->fd >= 0) {
        sp_tcp_close(link->fd);
    }
    link->fd = -1;
    link->blocked_read = link->blocked_write = link->more = link->unwritten = false;
    link->read_at = 0;
}

static void become(spectacles_link *link, enum link_state state)
{
    if (state == LINK_IDLE)
        close_socket(link);
    if (state == LINK_IDLE || state == LINK_OPEN)
        link->deadline = link->address_deadline = SPECTACLES_NEVER;
    link->state = state;
}

static void lose(spectacles_link *link, int error, const sp_text *why, uint64_t now)
{
    become(link, LINK_IDLE);
    spectacles_stream_eof(link->stream, error, why ? why->chars : NULL, why ? why->length : 0, now);
    link->touched = true;
}

/* ---- Making a connection ---- */

static void add_address(spectacles_link *link, const char *text, size_t length)
{
    if (link->address_count < ADDRESSES_MOST &&
        sp_address_parse(&link->addresses[link->address_count], text, length))
        link->address_count++;
}

static void begin(spectacles_link *link, const spectacles_endpoint *endpoint, uint64_t now)
{
    size_t length = strlen(endpoint->host);
    link->connection = endpoint->connection;
    link->port = endpoint->port;
    link->wants_tls = endpoint->tls;
    length = length < sizeof link->host ? length : sizeof link->host - 1;
    memcpy(link->host, endpoint->host, length);
    link->host[length] = '\0';
    link->address_count = link->address = 0;
    link->unresolved = false;
    add_address(link, link->host, length);
    become(link, LINK_RESOLVING);
    link->deadline = now + link->connect_timeout;
}

static const char *phase(const spectacles_link *link)
{
    return link->state == LINK_RESOLVING    ? "looking up the host name"
           : link->state == LINK_CONNECTING ? "connecting (TCP)"
                                            : "the TLS handshake";
}

static void time_out(spectacles_link *link, uint64_t now)
{
    sp_text why;
    sp_text_set(&why, "timed out after %u ms with %s:%u, while %s", (unsigned)link->connect_timeout,
                link->host, (unsigned)link->port, phase(link));
    lose(link, SPECTACLES_E_SYS, &why, now);
}

static void refuse_address(spectacles_link *link, ssize_t error, uint64_t now)
{
    sp_text why;
    close_socket(link);
    if (++link->address < link->address_count) {
        link->state = LINK_RESOLVING;
        return;
    }
    sp_text_set(&why, "can not connect to %s:%u: %s", link->host, (unsigned)link->port, sp_tcp_text(error));
    lose(link, SPECTACLES_E_SYS, &why, now);
}

static bool try_address(spectacles_link *link, uint64_t now)
{
    sp_text why;
    if (link->unresolved) {
        sp_text_set(&why, "can not find the host %s: its name can not be resolved", link->host);
        lose(link, SPECTACLES_E_SYS, &why, now);
        return true;
    }
    if (link->address >= link->address_count)
        return false;
    int fd = sp_tcp_connect(&link->addresses[link->address], link->port);
    if (fd < 0) {
        refuse_address(link, fd, now);
        return true;
    }
    link->fd = fd;
    become(link, LINK_CONNECTING);
    /* What time is left is shared by the addresses that are left. */
    uint64_t left = link->deadline > now ? link->deadline - now : 0;
    link->address_deadline = now + left / (link->address_count - link->address);
    return true;
}

static bool open_engine(spectacles_link *link, uint64_t now)
{
    become(link, LINK_OPEN);
    link->touched = true;
    int error = spectacles_stream_opened(link->stream, now);
    if (error != SPECTACLES_OK)
        lose(link, error, NULL, now);
    return true;
}

/* Read anew for each connection: whoever replaces a certificate need not restart anything. */
static int load_asked(spectacles_link *link, const spectacles_endpoint *endpoint, spectacles_problem *why)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = endpoint->ca_file;
    config.cert_file = endpoint->cert_file;
    config.key_file = endpoint->key_file;
    spectacles_tls_free(link->asked_tls);
    link->asked_tls = NULL;
    return spectacles_tls_new(&link->asked_tls, &config, why);
}

static int load_certificates(spectacles_link *link, spectacles_problem *why)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    if (endpoint && (endpoint->ca_file || endpoint->cert_file))
        return load_asked(link, endpoint, why);
    spectacles_tls_free(link->asked_tls);
    link->asked_tls = NULL;
    return link->tls ? SPECTACLES_OK : spectacles_tls_new(&link->tls, NULL, why);
}

static bool begin_tls(spectacles_link *link, uint64_t now)
{
    spectacles_problem problem;
    int error = load_certificates(link, &problem);
    if (error != SPECTACLES_OK) {
        sp_text why;
        sp_text_set(&why, "%s", problem.text);
        lose(link, error, &why, now);
        return true;
    }
    error = sp_tls_session_new(&link->session, link->asked_tls ? link->asked_tls : link->tls, link->fd,
                               link->host);
    if (error != SPECTACLES_OK) {
        lose(link, error, NULL, now);
        return true;
    }
    become(link, LINK_HANDSHAKING);
    return true;
}

static bool check_connected(spectacles_link *link, uint64_t now)
{
    int connected = sp_tcp_connected(link->fd);
    if (connected < 0) {
        refuse_address(link, connected, now);
        return true;
    }
    if (connected == 0 && now >= link->address_deadline && link->address + 1 < link->address_count) {
        refuse_address(link, 0, now);
        return true;
    }
    if (connected == 0)
        return false;
    return link->wants_tls ? begin_tls(link, now) : open_engine(link, now);
}

static bool shake_hands(spectacles_link *link, uint64_t now)
{
    sp_text why;
    int done = sp_tls_handshake(link->session, &why);
    if (done == 1)
        return open_engine(link, now);
    if (done == SP_TLS_FAILED) {
        lose(link, SPECTACLES_E_TLS, &why, now);
        return true;
    }
    link->blocked_write = done == SP_TLS_WANTS_WRITE;
    return false;
}

/* ---- Moving bytes ---- */

static void lose_plain(spectacles_link *link, ssize_t error, uint64_t now)
{
    sp_text why;
    sp_text_set(&why, "lost the connection to %s:%u: %s", link->host, (unsigned)link->port,
                sp_tcp_text(error));
    lose(link, SPECTACLES_E_SYS, &why, now);
}

static void lose_tls(spectacles_link *link, const sp_text *why, uint64_t now)
{
    lose(link, SPECTACLES_E_CLOSED, why, now);
}

/* What TLS holds back has to be gone before anything else is written. False when it is not, or when the
 * connection is lost. */
static bool flush_tls(spectacles_link *link, uint64_t now)
{
    sp_text why;
    int done = link->session ? sp_tls_flush(link->session, &why) : 1;
    link->blocked_write = done == SP_TLS_WANTS_READ;
    if (done == SP_TLS_FAILED)
        lose_tls(link, &why, now);
    return done == 1;
}

/* Bytes moved, 0 when it would block, -1 when the connection is lost and the engine has heard of it. */
static ssize_t write_some(spectacles_link *link, const uint8_t *bytes, size_t length, uint64_t now)
{
    sp_text why;
    ssize_t put = link->session ? sp_tls_write(link->session, bytes, length, &why)
                                : sp_tcp_write(link->fd, bytes, length);
    if (put >= 0)
        return put;
    if (link->session) {
        lose_tls(link, &why, now);
        return -1;
    }
    if (sp_tcp_would_block(put))
        return 0;
    lose_plain(link, put, now);
    return -1;
}

static void flush(spectacles_link *link, uint64_t now)
{
    const uint8_t *bytes;
    size_t length;
    size_t budget = WRITE_BUDGET;
    link->unwritten = false;
    while (budget > 0 && flush_tls(link, now) &&
           (length = spectacles_stream_pending(link->stream, &bytes)) > 0) {
        ssize_t put = write_some(link, bytes, length < budget ? length : budget, now);
        if (put <= 0)
            return;
        spectacles_stream_consumed(link->stream, (size_t)put);
        link->touched = true;
        budget -= (size_t)put;
    }
    link->unwritten = budget == 0;
}

/* As write_some; the end of the stream is a lost connection too. */
static ssize_t read_some(spectacles_link *link, uint8_t *bytes, size_t length, uint64_t now)
{
    sp_text why;
    ssize_t got = link->session ? sp_tls_read(link->session, bytes, length, &why)
                                : sp_tcp_read(link->fd, bytes, length);
    link->blocked_read = got == SP_TLS_WANTS_WRITE;
    if (got > 0)
        return got;
    if (got == SP_TLS_WANTS_READ || got == SP_TLS_WANTS_WRITE || sp_tcp_would_block(got))
        return 0;
    if (got == 0)
        lose(link, SPECTACLES_OK, NULL, now);
    else if (link->session)
        lose_tls(link, &why, now);
    else
        lose_plain(link, got, now);
    return -1;
}

static bool feed(spectacles_link *link, const uint8_t *bytes, size_t length, uint64_t now)
{
    int error = spectacles_stream_feed(link->stream, bytes, length, now);
    link->touched = true;
    if (error == SPECTACLES_OK)
        return true;
    lose(link, error, NULL, now);
    return false;
}

/* Returns how much was read, and whether the socket holds no more: a short read from a plain one has emptied it. */
static size_t drink(spectacles_link *link, uint64_t now, bool *emptied)
{
    uint8_t bytes[READ_CHUNK];
    size_t budget = READ_BUDGET;
    ssize_t got = 1;
    while (budget > 0 && spectacles_stream_wants_input(link->stream)) {
        got = read_some(link, bytes, budget < sizeof bytes ? budget : sizeof bytes, now);
        if (got <= 0 || !feed(link, bytes, (size_t)got, now))
            break;
        budget -= (size_t)got;
        if (!link->session && (size_t)got < sizeof bytes) {
            got = 0;
            break;
        }
    }
    if (link->state == LINK_OPEN)
        link->more = got > 0 || (link->session && sp_tls_has_more(link->session));
    *emptied = got == 0;
    return READ_BUDGET - budget;
}

/*
 * What is read while much arrives may wait for more of its kind: many small segments cost the system, and every wake-up
 * costs more than what it brings. Once nothing has come for that long, the next bytes are read as they come.
 */
static void read_in_turn(spectacles_link *link, uint64_t now)
{
    bool emptied;
    bool more_may_come = drink(link, now, &emptied) > 0 && emptied && link->state == LINK_OPEN;
    link->read_at = more_may_come && link->read_delay > 0 ? now + link->read_delay : 0;
}

/*
 * For an engine that has enough nothing is watched, but poll(2) and epoll report a broken connection all the same, over and
 * over: what nobody has read of it is lost.
 */
static void look_for_a_reset(spectacles_link *link, uint64_t now)
{
    int connected = sp_tcp_connected(link->fd);
    if (connected < 0)
        lose_plain(link, connected, now);
}

static bool pump(spectacles_link *link, uint32_t ready, uint64_t now)
{
    flush(link, now);
    if (link->state != LINK_OPEN)
        return true;
    bool readable = ready & SPECTACLES_LINK_READ || link->more || link->blocked_read;
    bool wanted = spectacles_stream_wants_input(link->stream);
    if (readable)
        read_in_turn(link, now);
    if (!wanted && ready & SPECTACLES_LINK_READ)
        look_for_a_reset(link, now);
    return false;
}

/* ---- The face ---- */

/* Follows the engine: true when the connection it wants is not the one we have. */
static bool follow(spectacles_link *link, uint64_t now)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    bool current = endpoint && endpoint->connection == link->connection;
    if (link->state != LINK_IDLE && !current) {
        become(link, LINK_IDLE);
        return true;
    }
    if (link->state == LINK_IDLE && endpoint && !current) {
        begin(link, endpoint, now);
        return true;
    }
    return false;
}

static bool step(spectacles_link *link, uint32_t ready, uint64_t now)
{
    if (follow(link, now))
        return true;
    if (now >= link->deadline) {
        time_out(link, now);
        return true;
    }
    switch (link->state) {
    case LINK_RESOLVING:
        return try_address(link, now);
    case LINK_CONNECTING:
        return check_connected(link, now);
    case LINK_HANDSHAKING:
        return shake_hands(link, now);
    case LINK_OPEN:
        return pump(link, ready, now);
    default:
        return false;
    }
}

SPECTACLES_EXPORT int spectacles_link_fd(const spectacles_link *link)
{
    return link->fd;
}

SPECTACLES_EXPORT uint32_t spectacles_link_interest(const spectacles_link *link)
{
    const uint8_t *bytes;
    uint32_t interest = 0;
    if (link->fd < 0)
        return 0;
    if (link->state == LINK_CONNECTING)
        return SPECTACLES_LINK_WRITE;
    if (link->state == LINK_HANDSHAKING)
        return link->blocked_write ? SPECTACLES_LINK_WRITE : SPECTACLES_LINK_READ;
    if ((link->read_at == 0 && spectacles_stream_wants_input(link->stream)) || link->blocked_write)
        interest |= SPECTACLES_LINK_READ;
    bool holds = link->session && !sp_tls_is_flushed(link->session);
    if (link->blocked_read ||
        (!link->blocked_write && (holds || spectacles_stream_pending(link->stream, &bytes) > 0)))
        interest |= SPECTACLES_LINK_WRITE;
    return interest;
}

SPECTACLES_EXPORT uint64_t spectacles_link_deadline(const spectacles_link *link)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    bool current = endpoint && endpoint->connection == link->connection;
    uint64_t deadline = spectacles_stream_deadline(link->stream);
    /* The engine has changed its mind since the last call, or bytes wait inside TLS. */
    if (link->state == LINK_IDLE ? endpoint && !current : !current)
        return 0;
    if (link->state == LINK_OPEN && link->more && spectacles_stream_wants_input(link->stream))
        return 0;
    if (link->state == LINK_OPEN && link->unwritten)
        return 0;
    if (link->state == LINK_RESOLVING && (link->unresolved || link->address < link->address_count))
        return 0;
    if (link->read_at != 0 && link->read_at < deadline && spectacles_stream_wants_input(link->stream))
        deadline = link->read_at;
    deadline = link->deadline < deadline ? link->deadline : deadline;
    if (link->state == LINK_CONNECTING && link->address_deadline < deadline)
        deadline = link->address_deadline;
    return deadline;
}

SPECTACLES_EXPORT int spectacles_link_process(spectacles_link *link, uint32_t ready, uint64_t now)
{
    uint32_t interest = spectacles_link_interest(link);
    uint64_t deadline = spectacles_link_deadline(link);
    int error = SPECTACLES_OK;
    int changed = 0;
    bury(link);
    link->shown_fd = link->fd;
    link->touched = false;
    if (link->read_at != 0 && now >= link->read_at)
        ready |= SPECTACLES_LINK_READ;
    /* What has arrived comes first: bytes that wait in the socket show that the peer lives. */
    if (link->state == LINK_OPEN && ready & SPECTACLES_LINK_READ) {
        step(link, ready, now);
        ready &= ~(uint32_t)SPECTACLES_LINK_READ;
    }
    if (spectacles_stream_deadline(link->stream) <= now) {
        error = spectacles_stream_expire(link->stream, now);
        link->touched = true;
    }
    for (int i = 0; i < STEPS_MOST && step(link, ready, now); i++)
        ready |= SPECTACLES_LINK_READ;
    changed |= link->fd != link->shown_fd ? SPECTACLES_LINK_FD : 0;
    changed |= interest != spectacles_link_interest(link) ? SPECTACLES_LINK_INTEREST : 0;
    changed |= deadline != spectacles_link_deadline(link) ? SPECTACLES_LINK_DEADLINE : 0;
    changed |= link->touched ? SPECTACLES_LINK_EVENTS : 0;
    return error == SPECTACLES_OK ? changed : fail(link, error, "out of memory");
}

SPECTACLES_EXPORT const char *spectacles_link_wants_address(const spectacles_link *link)
{
    bool wants = link->state == LINK_RESOLVING && link->address_count == 0 && !link->unresolved;
    return wants ? link->host : NULL;
}

static int parse_addresses(spectacles_link *link, const char *numeric, size_t length)
{
    size_t at = 0;
    while (at < length) {
        size_t end = at;
        while (end < length && numeric[end] != ' ')
            end++;
        sp_address ignored;
        if (end > at && !sp_address_parse(&ignored, numeric + at, end - at)) {
            link->address_count = 0;
            return fail(link, SPECTACLES_E_INVAL,
                        "what should be an address is no numeric IPv4 or IPv6 address");
        }
        add_address(link, numeric + at, end - at);
        at = end + 1;
    }
    return link->address_count > 0 ? SPECTACLES_OK
                                   : fail(link, SPECTACLES_E_INVAL, "there is no address in the answer");
}

SPECTACLES_EXPORT int spectacles_link_resolve(spectacles_link *link)
{
    char numeric[ADDRESSES_MOST * 48];
    const char *host = spectacles_link_wants_address(link);
    if (!host)
        return SPECTACLES_OK;
    int length = spectacles_resolve(host, numeric, sizeof numeric);
    return length > 0 ? spectacles_link_set_address(link, numeric, (size_t)length)
                      : spectacles_link_set_address(link, NULL, 0);
}

SPECTACLES_EXPORT int spectacles_link_set_address(spectacles_link *link, const char *numeric, size_t length)
{
    if (!spectacles_link_wants_address(link))
        return fail(link, SPECTACLES_E_STATE, "the link has not asked for an address");
    if (numeric)
        return parse_addresses(link, numeric, length);
    link->unresolved = true;
    return SPECTACLES_OK;
}
