/* The names of queues, routing keys, and which shard serves a guild. The broker, the relay and owners call it. */
#include "routing/route.h"

#include "core/export.h"
#include "core/text.h"

#include <string.h>

SPECTACLES_EXPORT const char *spectacles_route_send_key(void)
{
    return SP_ROUTE_SEND;
}

SPECTACLES_EXPORT const char *spectacles_route_gap_key(void)
{
    return SP_ROUTE_GAP;
}

SPECTACLES_EXPORT uint32_t spectacles_route_shard(uint64_t guild_id, uint32_t shard_count)
{
    return shard_count == 0 ? 0 : (uint32_t)((guild_id >> 22) % shard_count);
}

SPECTACLES_EXPORT uint32_t spectacles_route_identify_bucket(uint32_t shard_id, uint32_t max_concurrency)
{
    return max_concurrency == 0 ? 0 : shard_id % max_concurrency;
}

bool sp_route_is_name_part(const char *part, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)part;
    for (size_t i = 0; i < length;) {
        size_t width = sp_utf8_sequence(bytes + i, length - i);
        if (width == 0 || bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
        i += width;
    }
    return true;
}

static size_t put(char *out, size_t at, const char *part, size_t length)
{
    memcpy(out + at, part, length);
    return at + length;
}

SPECTACLES_EXPORT int spectacles_route_queue(char *out, size_t size, const char *group, size_t group_length,
                                             const char *subgroup, size_t subgroup_length, const char *event,
                                             size_t event_length)
{
    if (group_length == 0 || event_length == 0)
        return SPECTACLES_E_INVAL;
    /* Each part is checked alone first: the sum of three lengths could overflow. */
    if (group_length > SPECTACLES_ROUTE_MAX || subgroup_length > SPECTACLES_ROUTE_MAX ||
        event_length > SPECTACLES_ROUTE_MAX)
        return SPECTACLES_E_TOOBIG;
    if (!sp_route_is_name_part(group, group_length) || !sp_route_is_name_part(subgroup, subgroup_length) ||
        !sp_route_is_name_part(event, event_length))
        return SPECTACLES_E_INVAL;
    size_t length = group_length + 1 + (subgroup_length ? subgroup_length + 1 : 0) + event_length;
    if (length > SPECTACLES_ROUTE_MAX || length >= size)
        return SPECTACLES_E_TOOBIG;

    size_t at = put(out, 0, group, group_length);
    at = put(out, at, ":", 1);
    if (subgroup_length > 0) {
        at = put(out, at, subgroup, subgroup_length);
        at = put(out, at, ":", 1);
    }
    at = put(out, at, event, event_length);
    out[at] = '\0';
    return (int)length;
}

SPECTACLES_EXPORT int spectacles_route_shard_key(char *out, size_t size, uint32_t shard_id)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + shard_id % 10);
        shard_id /= 10;
    } while (shard_id > 0);
    if (count >= size)
        return SPECTACLES_E_TOOBIG;
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    out[count] = '\0';
    return (int)count;
}

SPECTACLES_EXPORT int spectacles_route_parse_shard_key(uint32_t *shard_id, const char *key, size_t length)
{
    uint64_t value = 0;
    if (length == 0 || length > 10 || (key[0] == '0' && length > 1))
        return SPECTACLES_E_INVAL;
    for (size_t i = 0; i < length; i++) {
        if (key[i] < '0' || key[i] > '9')
            return SPECTACLES_E_INVAL;
        value = value * 10 + (uint64_t)(key[i] - '0');
    }
    if (value > UINT32_MAX)
        return SPECTACLES_E_INVAL;
    *shard_id = (uint32_t)value;
    return SPECTACLES_OK;
}
