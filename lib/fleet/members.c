/* Who is there. Called by whoever receives hellos, and asks who is gone at each deadline. */
#include "fleet/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sp_members_free(sp_members *members)
{
    for (size_t i = 0; i < members->count; i++)
        free(members->items[i]);
    free(members->items);
    *members = (sp_members){0};
}

/* Where a member with this name is, or would be. */
static size_t place_of(const sp_members *members, const char *name)
{
    size_t place = 0;
    while (place < members->count && strcmp(members->items[place]->hello.member, name) < 0)
        place++;
    return place;
}

static sp_member *member_at(const sp_members *members, size_t place, const char *name)
{
    if (place == members->count || strcmp(members->items[place]->hello.member, name) != 0)
        return NULL;
    return members->items[place];
}

const sp_member *sp_members_find(const sp_members *members, const char *name)
{
    return member_at(members, place_of(members, name), name);
}

static int insert(sp_members *members, size_t place, const sp_hello *hello, uint64_t now)
{
    if (members->count == SP_MEMBERS_MAX)
        return SPECTACLES_E_TOOBIG;
    sp_member *member = malloc(sizeof *member);
    sp_member **items = realloc(members->items, (members->count + 1) * sizeof *items);
    if (items)
        members->items = items;
    if (!member || !items) {
        free(member);
        return SPECTACLES_E_NOMEM;
    }
    memmove(items + place + 1, items + place, (members->count - place) * sizeof *items);
    *member = (sp_member){*hello, now};
    items[place] = member;
    members->count++;
    members->changed_at = now;
    return 1;
}

static void remove_at(sp_members *members, size_t place, uint64_t now)
{
    free(members->items[place]);
    members->count--;
    memmove(members->items + place, members->items + place + 1,
            (members->count - place) * sizeof *members->items);
    members->changed_at = now;
}

/* What a plan depends on, beside who owns what. */
static bool is_other(const sp_hello *one, const sp_hello *other)
{
    return one->weight != other->weight || one->state != other->state ||
           strcmp(one->zone, other->zone) != 0 || strcmp(one->run, other->run) != 0;
}

int sp_members_heard(sp_members *members, const sp_hello *hello, uint64_t now)
{
    size_t place = place_of(members, hello->member);
    sp_member *known = member_at(members, place, hello->member);
    if (hello->state == SP_HELLO_GONE) {
        if (known && strcmp(known->hello.run, hello->run) == 0)
            remove_at(members, place, now);
        return 0;
    }
    if (!known)
        return insert(members, place, hello, now);
    bool is_new = strcmp(known->hello.run, hello->run) != 0;
    if (is_other(&known->hello, hello))
        members->changed_at = now;
    *known = (sp_member){*hello, now};
    return is_new;
}

bool sp_members_next_gone(sp_members *members, uint64_t now, char name[SP_FLEET_MEMBER_MAX + 1])
{
    for (size_t i = 0; i < members->count; i++) {
        if (now < members->items[i]->heard_at + SP_MEMBER_GONE)
            continue;
        snprintf(name, SP_FLEET_MEMBER_MAX + 1, "%s", members->items[i]->hello.member);
        remove_at(members, i, now);
        return true;
    }
    return false;
}

const sp_member *sp_members_owner(const sp_members *members, const char *set, uint32_t slot, uint64_t *epoch)
{
    const sp_member *owner = NULL;
    uint64_t latest = 0;
    for (size_t i = 0; i < members->count; i++) {
        const sp_hello_set *owned = sp_hello_set_of(&members->items[i]->hello, set);
        if (!owned || owned->epochs[slot] <= latest)
            continue;
        latest = owned->epochs[slot];
        owner = members->items[i];
    }
    if (owner && epoch)
        *epoch = latest;
    return owner;
}

uint64_t sp_members_deadline(const sp_members *members)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (size_t i = 0; i < members->count; i++) {
        uint64_t gone_at = members->items[i]->heard_at + SP_MEMBER_GONE;
        deadline = gone_at < deadline ? gone_at : deadline;
    }
    return deadline;
}
