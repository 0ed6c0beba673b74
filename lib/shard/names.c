/* What the numbers of the public enums are called. Called by owners, for logs. */
#include "core/names.h"
#include "core/export.h"

#include <spectacles/shard.h>

SPECTACLES_EXPORT const char *spectacles_shard_state_name(uint32_t state)
{
    static const char *const names[] = {
        [SPECTACLES_SHARD_IDLE] = "IDLE",
        [SPECTACLES_SHARD_CONNECTING] = "CONNECTING",
        [SPECTACLES_SHARD_UPGRADING] = "UPGRADING",
        [SPECTACLES_SHARD_HELLO] = "HELLO",
        [SPECTACLES_SHARD_IDENTIFY_WAIT] = "IDENTIFY_WAIT",
        [SPECTACLES_SHARD_IDENTIFYING] = "IDENTIFYING",
        [SPECTACLES_SHARD_RESUMING] = "RESUMING",
        [SPECTACLES_SHARD_READY] = "READY",
        [SPECTACLES_SHARD_CLOSING] = "CLOSING",
        [SPECTACLES_SHARD_BACKOFF] = "BACKOFF",
        [SPECTACLES_SHARD_CLOSED] = "CLOSED",
        [SPECTACLES_SHARD_FATAL] = "FATAL",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], state);
}

SPECTACLES_EXPORT const char *spectacles_shard_event_type_name(uint32_t type)
{
    static const char *const names[] = {
        [SPECTACLES_SHARD_EVENT_CONNECTING] = "CONNECTING",
        [SPECTACLES_SHARD_EVENT_IDENTIFY] = "IDENTIFY",
        [SPECTACLES_SHARD_EVENT_READY] = "READY",
        [SPECTACLES_SHARD_EVENT_RESUMED] = "RESUMED",
        [SPECTACLES_SHARD_EVENT_DISPATCH] = "DISPATCH",
        [SPECTACLES_SHARD_EVENT_LATENCY] = "LATENCY",
        [SPECTACLES_SHARD_EVENT_SENT] = "SENT",
        [SPECTACLES_SHARD_EVENT_UNSENT] = "UNSENT",
        [SPECTACLES_SHARD_EVENT_DISCONNECTED] = "DISCONNECTED",
        [SPECTACLES_SHARD_EVENT_GAP] = "GAP",
        [SPECTACLES_SHARD_EVENT_CLOSED] = "CLOSED",
        [SPECTACLES_SHARD_EVENT_FATAL] = "FATAL",
        [SPECTACLES_SHARD_EVENT_LATE] = "LATE",
        [SPECTACLES_SHARD_EVENT_STATE] = "STATE",
        [SPECTACLES_SHARD_EVENT_PLAIN] = "PLAIN",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], type);
}

SPECTACLES_EXPORT const char *spectacles_compression_name(uint32_t compression)
{
    static const char *const names[] = {
        [SPECTACLES_COMPRESSION_NONE] = "NONE",
        [SPECTACLES_COMPRESSION_ZLIB_STREAM] = "ZLIB_STREAM",
        [SPECTACLES_COMPRESSION_ZSTD_STREAM] = "ZSTD_STREAM",
        [SPECTACLES_COMPRESSION_PAYLOAD] = "PAYLOAD",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], compression);
}
