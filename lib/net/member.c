/* The place of a link in a poller. Called by poller.c, and by link.c when the link is freed first. */
#include "net/member.h"

#include "net/link.h"

void sp_member_leave(sp_member *member)
{
    if (!member->poller)
        return;
    sp_watcher_watch(member->watcher, &member->watched, -1, 0);
    sp_race_unwatch(&member->link->race);
    sp_timer_set(member->timers, &member->timer, SPECTACLES_NEVER);
    sp_timers_release(member->timers);
    sp_stream_watch_end(member->stream);
    sp_list_remove(&member->node);
    sp_list_remove(&member->due);
    sp_list_remove(&member->changed);
    member->poller = NULL;
}
