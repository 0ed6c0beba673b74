/* How many payloads a connection may still send. Called by send.c, packets.c and ops.c. */
#include "shard/limits.h"

enum {
    SPARE = 3 /* payloads of a period: answers to heartbeat requests, and a resume or an identify */
};

void sp_limits_reset(sp_limits *limits)
{
    *limits = (sp_limits){.reserve = SPARE};
}

void sp_limits_reserve(sp_limits *limits, uint64_t interval)
{
    uint64_t beats = interval ? SP_LIMIT_PERIOD / interval + 1 : 1;
    uint64_t reserve = beats + SPARE;
    limits->reserve = (uint32_t)(reserve < SP_LIMIT_COUNT / 2 ? reserve : SP_LIMIT_COUNT / 2);
}

static uint64_t at(const sp_limits *limits, uint32_t index)
{
    return limits->sent[(limits->first + index) % SP_LIMIT_COUNT];
}

static uint32_t expired(const sp_limits *limits, uint64_t now)
{
    uint32_t gone = 0;
    while (gone < limits->count && now - at(limits, gone) >= SP_LIMIT_PERIOD)
        gone++;
    return gone;
}

uint32_t sp_limits_remaining(const sp_limits *limits, uint64_t now)
{
    uint32_t used = limits->count - expired(limits, now) + limits->reserve;
    return used < SP_LIMIT_COUNT ? SP_LIMIT_COUNT - used : 0;
}

bool sp_limits_may_answer(const sp_limits *limits, uint64_t now)
{
    uint32_t beats = limits->reserve > SPARE ? limits->reserve - SPARE : 0;
    return limits->count - expired(limits, now) + beats < SP_LIMIT_COUNT;
}

uint64_t sp_limits_refill(const sp_limits *limits, uint64_t now)
{
    uint32_t gone = expired(limits, now);
    return gone < limits->count ? at(limits, gone) + SP_LIMIT_PERIOD : SPECTACLES_NEVER;
}

void sp_limits_count(sp_limits *limits, uint64_t now)
{
    uint32_t gone = expired(limits, now);
    if (gone == 0 && limits->count == SP_LIMIT_COUNT)
        gone = 1;
    limits->first = (limits->first + gone) % SP_LIMIT_COUNT;
    limits->count -= gone;
    limits->sent[(limits->first + limits->count) % SP_LIMIT_COUNT] = now;
    limits->count++;
}
