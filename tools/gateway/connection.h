#ifndef GATEWAY_CONNECTION_H
#define GATEWAY_CONNECTION_H

#include <spectacles/spectacles.h>
#include <stdbool.h>

/*
 * One connection of the program's own, beside those of the gateway: a link under one engine, and its host names looked
 * up, behind one descriptor. Nothing blocks but connection_wait().
 */
struct connection;

/*
 * Makes a connection under a stream. The engine of the stream is freed after the connection.
 *
 * link: copied. problem: on failure it says what is wrong.
 * Returns 0, or an error of spectacles_poller_new(), spectacles_resolver_new() or spectacles_link_new().
 */
int connection_new(struct connection **out, spectacles_stream *stream, const spectacles_link_config *link,
                   spectacles_problem *problem);

/*
 * Makes a broker, with a seed of its own, and a connection under it. The broker is freed after the connection.
 *
 * broker: receives the broker, also when only the connection fails; unchanged when there is none.
 * config, link: copied. problem: on failure it says what is wrong.
 * Returns 0, or an error of spectacles_broker_new() or connection_new().
 */
int connection_to_broker(struct connection **out, spectacles_broker **broker,
                         const spectacles_broker_config *config, const spectacles_link_config *link,
                         spectacles_problem *problem);

/* NULL is fine. */
void connection_free(struct connection *connection);

/* The next connection is made with these certificates: see spectacles_link_set_tls(). */
void connection_set_tls(struct connection *connection, spectacles_tls *tls);

/* Readable when connection_process() has something to do. -1: the system has no such descriptor. */
int connection_descriptor(struct connection *connection);

/* When connection_process() is to be called at the latest. */
uint64_t connection_deadline(struct connection *connection);

/* Moves bytes and looks names up. Pull the events of the engine after it, and call connection_flush() then. */
void connection_process(struct connection *connection, uint64_t now);

/* Writes what the engine wants to write. Returns whether the engine has more events: pull them, and flush again. */
bool connection_flush(struct connection *connection, uint64_t now);

/* Waits until there is something to do, `until` has passed, or a signal was caught. Blocks for five seconds at most. */
void connection_wait(struct connection *connection, uint64_t until, uint64_t now);

#endif
