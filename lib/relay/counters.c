/* Gives owners what a relay has counted. Called by owners, and by lib/gateway. */
#include "core/config.h"
#include "core/export.h"
#include "relay/internal.h"
#include "relay/served.h"

SPECTACLES_EXPORT void spectacles_relay_stats_init(spectacles_relay_stats *stats, size_t size)
{
    const spectacles_relay_stats empty = {0};
    sp_config_write(stats, size, &empty, sizeof empty);
}

static uint64_t since(uint64_t begin, uint64_t now)
{
    return begin != SPECTACLES_NEVER && now > begin ? now - begin : 0;
}

SPECTACLES_EXPORT int spectacles_relay_get_stats(const spectacles_relay *relay, spectacles_relay_stats *out)
{
    spectacles_relay_stats stats = relay->stats;
    stats.unconfirmed = relay->publishes.count;
    stats.blocked_time += since(relay->blocked_since, relay->now);
    stats.full_time += since(relay->full_since, relay->now);
    stats.identifies_total = relay->identify.limited ? relay->identify.total : 0;
    stats.identifies_left = relay->identify.limited ? relay->identify.remaining : 0;
    return sp_stats_write(out, &stats, sizeof stats);
}

SPECTACLES_EXPORT int spectacles_relay_event_count(const spectacles_relay *relay, size_t index,
                                                   const char **name, uint64_t *count)
{
    const sp_tally_names *tally = &relay->names;
    if (index > tally->count || (index == tally->count && tally->others == 0))
        return 0;
    *name = index < tally->count ? tally->names[index].chars : "";
    *count = index < tally->count ? tally->names[index].count : tally->others;
    return 1;
}

SPECTACLES_EXPORT int spectacles_relay_close_count(const spectacles_relay *relay, size_t index,
                                                   uint32_t *code, uint64_t *count)
{
    if (index >= relay->codes.count)
        return 0;
    *code = relay->codes.codes[index].code;
    *count = relay->codes.codes[index].count;
    return 1;
}

SPECTACLES_EXPORT void spectacles_relay_shard_stats_init(spectacles_relay_shard_stats *stats, size_t size)
{
    const spectacles_relay_shard_stats empty = {0};
    sp_config_write(stats, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT int spectacles_relay_get_shard_stats(const spectacles_relay *relay, uint32_t shard_id,
                                                       spectacles_relay_shard_stats *out)
{
    const sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    if (!shard)
        return SPECTACLES_E_INVAL;
    const spectacles_relay_shard_stats stats = {.service = (uint32_t)shard->service,
                                                .unconfirmed = shard->open,
                                                .packets = shard->held.count + shard->sent.count,
                                                .gaps = shard->gaps.count};
    return sp_stats_write(out, &stats, sizeof stats);
}
