/*
 * `spectacles-gateway fleet reshard`: another number of shards, asked for, followed and given up. It owns nothing.
 * fleet.c and fleet_show.c call it.
 */
#include "fleet_reshard.h"

#include <inttypes.h>

static const char where[] = "fleet";

enum {
    LOOK_EVERY = 500,    /* milliseconds */
    AGAIN = 2000,        /* a wish that nobody heard, because the leader changed, is told again */
    TAKEN_WITHIN = 30000 /* the leader has stored a wish by then */
};

spectacles_fleet_resharding fleet_reshard_progress(const struct fleet_watch *watch)
{
    spectacles_fleet_resharding progress;
    spectacles_fleet_resharding_init(&progress, sizeof progress);
    spectacles_fleet_progress(watch->handle.fleet, &progress);
    return progress;
}

static bool refuse(struct fleet_watch *watch, const char *text)
{
    problems_add(watch->problems, PROBLEM_IS_FINAL, where, "%s", text);
    return false;
}

static bool is_heard(struct fleet_watch *watch)
{
    if (fleet_reshard_progress(watch).is_known)
        return true;
    problems_add(
        watch->problems, PROBLEM_MAY_PASS, where,
        "no leader of the fleet was heard: look at `spectacles-gateway fleet status`, and try again");
    return false;
}

/* ---- Showing ---- */

static bool has_changed(const spectacles_fleet_resharding *one, const spectacles_fleet_resharding *two)
{
    return one->phase != two->phase || one->owned != two->owned || one->ready != two->ready;
}

static void show(FILE *out, const spectacles_fleet_resharding *progress)
{
    if (progress->phase == SPECTACLES_FLEET_STABLE)
        return;
    fprintf(out, "%" PRIu32 " to %" PRIu32 " shards: %s", progress->shard_count, progress->wanted_shards,
            spectacles_fleet_phase_name(progress->phase));
    if (progress->phase == SPECTACLES_FLEET_PREPARE)
        fprintf(out, ", until %" PRIu32 " identifies of the day are left beside the reserve",
                progress->wanted_shards);
    else
        fprintf(out, ", %" PRIu32 " of %" PRIu32 " new slots have an owner, and %" PRIu32 " are connected",
                progress->owned, progress->slots, progress->ready);
    fputc('\n', out);
    fflush(out);
}

/* Until the way is at its end: there, or back. */
static bool follow(FILE *out, struct fleet_watch *watch)
{
    spectacles_fleet_resharding shown = {.phase = SPECTACLES_FLEET_STABLE};
    for (;;) {
        const spectacles_fleet_resharding progress = fleet_reshard_progress(watch);
        if (has_changed(&shown, &progress))
            show(out, &progress);
        if (progress.phase == SPECTACLES_FLEET_STABLE)
            return true;
        shown = progress;
        if (!fleet_watch_until(watch, spectacles_now() + LOOK_EVERY))
            return false;
    }
}

/* ---- Asking ---- */

/* The leader may be about to change: then nobody has heard it. wanted: 0: the way is given up. */
static bool ask(struct fleet_watch *watch, uint32_t wanted)
{
    uint32_t before = fleet_reshard_progress(watch).phase;
    uint64_t until = spectacles_now() + TAKEN_WITHIN;
    while (spectacles_now() < until) {
        int error = wanted > 0 ? spectacles_fleet_reshard(watch->handle.fleet, wanted)
                               : spectacles_fleet_abort_reshard(watch->handle.fleet);
        if (error == SPECTACLES_E_INVAL)
            return refuse(watch, spectacles_fleet_last_error(watch->handle.fleet));
        for (uint64_t again = spectacles_now() + AGAIN; spectacles_now() < again;) {
            if (!fleet_watch_until(watch, spectacles_now() + LOOK_EVERY))
                return false;
            if (fleet_reshard_progress(watch).phase != before)
                return true;
        }
    }
    problems_add(
        watch->problems, PROBLEM_MAY_PASS, where,
        "the leader of the fleet has not taken this up within %d s: look at `spectacles-gateway fleet "
        "status`, and at FLEET_PROBLEM in the logs of the members",
        TAKEN_WITHIN / 1000);
    return false;
}

static bool is_elsewhere(struct fleet_watch *watch, const spectacles_fleet_resharding *progress)
{
    problems_add(
        watch->problems, PROBLEM_IS_FINAL, where,
        "the fleet is on the way from %" PRIu32 " to %" PRIu32
        " shards (%s): wait until it is there, or give that up with `spectacles-gateway fleet reshard "
        "abort`",
        progress->shard_count, progress->wanted_shards, spectacles_fleet_phase_name(progress->phase));
    return false;
}

static bool expect_shards(struct fleet_watch *watch, uint32_t shard_count)
{
    if (fleet_reshard_progress(watch).shard_count == shard_count)
        return true;
    problems_add(
        watch->problems, PROBLEM_MAY_PASS, where,
        "it was given up, by a person or by a member (FLEET_GIVES_UP in its log): the fleet has %" PRIu32
        " shards as before",
        fleet_reshard_progress(watch).shard_count);
    return false;
}

bool fleet_reshard(FILE *out, struct fleet_watch *watch, uint32_t shard_count)
{
    const spectacles_fleet_resharding before = fleet_reshard_progress(watch);
    bool is_on_its_way = before.phase != SPECTACLES_FLEET_STABLE;
    if (!is_heard(watch))
        return false;
    if (is_on_its_way && (before.wanted_shards != shard_count || before.phase == SPECTACLES_FLEET_ABORTING))
        return is_elsewhere(watch, &before);
    if (!is_on_its_way && before.shard_count == shard_count) {
        fprintf(out, "the fleet has %" PRIu32 " shards already\n", shard_count);
        return true;
    }
    if (!is_on_its_way && !ask(watch, shard_count))
        return false;
    fprintf(
        out,
        "this goes on, also when the command is ended; `spectacles-gateway fleet reshard abort` goes back\n");
    if (!follow(out, watch) || !expect_shards(watch, shard_count))
        return false;
    fprintf(out,
            "the fleet has %" PRIu32 " shards: set DISCORD_SHARD_COUNT=%" PRIu32
            " for the next start of each "
            "process\n",
            shard_count, shard_count);
    return true;
}

bool fleet_reshard_abort(FILE *out, struct fleet_watch *watch)
{
    const spectacles_fleet_resharding before = fleet_reshard_progress(watch);
    if (!is_heard(watch))
        return false;
    if (before.phase == SPECTACLES_FLEET_STABLE)
        return refuse(watch, "the fleet is not on the way to another number of shards");
    if (before.phase == SPECTACLES_FLEET_CLOSING)
        return refuse(watch, "it is too late: the old shards are being closed. When that is done, "
                             "`spectacles-gateway fleet reshard` goes back the same way");
    if (before.phase != SPECTACLES_FLEET_ABORTING && !ask(watch, 0))
        return false;
    if (!follow(out, watch))
        return false;
    if (fleet_reshard_progress(watch).shard_count != before.shard_count)
        return refuse(watch, "it was too late: the leader had begun to close the old shards");
    fprintf(out, "the fleet has %" PRIu32 " shards as before\n", before.shard_count);
    return true;
}
