#ifndef SP_FLEET_PLAN_H
#define SP_FLEET_PLAN_H

#include "fleet/members.h"

/*
 * Who is to own which slot, and who stands by. Pure: the same view gives the same plan, whoever makes it. Members are
 * numbers here: their place in the view.
 */

enum {
    SP_PLAN_NOBODY = -1,
    SP_PLAN_MOTION = 4 /* slots that change their owner at a time */
};

typedef struct sp_plan_member {
    const char *zone; /* empty: none */
    uint32_t weight;  /* not 0 */
    bool leaves;      /* gets nothing more */
    uint64_t starved; /* a bit for each slot that it would not get, and that somebody else is planned for */
} sp_plan_member;

/* What is the case. */
typedef struct sp_plan_view {
    uint32_t slot_count;
    uint32_t motion; /* so many slots with an owner may get another one */
    size_t member_count;
    sp_plan_member members[SP_MEMBERS_MAX];
    int16_t owners[SP_FLEET_SLOTS_MAX];   /* SP_PLAN_NOBODY: nobody who is there */
    int16_t standbys[SP_FLEET_SLOTS_MAX]; /* of the plan so far */
    int16_t pins[SP_FLEET_SLOTS_MAX];     /* where a person wants the slot */
} sp_plan_view;

/* What is to be the case. */
typedef struct sp_plan {
    int16_t owners[SP_FLEET_SLOTS_MAX];
    int16_t standbys[SP_FLEET_SLOTS_MAX];
} sp_plan;

/*
 * Makes the plan. Slots stay where they are, as far as each member has its share by weight, within one slot. A standby
 * is in another zone than the owner where there is one. Who is starved of a slot is planned for it when nobody else is
 * there, or when a person wants it.
 */
void sp_plan_make(const sp_plan_view *view, sp_plan *out);

#endif
