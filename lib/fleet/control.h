#ifndef SP_FLEET_CONTROL_H
#define SP_FLEET_CONTROL_H

#include "fleet/plan.h"
#include "fleet/reshard.h"

/*
 * What the leader says to all: the plan of each set, and how far the way to another number of shards is. It stands in
 * the control queue, so that the next leader goes on from there, and is told to the members again and again.
 */

/* A slot of a plan, by names: places in sp_control.members. */
typedef struct sp_control_set {
    char name[SP_FLEET_SET_MAX + 1];
    uint32_t slot_count;
    uint64_t known; /* a bit for each slot that has ever had an owner: its queue is not empty */
    sp_plan plan;
    int16_t pins[SP_FLEET_SLOTS_MAX];
    uint64_t epochs[SP_FLEET_SLOTS_MAX]; /* of the owner that the leader knew of; 0: nobody */
} sp_control_set;

typedef struct sp_control {
    sp_fleet_version version; /* the epoch of the leader, and how often it has changed this */
    uint32_t concurrency;     /* max_concurrency of Discord; 0: not known yet */
    enum sp_reshard_phase phase;
    uint32_t generation; /* the latest one of all sets that there ever were */
    size_t member_count;
    char members[SP_MEMBERS_MAX][SP_FLEET_MEMBER_MAX + 1];
    size_t set_count; /* the first one serves; the second one is on its way in, or out */
    sp_control_set sets[SP_FLEET_SETS_MAX];
} sp_control;

/* Reads the object. Returns 0 or SPECTACLES_E_PROTO; then `out` is unchanged. */
int sp_control_read(sp_slice object, sp_control *out);

/* Appends the members of the object, with a comma in front of each: behind sp_fleet_message_begin(), or "{\"v\":1". */
void sp_control_write(const sp_control *control, sp_buffer *out);

/* The set with this name; NULL: there is none. */
sp_control_set *sp_control_set_of(sp_control *control, const char *name);

/* Whether two of them say the same, whoever made them and when. */
bool sp_control_equals(const sp_control *one, const sp_control *other);

/* The place of a member; SP_PLAN_NOBODY: the plan does not know it. */
int sp_control_member(const sp_control *control, const char *name);

#endif
