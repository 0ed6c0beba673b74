/*
 * `spectacles-gateway fleet move` and `drain`: what a person wants of the leader, and how long it takes. It owns
 * nothing. fleet.c calls it.
 */
#include "fleet_move.h"

#include <inttypes.h>
#include <string.h>

static const char where[] = "fleet";

enum {
    PATIENCE = 120000, /* milliseconds */
    AGAIN = 2000       /* a wish that nobody heard, because the leader changed, is told again */
};

/* ---- Telling and waiting ---- */

static spectacles_fleet_slot_info slot_of(const struct fleet_watch *watch, uint32_t slot)
{
    spectacles_fleet_slot_info info;
    spectacles_fleet_slot_info_init(&info, sizeof info);
    spectacles_fleet_slot(watch->handle.fleet, slot, &info);
    return info;
}

/* A slot that goes where the plan wants it is there at once: nobody knows what the plan will want. */
static bool is_there(const struct fleet_watch *watch, uint32_t slot, const char *member)
{
    spectacles_fleet_slot_info info = slot_of(watch, slot);
    return !*member || (strcmp(info.owner, member) == 0 && strcmp(info.planned, member) == 0);
}

static void tell(struct fleet_watch *watch, const struct fleet_wishes *wishes)
{
    for (uint32_t slot = 0; slot < spectacles_fleet_slot_count(watch->handle.fleet); slot++) {
        const char *member = wishes->members[slot];
        if (member) /* without a connection it is told again two seconds later */
            spectacles_fleet_move(watch->handle.fleet, slot, *member ? member : NULL);
    }
}

static uint32_t count_missing(const struct fleet_watch *watch, const struct fleet_wishes *wishes)
{
    uint32_t missing = 0;
    for (uint32_t slot = 0; slot < spectacles_fleet_slot_count(watch->handle.fleet); slot++)
        missing += wishes->members[slot] && !is_there(watch, slot, wishes->members[slot]);
    return missing;
}

static void show(FILE *out, uint32_t missing, uint32_t *shown)
{
    if (missing == *shown)
        return;
    if (missing > 0)
        fprintf(out, "%" PRIu32 " slots are on their way\n", missing);
    fflush(out);
    *shown = missing;
}

/* Told twice at least: the first time the leader may be about to change. */
bool fleet_move(FILE *out, struct fleet_watch *watch, const struct fleet_wishes *wishes)
{
    uint64_t until = spectacles_now() + PATIENCE;
    uint32_t missing;
    uint32_t shown = 0;
    unsigned times = 0;
    do {
        tell(watch, wishes);
        if (!fleet_watch_until(watch, spectacles_now() + AGAIN))
            return false;
        missing = count_missing(watch, wishes);
        show(out, missing, &shown);
    } while (++times < 2 || (missing > 0 && spectacles_now() < until));
    if (missing > 0)
        problems_add(watch->problems, PROBLEM_MAY_PASS, where,
                     "%" PRIu32
                     " slots are not where they are wanted after %d s: look at `spectacles-gateway fleet "
                     "status`, and at the logs of the members",
                     missing, PATIENCE / 1000);
    return missing == 0;
}

/* ---- Draining ---- */

/* Somebody who may get slots. */
struct taker {
    const char *name;
    uint32_t weight;
    uint32_t slots;
};

struct takers {
    struct taker items[SPECTACLES_FLEET_MEMBERS_MAX];
    size_t count;
};

static void find_takers(const struct fleet_watch *watch, const char *drained, struct fleet_names *names,
                        struct takers *out)
{
    spectacles_fleet_member_info info;
    spectacles_fleet_member_info_init(&info, sizeof info);
    out->count = 0;
    for (size_t i = 0; spectacles_fleet_member(watch->handle.fleet, i, &info) == 1; i++) {
        if (strcmp(info.name, drained) == 0 || info.leaves || out->count == SPECTACLES_FLEET_MEMBERS_MAX)
            continue;
        char *name = names->members[out->count];
        snprintf(name, SPECTACLES_FLEET_NAME_SIZE, "%s", info.name);
        out->items[out->count++] = (struct taker){.name = name, .weight = info.weight};
    }
}

static struct taker *find_taker(struct takers *takers, const char *name)
{
    for (size_t i = 0; i < takers->count; i++) {
        if (strcmp(takers->items[i].name, name) == 0)
            return &takers->items[i];
    }
    return NULL;
}

/* Which has the least, for its weight. */
static struct taker *least(struct takers *takers)
{
    struct taker *found = &takers->items[0];
    for (size_t i = 1; i < takers->count; i++) {
        struct taker *each = &takers->items[i];
        if ((uint64_t)each->slots * found->weight < (uint64_t)found->slots * each->weight)
            found = each;
    }
    return found;
}

static void keep_slots(const struct fleet_watch *watch, struct takers *takers, struct fleet_wishes *out)
{
    for (uint32_t slot = 0; slot < spectacles_fleet_slot_count(watch->handle.fleet); slot++) {
        spectacles_fleet_slot_info info = slot_of(watch, slot);
        struct taker *owner = find_taker(takers, info.owner);
        if (!owner)
            continue;
        out->members[slot] = owner->name;
        owner->slots++;
    }
}

bool fleet_move_plan_drain(struct fleet_watch *watch, const char *member, struct fleet_names *names,
                           struct fleet_wishes *out)
{
    struct takers takers;
    *out = (struct fleet_wishes){0};
    find_takers(watch, member, names, &takers);
    if (takers.count == 0) {
        problems_add(watch->problems, PROBLEM_IS_FINAL, where,
                     "nobody else is in the fleet who could take the slots: start another member first");
        return false;
    }
    keep_slots(watch, &takers, out);
    for (uint32_t slot = 0; slot < spectacles_fleet_slot_count(watch->handle.fleet); slot++) {
        if (out->members[slot])
            continue;
        struct taker *taker = least(&takers);
        out->members[slot] = taker->name;
        taker->slots++;
    }
    return true;
}
