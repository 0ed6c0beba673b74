#ifndef GATEWAY_GATEWAYS_H
#define GATEWAY_GATEWAYS_H

#include "loop.h"
#include "proxies.h"
#include "settings.h"
#include "status.h"

#include <spectacles/spectacles.h>

/*
 * The gateway handles of the daemon, one for each number of shards: one, and two while a fleet goes to another number
 * (fleet.h).
 *
 *     gateways_add() --> SERVED --gateways_end()--> ENDING --its brokers are closed: gateways_next_gone()--> gone
 */
enum {
    GATEWAYS_MAX = 4 /* two, one more that comes before the plan is known, and one that is still ending */
};

/* One gateway handle, and what its events have told. */
struct gateway {
    spectacles_gateway *handle;
    uint32_t shard_count; /* of the whole bot */
    struct status_gateway memory;
    bool is_ending;
};

/* Gaps that were declared, by their cause: those of spectacles_gateway_stats. */
struct gateways_gaps {
    uint64_t sessions;
    uint64_t unknown;
    uint64_t dispatches;
};

/* All zero, but for the parts, is empty. */
struct gateways {
    const struct settings *settings; /* those that are followed; held */
    const struct proxies *proxies;
    const spectacles_gateway_bot *bot; /* the last answer of GET /gateway/bot */
    struct gateway items[GATEWAYS_MAX];
    size_t count;
    uint32_t serving; /* the number of shards that serves the bot; the other one is on its way in, or out */
    bool had_two;     /* numbers of shards, at some time: what is shown names the number from then on */
    struct gateways_gaps gone; /* of those that were removed */
};

/*
 * Makes the gateway for a number of shards. The first one serves.
 *
 * state: as in handle.h.
 * flags: a mask of enum spectacles_relay_flag: SILENT, MARKS, NO_COMMANDS.
 * problem: on failure, what is wrong and what to do.
 *
 * Returns 0, SPECTACLES_E_STATE when there are too many, or an error of handle_new().
 */
int gateways_add(struct gateways *gateways, uint32_t shard_count, uint32_t flags,
                 const spectacles_state *state, spectacles_problem *problem);

/* The gateway for a number of shards, unless it is ending; NULL: there is none. */
struct gateway *gateways_find(struct gateways *gateways, uint32_t shard_count);

/* The gateway that serves the bot, or the first one while that is not made yet; NULL: there is none. */
struct gateway *gateways_serving(struct gateways *gateways);

/* No shard is left in a gateway: its brokers are closed in order. Nothing when there is none. */
void gateways_end(struct gateways *gateways, uint32_t shard_count, uint64_t now);

/* A gateway that has ended; NULL: none has. gateways_remove() frees it. */
struct gateway *gateways_next_gone(struct gateways *gateways);
void gateways_remove(struct gateways *gateways, struct gateway *gone);

/* Frees all. */
void gateways_free(struct gateways *gateways);

/* ---- All of them ---- */

/* Adds what is waited for, and until when. */
void gateways_watch(struct gateways *gateways, struct loop *loop);

/* Whether one of them has something to read. */
bool gateways_found(struct gateways *gateways, const struct loop *loop);

/* spectacles_gateway_process() of each. Returns 0, or the first error; then `why` is one sentence. */
int gateways_process(struct gateways *gateways, uint64_t now, const char **why);

/* spectacles_gateway_set_limits() of each, with the last answer. Returns 0, or the first error, as above. */
int gateways_set_limits(struct gateways *gateways, uint64_t now, const char **why);

/* Stops all in order, and keeps the sessions. */
void gateways_stop(struct gateways *gateways, uint64_t now);
bool gateways_are_stopped(const struct gateways *gateways);

/* Gaps of all, and of those that were removed: it never goes back. */
struct gateways_gaps gateways_count_gaps(const struct gateways *gateways);

/* Events that are not confirmed. */
uint64_t gateways_unconfirmed(const struct gateways *gateways);

#endif
