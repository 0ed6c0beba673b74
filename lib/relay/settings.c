/* The settings that an owner may change while a relay runs. Called by owners. */
#include "core/export.h"
#include "relay/gaps.h"
#include "relay/internal.h"
#include "relay/queues.h"

SPECTACLES_EXPORT int spectacles_relay_set_allow(spectacles_relay *relay, const char *const *allow,
                                                 size_t count, uint32_t allow_all)
{
    sp_filter filter = {0};
    if (count > 0 && !allow)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, "allow is NULL but has a length");
    int error = sp_filter_init(&filter, allow, count, allow_all != 0);
    if (error != SPECTACLES_OK) {
        sp_filter_free(&filter);
        return sp_relay_fail(relay, error,
                             error == SPECTACLES_E_INVAL ? SP_RELAY_BAD_NAME : spectacles_strerror(error));
    }
    sp_filter_free(&relay->filter);
    relay->filter = filter;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_relay_set_flags(spectacles_relay *relay, uint32_t flags)
{
    const uint32_t mask = SPECTACLES_RELAY_SILENT | SPECTACLES_RELAY_MARKS | SPECTACLES_RELAY_NO_COMMANDS;
    uint32_t before = relay->flags;
    relay->flags = (before & ~mask) | (flags & mask);
    if (!((before ^ relay->flags) & SPECTACLES_RELAY_NO_COMMANDS) || !relay->commands)
        return;
    for (size_t i = 0; i < relay->served; i++)
        sp_relay_renew_queue(relay, relay->shards[i]->id);
    sp_relay_renew_send(relay);
    relay->woken = true;
}

static int reserve_all(const spectacles_relay *relay, sp_identify *identify)
{
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < relay->served && error == SPECTACLES_OK; i++)
        error = sp_identify_reserve(identify, relay->shards[i]->id);
    return error;
}

/* A shard that waits keeps waiting, in the bucket that it has now. */
static void move_waiting(spectacles_relay *relay, sp_identify *identify)
{
    for (size_t i = 0; i < relay->served; i++) {
        sp_relay_shard *shard = relay->shards[i];
        if (!sp_timer_is_set(&shard->identify_turn))
            continue;
        sp_identify_leave(&relay->identify, shard->id, &shard->identify_turn);
        sp_identify_wait(identify, shard->id, &shard->identify_turn);
    }
}

SPECTACLES_EXPORT void spectacles_relay_set_unix_offset(spectacles_relay *relay, uint64_t unix_offset)
{
    uint64_t shift = unix_offset - relay->unix_offset;
    if (shift == 0)
        return;
    relay->unix_offset = unix_offset;
    for (size_t i = 0; i < relay->served; i++)
        sp_relay_shift_gaps(relay, relay->shards[i], shift);
}

SPECTACLES_EXPORT int spectacles_relay_set_max_concurrency(spectacles_relay *relay, uint32_t max_concurrency)
{
    sp_identify identify = {0};
    if (max_concurrency == 0 || max_concurrency > SP_RELAY_CONCURRENCY_MAX)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_RELAY_BAD_CONCURRENCY);
    int error = sp_identify_init_like(&identify, &relay->identify, max_concurrency, relay->shard_count);
    if (error == SPECTACLES_OK)
        error = reserve_all(relay, &identify);
    if (error != SPECTACLES_OK) {
        sp_identify_free(&identify);
        return sp_relay_fail(relay, error, spectacles_strerror(error));
    }
    move_waiting(relay, &identify);
    sp_identify_free(&relay->identify);
    relay->identify = identify;
    return SPECTACLES_OK;
}
