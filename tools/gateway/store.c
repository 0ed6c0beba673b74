/*
 * When sessions and gaps are stored, and what the gateway hears of it. The daemon's loop calls it. store_load.c reads
 * the file at the start; session_writer.c writes it.
 *
 *                touch                due, and something has changed
 *     CLEAN ------------> DUE ------------------------------------> WRITING
 *       ^                 | ^                                        | | |
 *       +-----------------+ |      written, and touched meanwhile    | | |
 *       |  nothing changed  +----------------------------------------+ | |
 *       |              written: the gateway is told                    | |
 *       +--------------------------------------------------------------+ |
 *                                          failed                        |
 *                         FAILED <---------------------------------------+
 *                           |  after a second, or when touched urgently: WRITING again
 *
 * There is one write at a time, and the state of the gateway is taken when a write begins. So what was taken last is
 * what was written last, which is what spectacles_gateway_state_stored() is about.
 */
#include "store.h"

#include "session_disk.h"
#include "store_load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
    EVERY = 250,    /* milliseconds */
    RETRY = 1000,   /* after a write that failed */
    PATIENCE = 5000 /* how long a write may take before somebody is told, and new sessions are let go */
};

static void set_state(struct store *store, enum store_state state, uint64_t due)
{
    store->state = state;
    store->due = due;
}

/* ---- Touched ---- */

void store_touch(struct store *store, bool is_urgent, uint64_t now)
{
    uint64_t due = is_urgent ? now : now + EVERY;
    if (!store)
        return;
    if (store->state == STORE_WRITING)
        store->again = due < store->again ? due : store->again;
    else if (store->state == STORE_CLEAN)
        set_state(store, STORE_DUE, due);
    else if (due < store->due)
        store->due = due;
}

/* ---- When the disk fails ---- */

/*
 * Lets sessions go that wait to be stored. Their heartbeats still carry no sequence. A shard whose session is stored,
 * or that has none, is not affected.
 */
static void let_sessions_go(const struct store *store, spectacles_gateway *gateway)
{
    uint32_t count = spectacles_state_shard_count(store->loaded);
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    for (uint32_t id = 0; id < count; id++) {
        if (spectacles_gateway_session(gateway, id, &session) == SPECTACLES_OK)
            spectacles_relay_session_stored(spectacles_gateway_relay(gateway), id, session.session_id);
    }
}

static void fail(struct store *store, spectacles_gateway *gateway, int error, uint64_t now,
                 struct problems *problems)
{
    char why[DISK_TEXT_SIZE];
    if (!store->stats.failing_since)
        problems_add(
            problems, PROBLEM_MAY_PASS, store->where,
            "sessions cannot be stored in '%.120s': %s. A restart would replay more, or identify; it is "
            "tried again each second",
            store->path, disk_explain(error, why));
    store->stats.failing_since = store->stats.failing_since ? store->stats.failing_since : now;
    store->stats.failures++;
    store->is_unwritten = true;
    let_sessions_go(store, gateway);
    set_state(store, STORE_FAILED, now + RETRY);
}

/* ---- A write ---- */

static int take(struct store *store, spectacles_gateway *gateway)
{
    int changed = spectacles_gateway_take_state(gateway, spectacles_unix_time());
    if (changed > 0)
        store->is_unwritten = true;
    return changed < 0 ? ENOMEM : 0;
}

static int write_state(const struct store *store, const spectacles_gateway *gateway)
{
    int error = spectacles_gateway_write_state(gateway, session_writer_bytes(store->writer));
    return error == SPECTACLES_E_TOOBIG ? EFBIG : error ? ENOMEM : 0;
}

static void begin(struct store *store, spectacles_gateway *gateway, uint64_t now, struct problems *problems)
{
    int error = take(store, gateway);
    if (!error && !store->is_unwritten) {
        set_state(store, STORE_CLEAN, SPECTACLES_NEVER);
        return;
    }
    error = error ? error : write_state(store, gateway);
    if (error) {
        fail(store, gateway, error, now, problems);
        return;
    }
    store->is_unwritten = false;
    store->again = SPECTACLES_NEVER;
    store->began_at = now;
    session_writer_begin(store->writer);
    set_state(store, STORE_WRITING, now + PATIENCE);
}

static void tell_what_was_found(const struct store *store, const struct session_file_result *result,
                                struct problems *problems)
{
    if (result->was_missing)
        problems_add(problems, PROBLEM_NOTE, store->where, "'%.120s' was taken away, and was written again",
                     store->path);
    if (result->was_replaced)
        problems_add(
            problems, PROBLEM_MAY_PASS, store->where,
            "'%.120s' was replaced by somebody else: when a second gateway has the same file (on NFS without "
            "locks), both lose their sessions: end one of them",
            store->path);
}

static void count(struct store *store, uint64_t now)
{
    struct store_stats *stats = &store->stats;
    stats->writes++;
    stats->bytes = spectacles_bytes_length(session_writer_bytes(store->writer));
    stats->last_time = now - store->began_at;
    stats->longest_time = stats->last_time > stats->longest_time ? stats->last_time : stats->longest_time;
    stats->stored_at = spectacles_unix_time();
}

static void succeed(struct store *store, spectacles_gateway *gateway, uint64_t now, struct problems *problems)
{
    if (store->stats.failing_since || store->is_late)
        problems_add(problems, PROBLEM_NOTE, store->where, "sessions are stored again");
    store->stats.failing_since = 0;
    store->is_late = false;
    count(store, now);
    spectacles_gateway_state_stored(gateway);
    set_state(store, store->again == SPECTACLES_NEVER ? STORE_CLEAN : STORE_DUE, store->again);
}

static void end(struct store *store, spectacles_gateway *gateway, uint64_t now, struct problems *problems)
{
    struct session_file_result result;
    if (!session_writer_take(store->writer, &result))
        return;
    tell_what_was_found(store, &result, problems);
    if (result.error)
        fail(store, gateway, result.error, now, problems);
    else
        succeed(store, gateway, now, problems);
}

/* The disk is silent. */
static void wait_longer(struct store *store, spectacles_gateway *gateway, uint64_t now,
                        struct problems *problems)
{
    if (!store->is_late)
        problems_add(
            problems, PROBLEM_MAY_PASS, store->where,
            "the disk of '%.120s' has not answered for %d seconds: sessions are not stored meanwhile, and a "
            "restart would replay more, or identify",
            store->path, PATIENCE / 1000);
    store->is_late = true;
    let_sessions_go(store, gateway);
    set_state(store, STORE_WRITING, now + RETRY);
}

/* ---- The loop ---- */

void store_process(struct store *store, spectacles_gateway *gateway, uint64_t now, struct problems *problems)
{
    if (!store)
        return;
    if (store->state == STORE_WRITING)
        end(store, gateway, now, problems);
    if (now < store->due)
        return;
    if (store->state == STORE_WRITING)
        wait_longer(store, gateway, now, problems);
    else if (store->state != STORE_CLEAN)
        begin(store, gateway, now, problems);
}

int store_descriptor(const struct store *store)
{
    return store && store->writer ? session_writer_descriptor(store->writer) : -1;
}

uint64_t store_deadline(const struct store *store)
{
    return store ? store->due : SPECTACLES_NEVER;
}

/* ---- The end ---- */

void store_finish(struct store *store, uint64_t now)
{
    if (!store)
        return;
    store->is_finishing = true;
    store_touch(store, true, now);
}

bool store_is_finished(const struct store *store)
{
    return !store || (store->is_finishing && store->state == STORE_CLEAN);
}

void store_get_stats(const struct store *store, struct store_stats *stats)
{
    *stats = store ? store->stats : (struct store_stats){0};
    stats->is_writing = store && store->state == STORE_WRITING;
}
