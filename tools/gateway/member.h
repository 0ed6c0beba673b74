#ifndef GATEWAY_MEMBER_H
#define GATEWAY_MEMBER_H

#include "gateways.h"
#include "log_repeats.h"
#include "loop.h"
#include "proxies.h"
#include "settings.h"

#include <spectacles/spectacles.h>

/*
 * The daemon as a member of a fleet (FLEET=on): the shards of the bot are shared with other processes (fleet.h). A
 * member has a connection to RabbitMQ of its own, so that the fleet never waits behind events.
 *
 *     APART --member_begin()--> IN --member_leave()--> LEAVING --member_close()--> CLOSING
 *
 * It begins when both brokers of the gateway have been READY: whoever cannot publish takes no shards. What the fleet
 * wants is done with the gateway at once, and what became of each shard is told to the fleet. A member that cannot do
 * what it was told has failed: the daemon ends then, and the other members resume its shards.
 *
 * A member that is NULL takes every call: FLEET is off.
 */
struct member;

/* What a member is made of. The texts of `settings` are copied or live as long as the daemon. */
struct member_parts {
    const struct settings *settings; /* those that are followed; held */
    const struct proxies *proxies;
    struct log *log;             /* held */
    struct log_repeats *repeats; /* held; NULL: nothing is summed up */
    struct gateways *gateways;   /* held: one is made, with FLEET=on */
    const spectacles_state
        *past;            /* held: sessions and gaps of the time before the fleet; NULL: there are none */
    uint32_t shard_count; /* of the whole bot, as the daemon was started: of that gateway, and of the past */
};

/*
 * Makes a member. Nothing is connected before member_begin().
 *
 * problem: on failure, what is wrong and what to do.
 *
 * Returns 0, or an error of spectacles_fleet_new(), spectacles_broker_new(), spectacles_link_new() or
 * spectacles_tls_new().
 */
int member_new(struct member **out, const struct member_parts *parts, spectacles_problem *problem);

/* Frees it before the gateway. For the others it has died, unless it had left. */
void member_free(struct member *member);

/* Its next connection is made with these: see spectacles_link_set_tls() and spectacles_broker_set_urls(). */
void member_set_tls(struct member *member, spectacles_tls *tls);
int member_set_urls(struct member *member, const char *const *urls, size_t count, uint64_t now,
                    spectacles_problem *problem);

/* The gateway can serve: the fleet is joined. Again: nothing. */
void member_begin(struct member *member, uint64_t now);

/* Hands everything over. Does nothing before member_begin(). */
void member_leave(struct member *member, uint64_t now);

/* Whether nothing is left here: after member_leave(), or when it has never begun. */
bool member_has_left(const struct member *member);

/* Ends its connection in order, so that RabbitMQ's log tells of no client that has vanished. Again: nothing. */
void member_close(struct member *member, uint64_t now);

/* Whether its connection is closed, after member_close(), or was never begun. */
bool member_is_closed(const struct member *member);

/* Adds what is waited for, and until when. */
void member_watch(struct member *member, struct loop *loop);

/* Hears an event of a gateway, each one, while it is valid. */
void member_hear(struct member *member, const struct gateway *gateway, const spectacles_relay_event *event,
                 uint64_t now);

/*
 * Moves on, after loop_wait(), when the events of the gateways were pulled. Gateways are made and ended here, as the
 * fleet goes to another number of shards; those that have ended are for the caller to free.
 *
 * Returns whether something was done with a gateway: pull their events again, and come back.
 */
bool member_process(struct member *member, const struct loop *loop, uint64_t now);

/* Whether the leader, who is here, has to know the limits of GET /gateway/bot. True once each time. */
bool member_takes_limits(struct member *member);

/* The answer. asked_at: when the request was sent. An answer that nobody waits for is ignored. */
void member_set_limits(struct member *member, const spectacles_gateway_bot *answer, uint64_t asked_at,
                       uint64_t now);

/* Why the daemon has to end, NUL-terminated; NULL: it has not. */
const char *member_failure(const struct member *member);

/* Copies how it stands, for metrics and the status page. */
void member_look(const struct member *member, struct status_fleet *out);

#endif
