#ifndef GATEWAY_FLEET_WATCH_H
#define GATEWAY_FLEET_WATCH_H

#include "fleet_handle.h"
#include "problems.h"

enum {
    FLEET_WATCH_CONNECT = 15000, /* milliseconds until RabbitMQ is reached */
    FLEET_WATCH_LISTEN = 3000    /* every member and the leader say something every two seconds */
};

/*
 * Somebody who looks at a fleet: a fleet handle that has left before it came, so that it is never given a slot. It
 * hears what members and leader say, and can tell the leader what a person wants.
 */
struct fleet_watch {
    struct fleet_handle handle;
    struct problems *problems;
    bool is_ready;    /* RabbitMQ is reached */
    bool has_problem; /* the fleet has told of one, which was added to the problems */
    char text[256];   /* why RabbitMQ is not reached; "": not known */
};

/*
 * Connects, and listens until each member was heard. Blocks, for FLEET_WATCH_CONNECT and FLEET_WATCH_LISTEN at most.
 *
 * settings: read and checked, with FLEET=on.
 *
 * Returns false when that failed, which was added to the problems. fleet_watch_end() in both cases.
 */
bool fleet_watch_begin(struct fleet_watch *watch, const struct settings *settings, struct problems *problems);

/* Listens on. Blocks, until a time on the clock of spectacles_now(). False: a problem was added. */
bool fleet_watch_until(struct fleet_watch *watch, uint64_t until);

void fleet_watch_end(struct fleet_watch *watch);

/* The member with this name; false: it is not there. out: may be NULL. */
bool fleet_watch_find(const struct fleet_watch *watch, const char *name, spectacles_fleet_member_info *out);

#endif
