#ifndef SP_FLEET_INTERNAL_H
#define SP_FLEET_INTERNAL_H

#include "core/text.h"
#include "fleet/asks.h"
#include "fleet/control.h"
#include "fleet/grants.h"
#include "fleet/lease.h"
#include "fleet/members.h"
#include "fleet/wish.h"

#include <spectacles/broker.h>
#include <spectacles/fleet.h>

/* The parts of a member of a fleet. fleet.c has the calls of owners, and each other file does one thing for it. */

/* Milliseconds, but for the counts. */
enum {
    SP_FLEET_LISTEN = 3000, /* a new leader hears everybody before it plans */
    SP_FLEET_PLAN_EVERY = 500,
    SP_FLEET_CALM = 10000, /* after a takeover, until slots move: the dead count as members for 7 s of it */
    SP_FLEET_RETRY = 500,  /* after memory ran out */
    SP_FLEET_MOVE = 5000,  /* a slot that moves gets there within it, or its standby takes it */
    SP_FLEET_STARVES =
        90000, /* in the line of a slot that nobody owns: RabbitMQ notices a dead owner in 75 s */
    SP_FLEET_STARVES_LONGER = 30000, /* so much more at the most, so that not all of them go at once */
    SP_FLEET_UNREADABLE = 30000,     /* until a queue is looked at again whose record cannot be read */
    SP_FLEET_RELEASES = 4,           /* a count: slots that a member gives away at a time when it leaves */
    SP_FLEET_PREFETCH = 16,          /* a count */
    SP_FLEET_SHARDS_MAX = 65536,     /* a count: of a bot */
    SP_FLEET_NOTICES_MAX =
        256, /* a count: events that wait for their owner. Older ones go, and that is told */
    SP_FLEET_SETS_HERE = SP_FLEET_SETS_MAX + 1 /* a count: one more may still be on its way out */
};

/* The key of what is said to everybody. The exchange is a fanout: it looks at no key. */
#define SP_FLEET_KEY "FLEET"

/* The set that is served, and the own one: "8-1" are 8 shards of generation 1. */
#define SP_FLEET_OTHER_SET                                                                                   \
    "the fleet serves %s (shards-generation), and this process was set to %s: set all members to the same"

/* What a shard is for the owner. */
enum sp_fleet_service {
    SP_FLEET_ABSENT,  /* the owner does not serve it */
    SP_FLEET_SERVED,  /* ADD_SHARD was told */
    SP_FLEET_REMOVING /* REMOVE_SHARD was told: the owner answers by spectacles_fleet_removed() */
};

typedef struct sp_fleet_served {
    enum sp_fleet_service service;
    bool wants_identify;
    bool is_resting;        /* DOUBTFUL, and its connection has ended: it comes back when it may resume */
    sp_fleet_version added; /* since when the session is so with which the shard was added */
    sp_fleet_version told;  /* since when the session is so of which SESSION_STORED was told last */
    uint64_t told_seq;
    bool is_connected; /* READY or RESUMED, and not disconnected since */
    sp_ask ask;        /* it waits for an identify, or not */
} sp_fleet_served;

struct sp_fleet_set;

/* A lease, and its place in the broker. */
typedef struct sp_fleet_slot {
    struct sp_fleet_set *set; /* NULL: the control queue */
    sp_lease lease;
    int subscription; /* of the broker; -1: none */
    bool must_subscribe;
    bool must_cancel;
    uint32_t left;             /* a count: of its shards that are to be looked at */
    uint32_t next;             /* the shard that is looked at next */
    uint32_t connected;        /* a count: of its shards */
    bool is_waiting;           /* DOUBTFUL: a shard waits until it may resume */
    bool is_refused;           /* by RabbitMQ, and that was told */
    uint64_t unreadable_until; /* not wanted before: its record could not be read */
    /* as it was looked at last */
    enum sp_lease_state state;
    bool serves;
    bool may_identify;
    bool was_known; /* it had had an owner before this term began */
    sp_fleet_version returned;
    /* as the plan was looked at last */
    bool is_moving; /* from one owner to another */
    uint64_t moving_since;
    bool stands_by;
    uint64_t stands_by_since;
    uint64_t starves_at;    /* it waits here until then, and nobody owns it; 0: that is not the case */
    uint64_t let_others_at; /* when it left its place in line for that reason; 0: it did not, or it is over */
    bool is_starved;        /* RabbitMQ gives nothing of it to this connection */
} sp_fleet_slot;

/* All shards of the bot, in one way of numbering them. There are two of them while shards are numbered anew. */
typedef struct sp_fleet_set {
    char name[SP_FLEET_SET_MAX + 1];
    uint32_t shard_count;
    uint32_t generation;
    uint32_t slot_count;
    bool is_retired; /* the plan does not have it any more */
    bool is_newcomer;
    enum sp_reshard_duty duty;
    bool is_told;             /* SHARDING was told, with `flags` */
    uint32_t flags;           /* a mask of enum spectacles_relay_flag */
    uint64_t marks_until;     /* though it is alone; 0: it is not marking for that reason */
    uint64_t warm_since;      /* since all of its shards here are connected; SPECTACLES_NEVER: they are not */
    uint64_t publishes_since; /* likewise, and published; SPECTACLES_NEVER: they are not */
    uint32_t next_dirty;      /* the slot that is looked at next */
    sp_fleet_served *shards;  /* shard_count of them */
    sp_fleet_slot slots[SP_FLEET_SLOTS_MAX];
} sp_fleet_set;

/* What a person wants, until the leader has it in a plan. */
typedef struct sp_fleet_change {
    uint32_t shard_count; /* 0: nobody wants another number */
    bool gives_up;
} sp_fleet_change;

/* What waits for the owner, beside what is to be done with shards. */
typedef struct sp_fleet_notice {
    uint32_t type;
    int32_t error;
    uint32_t slot;
    uint32_t state;
    uint64_t epoch;
    uint64_t until;
    uint32_t shard_count; /* 0: of those who serve */
    uint32_t flags;
    uint32_t phase;
    char member[SP_FLEET_MEMBER_MAX + 1];
    char *text; /* NULL: none */
} sp_fleet_notice;

/* Who waits for the answer to a publish. The tags of a broker are consecutive. */
typedef struct sp_fleet_tag {
    sp_fleet_slot *slot; /* NULL: nobody */
    uint64_t write;
    bool is_answered;
} sp_fleet_tag;

struct spectacles_fleet {
    spectacles_broker *broker;
    spectacles_stream *stream; /* of the broker, which is held */
    char bot[SP_DIGEST_TEXT_LENGTH + 1];
    char *group;
    sp_hello hello; /* what the member says of itself */
    sp_random random;
    uint64_t unix_offset;
    /* the broker */
    bool is_ready;
    bool bus_stands;
    bool is_bus_refused; /* and that was told */
    int bus;             /* the subscription of the own queue */
    uint64_t hear_by; /* the own hello has to have come back by then: else nothing comes by the own queue */
    bool must_subscribe_bus;
    sp_ring tags; /* of sp_fleet_tag */
    uint64_t first_tag;
    uint64_t retry_at;
    sp_buffer body;
    /* slots */
    sp_fleet_slot control;
    sp_fleet_set *serving; /* of sets: the one that the plan names first, or the configured one */
    size_t set_count;
    sp_fleet_set *sets[SP_FLEET_SETS_HERE];
    /* everybody */
    sp_members members;
    uint64_t hello_at;
    sp_control said; /* what the leader says; set_count 0: nothing yet */
    char leader[SP_FLEET_MEMBER_MAX + 1];
    uint64_t led_at;  /* when a plan was heard last */
    sp_control heard; /* room for one */
    bool is_told_of_namesake;
    bool is_told_of_strangers;
    bool is_told_of_other_set;
    /* identifies */
    sp_asks asks;
    sp_grants grants;
    sp_ring granted;     /* of sp_fleet_turn: grants that came */
    sp_fleet_turn taken; /* the grant that the owner was told of last, until it answers */
    /* the leader */
    bool leads;
    uint64_t leads_since;
    uint64_t plan_at;
    uint64_t settle;        /* after somebody came or left, until slots move */
    uint64_t taken_over_at; /* a slot has got an owner whom the plan did not name */
    uint64_t say_plan_at;
    bool has_draft; /* a plan that is not followed before it is stored */
    sp_control draft;
    sp_fleet_change change;
    uint64_t prepares_since; /* a newcomer waits for its members, at the longest, from then on */
    bool is_pinned;          /* a person wants a slot elsewhere, and no plan has it yet */
    char stranger[SP_FLEET_SET_MAX +
                  1]; /* the set of a stored plan that is not for us; empty: there is none */
    bool begins_anew; /* that plan had owners: what came behind their sessions is lost */
    /* leaving */
    bool leaves;
    bool has_left;
    /* the owner */
    uint64_t worked_at; /* when all was looked at last; SPECTACLES_NEVER: it is to be looked at */
    sp_ring notices;    /* of sp_fleet_notice */
    uint32_t notices_lost;
    sp_fleet_notice notice;
    spectacles_fleet_event event;
    spectacles_session session;
    spectacles_gap *gaps;
    size_t gap_room;
    const char *error; /* about the last call that failed; "": none did */
};

/* The number of a slot in its set; 0 for the control queue. */
static inline uint32_t sp_fleet_slot_number(const sp_fleet_slot *slot)
{
    return slot->set ? (uint32_t)(slot - slot->set->slots) : 0;
}

static inline uint32_t sp_fleet_shards_of_slot(const sp_fleet_slot *slot)
{
    const sp_fleet_set *set = slot->set;
    return (set->shard_count - sp_fleet_slot_number(slot) + set->slot_count - 1) / set->slot_count;
}

/* All shards of the slot are to be looked at. */
static inline void sp_fleet_mark(sp_fleet_slot *slot)
{
    if (slot->set)
        slot->left = sp_fleet_shards_of_slot(slot);
}

/* The slot of a shard; NULL: there is no such set, or no such shard. */
static inline sp_fleet_slot *sp_fleet_slot_of(sp_fleet_set *set, uint32_t shard_id)
{
    return set && shard_id < set->shard_count ? set->slots + shard_id % set->slot_count : NULL;
}

/* Milliseconds since 1970; 0: not known. */
static inline uint64_t sp_fleet_unix_time(const spectacles_fleet *fleet, uint64_t now)
{
    return fleet->unix_offset ? fleet->unix_offset + now : 0;
}

/* ---- notices.c: what is told to the owner ---- */

/* text: copied; may be NULL. */
void sp_fleet_tell(spectacles_fleet *fleet, const sp_fleet_notice *notice, const char *text);
void sp_fleet_tell_problem(spectacles_fleet *fleet, int error, const char *format, ...) SP_PRINTF(3, 4);
bool sp_fleet_take_notice(spectacles_fleet *fleet);
void sp_fleet_free_notices(spectacles_fleet *fleet);

/* ---- publish.c ---- */

/* Publishes what is in fleet->body to everybody. Nothing while there is no connection: what is said is old soon. */
void sp_fleet_say(spectacles_fleet *fleet);

/* Publishes a record to the queue of a slot. */
void sp_fleet_store(spectacles_fleet *fleet, sp_fleet_slot *slot, const sp_lease_step *step, uint64_t now);

/* What became of a publish. */
void sp_fleet_answered(spectacles_fleet *fleet, uint64_t tag, enum sp_lease_answer answer, uint64_t now);

/* ---- carry.c ---- */

/* Does what the lease of a slot wants done. */
void sp_fleet_carry_out(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now);

/* The queue of this member, which hears what everybody says. */
void sp_fleet_subscribe_bus(spectacles_fleet *fleet);

/* Another own queue in the place of one by which nothing comes. */
void sp_fleet_renew_bus(spectacles_fleet *fleet);

/* ---- bus.c ---- */

/* Works on all that the broker tells. */
void sp_fleet_pull(spectacles_fleet *fleet, uint64_t now);

/* ---- talk.c: what members say ---- */

void sp_fleet_hear(spectacles_fleet *fleet, sp_slice message, uint64_t now);
void sp_fleet_say_turn(spectacles_fleet *fleet, enum sp_fleet_message kind, const sp_fleet_turn *turn);

void sp_fleet_say_wish(spectacles_fleet *fleet, const sp_fleet_wish *wish);
void sp_fleet_say_hello(spectacles_fleet *fleet, uint64_t now);

/* Hellos, asks, grants and whoever is gone. */
void sp_fleet_talk(spectacles_fleet *fleet, uint64_t now);

/* ---- sets.c ---- */

/* Makes a set, and puts it behind the others. NULL: there is no room for it now, or memory ran out. */
sp_fleet_set *sp_fleet_add_set(spectacles_fleet *fleet, const char *name);
void sp_fleet_free_sets(spectacles_fleet *fleet);

/* The set with this name, or this number of shards; NULL: there is none. */
sp_fleet_set *sp_fleet_set_named(const spectacles_fleet *fleet, const char *name);
sp_fleet_set *sp_fleet_set_of(const spectacles_fleet *fleet, uint32_t shard_count);

/* Reads the parts of a name, "8-2". */
bool sp_fleet_read_set_name(const char *name, uint32_t *shard_count, uint32_t *generation);

/* Has the sets that the plan has, and lets go of others when nothing is left in them. */
void sp_fleet_settle_sets(spectacles_fleet *fleet, uint64_t now);

/* Whether nothing is left in a set here. */
bool sp_fleet_is_empty(const sp_fleet_set *set);

/* A shard is READY or RESUMED; or its connection has ended. */
void sp_fleet_note_connected(sp_fleet_set *set, uint32_t shard_id, bool is_connected);

/* For how long all shards of a set here are connected. */
void sp_fleet_look_at_set(spectacles_fleet *fleet, sp_fleet_set *set, uint64_t now);

/* ---- follow.c ---- */

/* Takes over what a leader says, unless something later is known, or it is not for us. Returns whether it did. */
bool sp_fleet_follow(spectacles_fleet *fleet, const sp_control *control, uint64_t now);

/* Whether a plan has our shards, or those that follow ours. */
bool sp_fleet_is_for_us(const spectacles_fleet *fleet, const sp_control *control);

/* ---- phases.c: from one number of shards to another, as the leader sees it ---- */

/* Whether a person can have what he wants; else why not. */
const char *sp_fleet_refuse_change(const spectacles_fleet *fleet, const sp_fleet_change *change);

/* Sets the phase of a plan, and the names of its sets. `next` is a copy of what was said. */
void sp_fleet_next_phase(spectacles_fleet *fleet, sp_control *next, uint64_t now);

/* Whether slots of a newcomer may get owners: all members know of it by now. */
bool sp_fleet_is_known_to_all(const spectacles_fleet *fleet, const sp_control_set *set, uint64_t now);

/* ---- leader.c ---- */

/* What the leader does when it is time; and what begins and ends with the ownership of the control queue. */
void sp_fleet_lead(spectacles_fleet *fleet, uint64_t now);
uint64_t sp_fleet_lead_deadline(const spectacles_fleet *fleet);

/* ---- slots.c ---- */

/* Which slots are wanted here, as the plan and the presence of others have it. */
void sp_fleet_want_slots(spectacles_fleet *fleet, uint64_t now);

/* Marks slots whose lease has changed, tells of it, and has hellos say it. */
void sp_fleet_look_at(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now);

/* ---- actions.c ---- */

/* What is to be done next with a shard: fills fleet->event. False: nothing. */
bool sp_fleet_next_action(spectacles_fleet *fleet, uint64_t now);

#endif
