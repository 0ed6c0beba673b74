#ifndef SP_FLEET_MEMBERS_H
#define SP_FLEET_MEMBERS_H

#include "fleet/hello.h"

/*
 * Who is there, by hellos. The own hello comes back like those of the others, so that all members know the same. In
 * the order of their names: all of them see the same order.
 */

/* Milliseconds, but for the count. */
enum {
    SP_HELLO_EVERY = 2000,
    SP_MEMBER_GONE = 7000, /* without a hello */
    SP_MEMBERS_MAX = 128   /* a count */
};

typedef struct sp_member {
    sp_hello hello;
    uint64_t heard_at;
} sp_member;

typedef struct sp_members {
    sp_member **items;
    size_t count;
    uint64_t changed_at; /* somebody came, left, or changed what a plan depends on */
} sp_members;

void sp_members_free(sp_members *members);

/*
 * Takes a hello. Returns 1 when the member is new (or another process with its name), 0 when it is known or said its
 * last word, or:
 *   SPECTACLES_E_TOOBIG  there are SP_MEMBERS_MAX members already
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int sp_members_heard(sp_members *members, const sp_hello *hello, uint64_t now);

/* Removes one member that is gone, and copies its name. False: there is none. */
bool sp_members_next_gone(sp_members *members, uint64_t now, char name[SP_FLEET_MEMBER_MAX + 1]);

/* The member with this name; NULL: it is not there. */
const sp_member *sp_members_find(const sp_members *members, const char *name);

/* Who owns a slot: of several that say so, the one with the latest epoch. NULL: nobody says so. epoch: may be NULL. */
const sp_member *sp_members_owner(const sp_members *members, const char *set, uint32_t slot, uint64_t *epoch);

/* When the next member is gone, unless it says hello before. */
uint64_t sp_members_deadline(const sp_members *members);

#endif
