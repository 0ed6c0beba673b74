/* When heartbeats are due, and whether they were acknowledged. Called by timers.c and ops.c. */
#include "shard/heartbeat.h"

void sp_heartbeat_start(sp_heartbeat *heartbeat, uint64_t interval, sp_random *random, uint64_t now)
{
    *heartbeat = (sp_heartbeat){.interval = interval, .next = now + sp_random_upto(random, interval)};
}

void sp_heartbeat_stop(sp_heartbeat *heartbeat)
{
    *heartbeat = (sp_heartbeat){0};
}

uint64_t sp_heartbeat_deadline(const sp_heartbeat *heartbeat)
{
    return heartbeat->interval ? heartbeat->next : SPECTACLES_NEVER;
}

bool sp_heartbeat_missed(const sp_heartbeat *heartbeat, uint64_t now)
{
    return heartbeat->waiting && now >= heartbeat->next;
}

bool sp_heartbeat_overslept(const sp_heartbeat *heartbeat, uint64_t now)
{
    return heartbeat->interval > 0 && now >= heartbeat->next && now - heartbeat->next > heartbeat->interval;
}

void sp_heartbeat_sent(sp_heartbeat *heartbeat, uint64_t now)
{
    heartbeat->sent = now;
    heartbeat->waiting = true;
    heartbeat->next = now + heartbeat->interval;
}

bool sp_heartbeat_acknowledged(sp_heartbeat *heartbeat, uint64_t now, uint64_t *latency)
{
    if (!heartbeat->waiting)
        return false;
    heartbeat->waiting = false;
    *latency = now - heartbeat->sent;
    return true;
}
