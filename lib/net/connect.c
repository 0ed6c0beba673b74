/*
 * Makes the connection that the engine wants: finds the addresses, lets them race, and opens the engine over the
 * winner. Called by link.c.
 */
#include "net/link.h"

#include <string.h>

/* What came of the connection before decides which address is tried first. */
static void judge_last(spectacles_link *link)
{
    if (link->peer.family == 0)
        return;
    if (sp_stream_was_ready(link->stream, link->connection))
        sp_history_note_worked(&link->history, &link->peer);
    else
        sp_history_note_failed(&link->history, &link->peer);
    link->peer = (sp_address){0};
}

static void copy_name(char out[256], const char *name)
{
    size_t length = name ? strlen(name) : 0;
    length = length < 256 ? length : 255;
    memcpy(out, name ? name : "", length);
    out[length] = '\0';
}

void sp_link_begin(spectacles_link *link, const spectacles_endpoint *endpoint, uint64_t now)
{
    sp_address ignored;
    judge_last(link);
    link->connection = endpoint->connection;
    link->port = endpoint->port;
    link->wants_tls = endpoint->tls;
    link->time_limit = endpoint->connect_timeout ? endpoint->connect_timeout : link->connect_timeout;
    copy_name(link->host, endpoint->host);
    copy_name(link->server_name, endpoint->server_name);
    sp_way_choose(&link->way, link->host);
    const char *dialled = sp_way_host(&link->way, link->host);
    link->numeric = sp_address_parse(&ignored, dialled, strlen(dialled));
    link->unresolved = false;
    sp_link_name_peer(link, &link->peer);
    sp_link_set_state(link, SP_LINK_RESOLVING);
    link->deadline = now + link->time_limit;
}

void sp_link_await_answer(spectacles_link *link)
{
    if (link->state == SP_LINK_RESOLVING)
        link->deadline = SPECTACLES_NEVER;
    sp_stream_touch(link->stream);
}

static void lose_plainly(spectacles_link *link, int error, const sp_text *why, uint64_t now)
{
    const sp_address nowhere = {0};
    sp_link_lose(link, error, why, &nowhere, now);
}

/* ---- Resolving ---- */

/* Certificates are read again for each connection: a new certificate needs no restart. */
static int load_certificates_of(spectacles_link *link, const spectacles_endpoint *endpoint,
                                spectacles_problem *why)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = endpoint->ca_file;
    config.cert_file = endpoint->cert_file;
    config.key_file = endpoint->key_file;
    spectacles_tls_free(link->endpoint_tls);
    link->endpoint_tls = NULL;
    return spectacles_tls_new(&link->endpoint_tls, &config, why);
}

static int load_certificates(spectacles_link *link, spectacles_problem *why)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    if (endpoint && (endpoint->ca_file || endpoint->cert_file))
        return load_certificates_of(link, endpoint, why);
    spectacles_tls_free(link->endpoint_tls);
    link->endpoint_tls = NULL;
    return link->tls ? SPECTACLES_OK : spectacles_tls_new(&link->tls, NULL, why);
}

static void tell_unresolved(const spectacles_link *link, sp_text *why)
{
    if (link->takes_descriptor)
        sp_text_set(why, "no connection to %s:%u was made: %s", link->host, (unsigned)link->port,
                    link->no_address);
    else
        sp_text_set(why, "can not find the %s %s: %s", link->way.is_through ? "proxy" : "host",
                    sp_way_host(&link->way, link->host), link->no_address);
}

static int choose_addresses(spectacles_link *link, sp_text *why)
{
    const char *dialled = sp_way_host(&link->way, link->host);
    int error =
        link->numeric ? sp_addresses_parse(&link->addresses, dialled, strlen(dialled)) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return error;
    sp_addresses_keep_family(&link->addresses, link->family);
    if (link->addresses.count > 0)
        return sp_addresses_order(&link->addresses, &link->history);
    sp_text_set(why, "can not connect to %s%s:%u: it has no %s address, and no other one is to be used",
                link->way.is_through ? "the proxy " : "", dialled,
                (unsigned)sp_way_port(&link->way, link->port), link->family == AF_INET ? "IPv4" : "IPv6");
    return SPECTACLES_E_SYS;
}

static int prepare_tls(spectacles_link *link, sp_text *why)
{
    spectacles_problem problem;
    int error = link->wants_tls ? load_certificates(link, &problem) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        sp_text_set(why, "%s", problem.text);
    return error;
}

/* Returns 0 when the race has begun, or an error and a sentence. */
static int begin_race(spectacles_link *link, sp_text *why, uint64_t now)
{
    int error = link->takes_descriptor ? SPECTACLES_OK : choose_addresses(link, why);
    if (error == SPECTACLES_OK)
        error = prepare_tls(link, why);
    if (error != SPECTACLES_OK)
        return error;
    sp_race_begin(&link->race, link->deadline, now);
    link->network_changes = sp_stream_network_changes(link->stream);
    if (link->takes_descriptor)
        error = sp_race_add_descriptor(&link->race, link->given_fd);
    if (error != SPECTACLES_OK)
        return error;
    link->given_fd = -1;
    sp_link_set_state(link, SP_LINK_RACING);
    return SPECTACLES_OK;
}

bool sp_link_resolve(spectacles_link *link, uint64_t now)
{
    sp_text why = {.length = 0};
    int error = link->takes_descriptor ? SPECTACLES_E_SYS : SPECTACLES_E_UNREACHABLE;
    if (link->unresolved) {
        tell_unresolved(link, &why);
        lose_plainly(link, error, &why, now);
        return true;
    }
    if (sp_link_is_asking(link))
        return false;
    if (link->deadline == SPECTACLES_NEVER)
        link->deadline = now + link->time_limit;
    error = begin_race(link, &why, now);
    if (error != SPECTACLES_OK)
        lose_plainly(link, error, &why, now);
    return true;
}

/* ---- Racing ---- */

static sp_course course_of(spectacles_link *link)
{
    spectacles_tls *tls = link->endpoint_tls ? link->endpoint_tls : link->tls;
    return (sp_course){.dial = {.host = link->host,
                                .port = link->port,
                                .tls = link->wants_tls ? tls : NULL,
                                .server_name = link->server_name[0] ? link->server_name : link->host,
                                .tcp = &link->tcp,
                                .way = &link->way},
                       .addresses = &link->addresses,
                       .history = &link->history,
                       .shown = &link->shown};
}

static void open_engine(spectacles_link *link, const sp_course *course, uint64_t now)
{
    link->fd = sp_race_take_winner(&link->race, course, &link->session, &link->peer);
    sp_link_name_peer(link, &link->peer);
    sp_link_set_state(link, SP_LINK_OPEN);
    link->engine_called = true;
    int error = spectacles_stream_opened(link->stream, now);
    if (error != SPECTACLES_OK)
        sp_link_lose(link, error, NULL, &link->peer, now);
}

/* Nobody won: the engine hears why the address failed that has most to say. */
static void lose_race(spectacles_link *link, uint64_t now)
{
    sp_text why = {.length = 0};
    const sp_address failed = link->race.failed;
    if (link->race.failure)
        sp_text_set(&why, "%s", link->race.failure);
    if (link->addresses.count > 1)
        sp_text_add(&why, "; it has %zu addresses, and none can be reached", link->addresses.count);
    sp_link_lose(link, link->race.error, &why, &failed, now);
}

bool sp_link_network_has_changed(const spectacles_link *link)
{
    return link->state == SP_LINK_RACING && link->network_changes != sp_stream_network_changes(link->stream);
}

/*
 * What has had no answer yet may have gone a way that is there no more, and TCP repeats itself ever more slowly. An
 * attempt that is young, or that was answered, goes on: networks change often where containers come and go.
 */
static void follow_network(spectacles_link *link, uint64_t now)
{
    if (!sp_link_network_has_changed(link))
        return;
    link->network_changes = sp_stream_network_changes(link->stream);
    if (link->takes_descriptor || !sp_race_is_unanswered(&link->race, now))
        return;
    sp_race_end(&link->race, &link->shown);
    sp_race_begin(&link->race, link->deadline, now);
}

bool sp_link_race(spectacles_link *link, uint64_t now)
{
    const sp_course course = course_of(link);
    follow_network(link, now);
    switch (sp_race_step(&link->race, &course, now)) {
    case SP_RACE_WON:
        open_engine(link, &course, now);
        return true;
    case SP_RACE_LOST:
        lose_race(link, now);
        return true;
    case SP_RACE_ADVANCED:
        return true;
    default:
        return false;
    }
}

/* ---- The end of the time ---- */

static const char *phase(const spectacles_link *link)
{
    bool through = link->way.is_through;
    if (link->state == SP_LINK_RESOLVING)
        return link->takes_descriptor ? "waiting for a connection of the owner"
               : through              ? "looking up the proxy's name"
                                      : "looking up the host name";
    if (sp_race_has(&link->race, SP_ATTEMPT_HANDSHAKING))
        return "the TLS handshake";
    if (sp_race_has(&link->race, SP_ATTEMPT_TUNNELLING))
        return "the proxy opens a way to it (the proxy or the peer does not answer)";
    return through ? "connecting to the proxy (TCP)" : "connecting (TCP)";
}

/* Whether nothing that could be the peer has said a word, not even a refusal. */
static bool was_silent(const spectacles_link *link)
{
    if (link->state != SP_LINK_RACING)
        return link->state == SP_LINK_RESOLVING;
    return !sp_race_shakes_hands(&link->race) &&
           (link->race.error == SPECTACLES_OK || link->race.error == SPECTACLES_E_UNREACHABLE);
}

/* A certificate, or a proxy, that was heard says more than an address that says nothing. */
void sp_link_time_out(spectacles_link *link, uint64_t now)
{
    sp_text why;
    const sp_course course = course_of(link);
    const sp_address tried = link->state == SP_LINK_RACING ? link->race.tried : (sp_address){0};
    if (link->state == SP_LINK_RACING)
        sp_race_give_up(&link->race, &course);
    if (link->state == SP_LINK_RACING && link->race.is_decided) {
        lose_race(link, now);
        return;
    }
    sp_text_set(&why, "timed out after %u ms with %s:%u, while %s", (unsigned)link->time_limit, link->host,
                (unsigned)link->port, phase(link));
    if (link->way.is_through)
        sp_text_add(&why, "; the proxy is %s:%u", link->way.host, (unsigned)link->way.port);
    if (link->addresses.count > 1)
        sp_text_add(&why, "; %zu of its %zu addresses were tried",
                    sp_race_tried(&link->race, &link->addresses), link->addresses.count);
    sp_link_lose(link, was_silent(link) ? SPECTACLES_E_UNREACHABLE : SPECTACLES_E_SYS, &why, &tried, now);
}
