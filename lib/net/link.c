/*
 * The calls of spectacles/link.h: makes a link, decides what is to be done next, and says what the loop of the
 * owner has to wait for. Called by owners.
 */
#include "net/link.h"

#include "core/config.h"
#include "core/export.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 16, /* changes of state in one call */
    READ_DELAY_MAX = 1000,
    KEEPALIVE_MAX = 32767000, /* milliseconds that the kernel of Linux takes */
    KEEPALIVE_PROBES_MAX = 127
};

static const spectacles_link_config default_config = {.connect_timeout = 20000,
                                                      .keepalive_idle = 60000,
                                                      .keepalive_interval = 10000,
                                                      .keepalive_probes = 3,
                                                      .user_timeout = 90000};

/* ---- Making and freeing ---- */

SPECTACLES_EXPORT void spectacles_link_config_init(spectacles_link_config *config, size_t size)
{
    sp_config_write(config, size, &default_config, sizeof default_config);
}

static int check_keepalive(const spectacles_link_config *config, spectacles_problem *problem)
{
    if (config->keepalive_idle == 0)
        return SPECTACLES_OK;
    if (config->keepalive_idle > KEEPALIVE_MAX || config->keepalive_interval > KEEPALIVE_MAX ||
        config->keepalive_interval == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "keepalive_idle and keepalive_interval have to be from 1 to 32767000 milliseconds");
    if (config->keepalive_probes == 0 || config->keepalive_probes > KEEPALIVE_PROBES_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "keepalive_probes has to be from 1 to 127");
    return SPECTACLES_OK;
}

static int check_config(const spectacles_link_config *config, spectacles_problem *problem)
{
    if (config->connect_timeout == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "connect_timeout must not be 0");
    if (config->read_delay > READ_DELAY_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "read_delay is over 1000 milliseconds");
    if (config->flags & ~(uint32_t)SPECTACLES_LINK_DESCRIPTORS)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "flags has a bit that this library does not know");
    if (config->family != 0 && config->family != 4 && config->family != 6)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "family is neither 4 (IPv4) nor 6 (IPv6), nor 0 for both");
    if (config->proxy && config->flags & SPECTACLES_LINK_DESCRIPTORS)
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "proxy is for links that connect themselves: the owner of descriptors speaks with a proxy");
    if (config->user_timeout > INT32_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "user_timeout is over 2147483647 milliseconds");
    return check_keepalive(config, problem);
}

static int read_source(spectacles_link *link, const spectacles_link_config *config,
                       spectacles_problem *problem)
{
    const char *end = memchr(config->source_address, '\0', sizeof config->source_address);
    size_t length = end ? (size_t)(end - config->source_address) : 0;
    link->family = config->family == 4 ? AF_INET : config->family == 6 ? AF_INET6 : 0;
    if (end && length == 0)
        return SPECTACLES_OK;
    if (!sp_address_parse(&link->tcp.source, config->source_address, length))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "source_address is no numeric IPv4 or IPv6 address");
    if (link->family != 0 && link->family != link->tcp.source.family)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "source_address is of another family than family");
    link->family = link->tcp.source.family;
    return SPECTACLES_OK;
}

/*
 * tcp(7): TCP_USER_TIMEOUT, where it is set, also says when keepalive gives a connection up, and TCP_KEEPCNT does not
 * count any more. So it is no longer than keepalive would take.
 */
static uint32_t user_timeout_of(const spectacles_link_config *config)
{
    uint64_t silence =
        config->keepalive_idle + (uint64_t)config->keepalive_interval * config->keepalive_probes;
    bool is_shorter = config->keepalive_idle > 0 && silence < config->user_timeout;
    return is_shorter ? (uint32_t)silence : config->user_timeout;
}

static int set_up(spectacles_link *link, const spectacles_link_config *config, spectacles_problem *problem)
{
    link->connect_timeout = config->connect_timeout;
    link->read_delay = config->read_delay;
    link->tcp = (sp_tcp_options){.keepalive_idle = config->keepalive_idle,
                                 .keepalive_interval = config->keepalive_interval,
                                 .keepalive_probes = config->keepalive_probes,
                                 .user_timeout = user_timeout_of(config)};
    link->takes_descriptor = config->flags & SPECTACLES_LINK_DESCRIPTORS;
    link->last_error = "";
    link->fd = link->given_fd = -1;
    link->shown = (sp_shown){-1, -1};
    link->deadline = SPECTACLES_NEVER;
    int error = read_source(link, config, problem);
    return error == SPECTACLES_OK ? sp_way_begin(&link->way, config->proxy, config->no_proxy, problem)
                                  : error;
}

SPECTACLES_EXPORT int spectacles_link_new(spectacles_link **out, spectacles_stream *stream,
                                          const spectacles_link_config *config, spectacles_problem *problem)
{
    spectacles_link_config read = default_config;
    int error = config ? sp_config_read(&read, sizeof read, config) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    if (!stream)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "a link needs a stream: spectacles_shard_stream()");
    error = check_config(&read, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_link *link = calloc(1, sizeof *link);
    if (!link)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    error = set_up(link, &read, problem);
    if (error == SPECTACLES_OK && !sp_stream_hold_for_link(stream))
        error = sp_refuse(problem, SPECTACLES_E_STATE, "another link moves the bytes of this stream");
    if (error != SPECTACLES_OK) {
        sp_way_end(&link->way);
        free(link);
        return error;
    }
    link->stream = stream;
    link->tls = read.tls;
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

/* A connection that stands keeps the certificates that it was made with: its session holds them. */
SPECTACLES_EXPORT int spectacles_link_set_tls(spectacles_link *link, spectacles_tls *tls)
{
    if (!tls)
        return fail(link, SPECTACLES_E_INVAL, "tls is NULL: spectacles_tls_new() makes the defaults");
    sp_tls_hold(tls);
    spectacles_tls_free(link->tls);
    link->tls = tls;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT const char *spectacles_link_last_error(const spectacles_link *link)
{
    return link->last_error;
}

SPECTACLES_EXPORT void spectacles_link_free(spectacles_link *link)
{
    if (!link)
        return;
    sp_member_leave(&link->member);
    sp_stream_release_from_link(link->stream);
    sp_shown_end(&link->shown);
    sp_race_end(&link->race, &link->shown);
    sp_tls_session_free(link->session);
    sp_shown_close(&link->shown, link->fd);
    sp_shown_close(&link->shown, link->given_fd);
    sp_addresses_free(&link->addresses);
    sp_way_end(&link->way);
    spectacles_tls_free(link->endpoint_tls);
    spectacles_tls_free(link->tls);
    free(link);
}

/* ---- Following the engine ---- */

/* Begins or ends a connection as the engine wants. True when the state has changed. */
static bool follow(spectacles_link *link, uint64_t now)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    bool current = endpoint && endpoint->connection == link->connection;
    if (link->state != SP_LINK_IDLE && !current) {
        sp_link_set_state(link, SP_LINK_IDLE);
        return true;
    }
    if (link->state == SP_LINK_IDLE && endpoint && !current) {
        sp_link_begin(link, endpoint, now);
        return true;
    }
    return false;
}

static bool step(spectacles_link *link, uint32_t ready, uint64_t now)
{
    if (follow(link, now))
        return true;
    if (now >= link->deadline) {
        sp_link_time_out(link, now);
        return true;
    }
    switch (link->state) {
    case SP_LINK_RESOLVING:
        return sp_link_resolve(link, now);
    case SP_LINK_RACING:
        return sp_link_race(link, now);
    case SP_LINK_OPEN:
        return sp_link_transfer(link, ready, now);
    default:
        return false;
    }
}

SPECTACLES_EXPORT int spectacles_link_fd(const spectacles_link *link)
{
    return link->state == SP_LINK_RACING ? sp_race_fd(&link->race) : link->fd;
}

SPECTACLES_EXPORT const char *spectacles_link_peer(const spectacles_link *link)
{
    return link->peer_text;
}

SPECTACLES_EXPORT uint32_t spectacles_link_interest(const spectacles_link *link)
{
    const uint8_t *bytes;
    uint32_t interest = 0;
    if (link->state == SP_LINK_RACING)
        return sp_race_interest(&link->race);
    if (link->fd < 0)
        return 0;
    if (link->session && !sp_tls_is_flushed(link->session))
        interest |= SPECTACLES_LINK_WRITE;
    if (link->read_at == 0 && spectacles_stream_wants_input(link->stream))
        interest |= SPECTACLES_LINK_READ;
    if (spectacles_stream_pending(link->stream, &bytes) > 0)
        interest |= SPECTACLES_LINK_WRITE;
    return interest;
}

SPECTACLES_EXPORT uint64_t spectacles_link_deadline(const spectacles_link *link)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    bool current = endpoint && endpoint->connection == link->connection;
    uint64_t deadline = spectacles_stream_deadline(link->stream);
    /* The engine wants another connection than the one that there is. */
    if (link->state == SP_LINK_IDLE ? endpoint && !current : !current)
        return 0;
    if (link->state == SP_LINK_OPEN && link->more && spectacles_stream_wants_input(link->stream))
        return 0;
    if (link->state == SP_LINK_OPEN && link->unwritten)
        return 0;
    if (link->state == SP_LINK_RESOLVING && !sp_link_is_asking(link))
        return 0;
    if (sp_link_network_has_changed(link))
        return 0;
    if (link->read_at != 0 && link->read_at < deadline && spectacles_stream_wants_input(link->stream))
        deadline = link->read_at;
    deadline = link->deadline < deadline ? link->deadline : deadline;
    if (link->state != SP_LINK_RACING)
        return deadline;
    uint64_t race = sp_race_deadline(&link->race, &link->addresses, link->member.poller != NULL);
    return race < deadline ? race : deadline;
}

#ifndef NDEBUG
/* What is true of a link between two calls. */
static bool is_consistent(const spectacles_link *link)
{
    bool is_open = link->state == SP_LINK_OPEN;
    return is_open == (link->fd >= 0) && (is_open || !link->session) &&
           (link->state == SP_LINK_RACING || link->race.count == 0);
}
#endif

int sp_link_run(spectacles_link *link, uint32_t ready, uint64_t now)
{
    int error = SPECTACLES_OK;
    sp_shown_begin(&link->shown, spectacles_link_fd(link));
    link->engine_called = false;
    if (link->read_at != 0 && now >= link->read_at)
        ready |= SPECTACLES_LINK_READ;
    /* Bytes that wait in the socket show that the peer lives: they are read before deadlines are looked at. */
    if (link->state == SP_LINK_OPEN && ready & SPECTACLES_LINK_READ) {
        step(link, ready, now);
        ready &= ~(uint32_t)SPECTACLES_LINK_READ;
    }
    if (spectacles_stream_deadline(link->stream) <= now) {
        error = spectacles_stream_expire(link->stream, now);
        link->engine_called = true;
    }
    for (int i = 0; i < STEPS_MAX && step(link, ready, now); i++)
        ready |= SPECTACLES_LINK_READ;
    assert(is_consistent(link));
    return error == SPECTACLES_OK ? error : fail(link, error, "out of memory");
}

SPECTACLES_EXPORT int spectacles_link_process(spectacles_link *link, uint32_t ready, uint64_t now)
{
    uint32_t interest = spectacles_link_interest(link);
    uint64_t deadline = spectacles_link_deadline(link);
    int fd = spectacles_link_fd(link);
    int error = sp_link_run(link, ready, now);
    int changed = 0;
    changed |= fd != spectacles_link_fd(link) ? SPECTACLES_LINK_FD : 0;
    changed |= interest != spectacles_link_interest(link) ? SPECTACLES_LINK_INTEREST : 0;
    changed |= deadline != spectacles_link_deadline(link) ? SPECTACLES_LINK_DEADLINE : 0;
    changed |= link->engine_called ? SPECTACLES_LINK_EVENTS : 0;
    return error == SPECTACLES_OK ? changed : error;
}

SPECTACLES_EXPORT const char *spectacles_link_wants_address(const spectacles_link *link)
{
    return sp_link_is_asking(link) && !link->takes_descriptor ? sp_way_host(&link->way, link->host) : NULL;
}

SPECTACLES_EXPORT int spectacles_link_wants_descriptor(const spectacles_link *link)
{
    return sp_link_is_asking(link) && link->takes_descriptor;
}

static void keep_reason(spectacles_link *link, const char *why, size_t length)
{
    spectacles_printable(link->no_address, sizeof link->no_address, why, length);
    link->unresolved = true;
}

SPECTACLES_EXPORT int spectacles_link_set_descriptor(spectacles_link *link, int fd)
{
    if (!spectacles_link_wants_descriptor(link))
        return fail(link, SPECTACLES_E_STATE, "the link has not asked for a descriptor");
    int error = sp_tcp_adopt(fd, &link->tcp);
    if (error == -EINVAL)
        return fail(link, SPECTACLES_E_INVAL, "the descriptor is no stream socket");
    if (error < 0)
        return fail(link, SPECTACLES_E_SYS, sp_tcp_text(error));
    link->given_fd = fd;
    sp_link_await_answer(link);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_link_set_no_descriptor(spectacles_link *link, const char *why, size_t length)
{
    static const char unknown[] = "its owner has none";
    if (!spectacles_link_wants_descriptor(link))
        return fail(link, SPECTACLES_E_STATE, "the link has not asked for a descriptor");
    sp_link_await_answer(link);
    keep_reason(link, length > 0 ? why : unknown, length > 0 ? length : sizeof unknown - 1);
    return SPECTACLES_OK;
}

static int parse_addresses(spectacles_link *link, const char *text, size_t length)
{
    if (length > SPECTACLES_LINK_ADDRESSES_MAX)
        return fail(link, SPECTACLES_E_TOOBIG, "the answer has more than 65536 bytes");
    int error = sp_addresses_parse(&link->addresses, text, length);
    if (error == SPECTACLES_OK && link->addresses.count > 0)
        return SPECTACLES_OK;
    sp_addresses_free(&link->addresses);
    if (error == SPECTACLES_E_NOMEM)
        return fail(link, error, "out of memory");
    return fail(link, SPECTACLES_E_INVAL,
                error == SPECTACLES_OK ? "the answer holds no address"
                                       : "the answer holds a word that is no numeric IPv4 or IPv6 address");
}

SPECTACLES_EXPORT int spectacles_link_resolve(spectacles_link *link)
{
    spectacles_problem problem;
    const char *host = spectacles_link_wants_address(link);
    if (!host)
        return SPECTACLES_OK;
    char *addresses = malloc(SPECTACLES_LINK_ADDRESSES_MAX);
    if (!addresses)
        return fail(link, SPECTACLES_E_NOMEM, "out of memory");
    int length = spectacles_resolve(addresses, SPECTACLES_LINK_ADDRESSES_MAX, host, &problem);
    int error = length > 0 ? spectacles_link_set_address(link, addresses, (size_t)length)
                           : spectacles_link_set_no_address(link, problem.text, strlen(problem.text));
    free(addresses);
    return error;
}

/* The time for TCP and TLS is counted from the next call of spectacles_link_process(). */
static int take_answer(spectacles_link *link)
{
    if (!spectacles_link_wants_address(link))
        return fail(link, SPECTACLES_E_STATE, "the link has not asked for an address");
    sp_link_await_answer(link);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_link_set_address(spectacles_link *link, const char *addresses, size_t length)
{
    int error = take_answer(link);
    return error == SPECTACLES_OK ? parse_addresses(link, addresses, length) : error;
}

SPECTACLES_EXPORT int spectacles_link_set_no_address(spectacles_link *link, const char *why, size_t length)
{
    static const char unknown[] = "it has no address";
    int error = take_answer(link);
    if (error != SPECTACLES_OK)
        return error;
    keep_reason(link, length > 0 ? why : unknown, length > 0 ? length : sizeof unknown - 1);
    return SPECTACLES_OK;
}
