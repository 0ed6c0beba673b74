#ifndef GATEWAY_MEMBER_STATE_H
#define GATEWAY_MEMBER_STATE_H

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

/* A gateway for another number of shards that could not be made yet. */
struct member_lack {
    uint32_t shard_count; /* 0: none lacks */
    uint32_t flags;       /* a mask of enum spectacles_relay_flag */
    uint64_t again_at;
    bool gives_up; /* its shards were to be added: that number is given up */
    char why[MEMBER_FAILURE_SIZE];
};

/* A member: member.c makes it, and member_carry.c and member_reshard.c work with it. */
struct member {
    enum member_state state;
    struct fleet_handle handle;
    const struct settings *settings;
    struct log *log;
    struct log_repeats *repeats;
    struct gateways *gateways;
    uint32_t shard_count;         /* as it was started, and of the past */
    const spectacles_state *past; /* NULL: none */
    bool *past_is_taken;          /* of each shard; NULL without a past */
    spectacles_gap *gaps;         /* room for those of one shard */
    size_t gap_room;
    uint64_t report_at; /* when changed shards are reported; SPECTACLES_NEVER: nothing may have changed */
    bool is_touched;    /* the fleet was told something since it was pulled */
    bool has_news;      /* slots or members have changed since they were counted */
    bool wants_limits;  /* and the daemon has not been told yet */
    bool awaits_limits; /* the answer is on its way */
    bool is_told_of_settings; /* that the fleet serves what they do not say */
    struct member_lack lack;
    char failure[MEMBER_FAILURE_SIZE]; /* "": none */
    struct status_fleet view;
};

/*
 * A member that cannot do what the fleet has told it may hold shards that it does not serve. Its end is the mend: the
 * other members resume from what is stored. A member that leaves ends anyway.
 *
 * what: "added", and so on.
 */
void member_fail(struct member *member, uint32_t shard_id, const char *what, const char *why);

/* How far the way to another number of shards is. */
spectacles_fleet_resharding member_progress(const struct member *member);

#endif
