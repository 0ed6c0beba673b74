/*
 * How long to wait before the next attempt to connect. The shard, the broker and the link call it, each with a count of
 * its own.
 */
#include "core/backoff.h"

#include <spectacles/types.h>
#include <stdbool.h>

sp_backoff sp_backoff_of(uint64_t base, uint64_t cap)
{
    return (sp_backoff){.base = base, .cap = cap, .ready_since = SPECTACLES_NEVER};
}

void sp_backoff_ready(sp_backoff *backoff, uint64_t now)
{
    backoff->ready_since = now;
}

void sp_backoff_progress(sp_backoff *backoff)
{
    backoff->failures = 0;
}

uint64_t sp_backoff_next(sp_backoff *backoff, sp_random *random, uint64_t now)
{
    bool was_ready = backoff->ready_since != SPECTACLES_NEVER;
    if (was_ready && now - backoff->ready_since >= SP_BACKOFF_STABLE)
        backoff->failures = 0;
    uint64_t wait = sp_random_backoff(random, backoff->failures, backoff->base, backoff->cap);
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;
    backoff->ready_since = SPECTACLES_NEVER;
    backoff->unreached = 0;
    return wait;
}

uint64_t sp_backoff_unreached(sp_backoff *backoff, sp_random *random)
{
    uint64_t wait = sp_random_backoff(random, backoff->unreached, backoff->base, SP_BACKOFF_UNREACHED);
    if (backoff->unreached < UINT32_MAX)
        backoff->unreached++;
    return wait;
}

uint64_t sp_backoff_hurry(const sp_backoff *backoff, sp_random *random, uint64_t next, uint64_t now)
{
    uint64_t soon = now + sp_random_upto(random, SP_BACKOFF_HURRY);
    return backoff->unreached > 0 && soon < next ? soon : next;
}
