#ifndef SP_NET_MEMBER_H
#define SP_NET_MEMBER_H

#include "core/list.h"
#include "core/stream.h"
#include "core/timers.h"
#include "net/watcher.h"

/* The place of a link in a poller. Part of the link. */
typedef struct sp_member {
    spectacles_link *link;
    spectacles_poller *poller; /* NULL: the link is in none */
    sp_watcher *watcher;
    sp_timers *timers;
    sp_stream_watch *stream; /* of the stream of the engine: tells that the engine was given something */
    uint64_t id;             /* what the owner calls the link */
    sp_watched watched;
    sp_timer timer;
    sp_list_node node;    /* in the list of all links of the poller */
    sp_list_node due;     /* in the list of those whose time has come */
    sp_list_node changed; /* in the list of those that the owner is told of */
} sp_member;

/* Takes the link out of its poller. Does nothing when the link is in none. */
void sp_member_leave(sp_member *member);

#endif
