/*
 * One connection of the program's own: a link, a poller and a resolver. It owns all three. The doctor's files and
 * conflicts.c call it.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

struct connection {
    spectacles_poller *poller;
    spectacles_resolver *resolver;
    spectacles_link *link;
};

/* ---- Making ---- */

static int make_parts(struct connection *connection, spectacles_stream *stream,
                      const spectacles_link_config *link, spectacles_problem *problem)
{
    int error = spectacles_poller_new(&connection->poller, NULL, problem);
    if (error == SPECTACLES_OK)
        error = spectacles_resolver_new(&connection->resolver, NULL, problem);
    if (error == SPECTACLES_OK)
        error = spectacles_link_new(&connection->link, stream, link, problem);
    if (error == SPECTACLES_OK)
        error = spectacles_poller_add(connection->poller, connection->link, 0);
    if (error == SPECTACLES_OK)
        error = spectacles_poller_watch(connection->poller, spectacles_resolver_fd(connection->resolver));
    return error;
}

int connection_new(struct connection **out, spectacles_stream *stream, const spectacles_link_config *link,
                   spectacles_problem *problem)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return SPECTACLES_E_NOMEM;
    int error = make_parts(connection, stream, link, problem);
    if (error != SPECTACLES_OK) {
        connection_free(connection);
        return error;
    }
    *out = connection;
    return SPECTACLES_OK;
}

int connection_to_broker(struct connection **out, spectacles_broker **broker,
                         const spectacles_broker_config *config, const spectacles_link_config *link,
                         spectacles_problem *problem)
{
    spectacles_broker_config own = *config;
    own.seed = spectacles_random_seed();
    int error = spectacles_broker_new(broker, &own, problem);
    return error == SPECTACLES_OK ? connection_new(out, spectacles_broker_stream(*broker), link, problem)
                                  : error;
}

void connection_free(struct connection *connection)
{
    if (!connection)
        return;
    spectacles_link_free(connection->link);
    spectacles_poller_free(connection->poller);
    spectacles_resolver_free(connection->resolver);
    free(connection);
}

void connection_set_tls(struct connection *connection, spectacles_tls *tls)
{
    spectacles_link_set_tls(connection->link, tls);
}

/* ---- The loop ---- */

int connection_descriptor(struct connection *connection)
{
    return spectacles_poller_fd(connection->poller);
}

uint64_t connection_deadline(struct connection *connection)
{
    uint64_t names = spectacles_resolver_deadline(connection->resolver);
    uint64_t bytes = spectacles_poller_deadline(connection->poller);
    return names < bytes ? names : bytes;
}

static void give_answers(struct connection *connection, uint64_t now)
{
    const spectacles_answer *answer;
    while ((answer = spectacles_resolver_next_answer(connection->resolver, now))) {
        const char *wanted = spectacles_link_wants_address(connection->link);
        if (!wanted || strcmp(wanted, answer->host) != 0)
            continue;
        if (answer->addresses)
            spectacles_link_set_address(connection->link, answer->addresses, answer->addresses_length);
        else
            spectacles_link_set_no_address(connection->link, answer->why, answer->why_length);
    }
}

/*
 * Returns whether the engine was given something. A link that wants an address is told as well, again and again, and
 * waits for the resolver alone: a name that is being looked up already is not looked up twice.
 */
static bool look_at_link(struct connection *connection, uint64_t now)
{
    bool has_events = false;
    while (spectacles_poller_next_link(connection->poller, NULL))
        has_events = true;
    const char *wanted = spectacles_link_wants_address(connection->link);
    if (wanted)
        spectacles_resolver_ask(connection->resolver, wanted, 1, now);
    return has_events && !wanted;
}

void connection_process(struct connection *connection, uint64_t now)
{
    spectacles_poller_process(connection->poller, now);
    spectacles_poller_is_readable(connection->poller, spectacles_resolver_fd(connection->resolver));
    give_answers(connection, now);
    look_at_link(connection, now);
}

bool connection_flush(struct connection *connection, uint64_t now)
{
    spectacles_poller_flush(connection->poller, now);
    return look_at_link(connection, now);
}

void connection_wait(struct connection *connection, uint64_t until, uint64_t now)
{
    uint64_t deadline = connection_deadline(connection);
    spectacles_poller_wait(connection->poller, deadline < until ? deadline : until, now);
}
