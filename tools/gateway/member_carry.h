#ifndef GATEWAY_MEMBER_CARRY_H
#define GATEWAY_MEMBER_CARRY_H

#include "fleet_handle.h"
#include "member.h"

enum {
    MEMBER_FAILURE_SIZE = 400,
    MEMBER_REPORT_EVERY =
        250 /* milliseconds; a record is written once a second while sequences grow (fleet.h) */
};

/* How far a member is. */
enum member_state {
    MEMBER_APART, /* nothing is connected */
    MEMBER_IN,
    MEMBER_LEAVING,
    MEMBER_CLOSING
};

/* A member: member.c makes it, and member_carry.c works with it. */
struct member {
    enum member_state state;
    struct fleet_handle handle;
    const struct settings *settings;
    struct log *log;
    struct log_repeats *repeats;
    struct status *status;
    spectacles_gateway *gateway;
    uint32_t shard_count;         /* of the gateway */
    const spectacles_state *past; /* NULL: none */
    bool *past_is_taken;          /* of each shard; NULL without a past */
    spectacles_gap *gaps;         /* room for those of one shard */
    size_t gap_room;
    uint64_t report_at; /* when changed shards are reported; SPECTACLES_NEVER: nothing may have changed */
    bool is_touched;    /* the fleet was told something since it was pulled */
    bool has_news;      /* slots or members have changed since they were counted */
    bool wants_limits;  /* and the daemon has not been told yet */
    bool awaits_limits; /* the answer is on its way */
    char failure[MEMBER_FAILURE_SIZE]; /* "": none */
    struct status_fleet view;
};

/* Does what an event of the fleet asks for. Returns whether the gateway had something to do. */
bool member_carry(struct member *member, const spectacles_fleet_event *event, uint64_t now);

/* Reports the present session and gaps of a shard, or, with is_removed, those that it has left. */
void member_report_shard(struct member *member, uint32_t shard_id, bool is_removed, uint64_t now);

/* Reports each shard that has changed. */
void member_report_changed(struct member *member, uint64_t now);

#endif
