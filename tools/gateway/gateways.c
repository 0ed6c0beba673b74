/*
 * The gateway handles of the daemon, one for each number of shards. It owns them. Called by daemon.c, which turns
 * them, and by member_reshard.c, which makes and ends those of a fleet.
 */
#include "gateways.h"

#include "handle.h"

#include <stdio.h>
#include <string.h>

/* ---- Made ---- */

/* Descriptors that the others may open. */
static size_t count_descriptors(const struct gateways *gateways)
{
    size_t count = 0;
    for (size_t i = 0; i < gateways->count; i++)
        count += spectacles_gateway_descriptors(gateways->items[i].handle) + gateways->items[i].shard_count;
    return count;
}

int gateways_add(struct gateways *gateways, uint32_t shard_count, uint32_t flags,
                 const spectacles_state *state, spectacles_problem *problem)
{
    struct gateway made = {.shard_count = shard_count};
    const struct handle_parts parts = {.proxies = gateways->proxies,
                                       .bot = gateways->bot,
                                       .state = state,
                                       .shard_count = shard_count,
                                       .flags = flags,
                                       .descriptors = count_descriptors(gateways)};
    if (gateways->count == GATEWAYS_MAX) {
        snprintf(problem->text, sizeof problem->text,
                 "gateways of former numbers of shards are still ending");
        return SPECTACLES_E_STATE;
    }
    int error = handle_new(&made.handle, gateways->settings, &parts, problem);
    if (error != SPECTACLES_OK)
        return error;
    gateways->items[gateways->count++] = made;
    gateways->had_two |= gateways->count > 1;
    if (gateways->count == 1)
        gateways->serving = shard_count;
    return SPECTACLES_OK;
}

/* ---- Found ---- */

struct gateway *gateways_find(struct gateways *gateways, uint32_t shard_count)
{
    for (size_t i = 0; i < gateways->count; i++) {
        struct gateway *each = &gateways->items[i];
        if (each->shard_count == shard_count && !each->is_ending)
            return each;
    }
    return NULL;
}

struct gateway *gateways_serving(struct gateways *gateways)
{
    struct gateway *serving = gateways_find(gateways, gateways->serving);
    if (serving)
        return serving;
    return gateways->count > 0 ? &gateways->items[0] : NULL;
}

/* ---- Ended ---- */

void gateways_end(struct gateways *gateways, uint32_t shard_count, uint64_t now)
{
    struct gateway *ended = gateways_find(gateways, shard_count);
    if (!ended)
        return;
    ended->is_ending = true;
    spectacles_gateway_stop(ended->handle, 0, now);
}

struct gateway *gateways_next_gone(struct gateways *gateways)
{
    for (size_t i = 0; i < gateways->count; i++) {
        if (gateways->items[i].is_ending && spectacles_gateway_stopped(gateways->items[i].handle))
            return &gateways->items[i];
    }
    return NULL;
}

static spectacles_gateway_stats stats_of(const struct gateway *gateway)
{
    spectacles_gateway_stats stats;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    spectacles_gateway_get_stats(gateway->handle, &stats);
    return stats;
}

static struct gateways_gaps add_gaps(struct gateways_gaps sum, const struct gateway *gateway)
{
    const spectacles_gateway_stats stats = stats_of(gateway);
    return (struct gateways_gaps){.sessions = sum.sessions + stats.gaps_sessions,
                                  .unknown = sum.unknown + stats.gaps_unknown,
                                  .dispatches = sum.dispatches + stats.gaps_dispatches};
}

struct gateways_gaps gateways_count_gaps(const struct gateways *gateways)
{
    struct gateways_gaps sum = gateways->gone;
    for (size_t i = 0; i < gateways->count; i++)
        sum = add_gaps(sum, &gateways->items[i]);
    return sum;
}

void gateways_remove(struct gateways *gateways, struct gateway *gone)
{
    size_t behind = gateways->count - (size_t)(gone - gateways->items) - 1;
    gateways->gone = add_gaps(gateways->gone, gone);
    spectacles_gateway_free(gone->handle);
    status_gateway_end(&gone->memory);
    memmove(gone, gone + 1, behind * sizeof *gone);
    gateways->count--;
}

void gateways_free(struct gateways *gateways)
{
    while (gateways->count > 0)
        gateways_remove(gateways, &gateways->items[gateways->count - 1]);
}

/* ---- All of them ---- */

void gateways_watch(struct gateways *gateways, struct loop *loop)
{
    for (size_t i = 0; i < gateways->count; i++) {
        loop_watch(loop, spectacles_gateway_fd(gateways->items[i].handle), POLLIN);
        loop_until(loop, spectacles_gateway_deadline(gateways->items[i].handle));
    }
}

bool gateways_found(struct gateways *gateways, const struct loop *loop)
{
    for (size_t i = 0; i < gateways->count; i++) {
        if (loop_found(loop, spectacles_gateway_fd(gateways->items[i].handle)))
            return true;
    }
    return false;
}

static int note(const struct gateway *gateway, int error, int before, const char **why)
{
    if (error == SPECTACLES_OK || before != SPECTACLES_OK)
        return before;
    *why = spectacles_gateway_last_error(gateway->handle);
    return error;
}

int gateways_process(struct gateways *gateways, uint64_t now, const char **why)
{
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < gateways->count; i++) {
        struct gateway *each = &gateways->items[i];
        error = note(each, spectacles_gateway_process(each->handle, now), error, why);
    }
    return error;
}

int gateways_set_limits(struct gateways *gateways, uint64_t now, const char **why)
{
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < gateways->count; i++) {
        struct gateway *each = &gateways->items[i];
        error = note(each, spectacles_gateway_set_limits(each->handle, gateways->bot, now), error, why);
    }
    return error;
}

void gateways_stop(struct gateways *gateways, uint64_t now)
{
    for (size_t i = 0; i < gateways->count; i++)
        spectacles_gateway_stop(gateways->items[i].handle, 0, now);
}

bool gateways_are_stopped(const struct gateways *gateways)
{
    for (size_t i = 0; i < gateways->count; i++) {
        if (!spectacles_gateway_stopped(gateways->items[i].handle))
            return false;
    }
    return true;
}

uint64_t gateways_unconfirmed(const struct gateways *gateways)
{
    uint64_t count = 0;
    for (size_t i = 0; i < gateways->count; i++)
        count += stats_of(&gateways->items[i]).unconfirmed;
    return count;
}
