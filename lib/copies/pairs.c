/*
 * Which message is the other number's copy of which. An event is the copy of the latest one with the same digest and
 * another number that came a short while before, was not left out itself, and has no copy yet. Two events of Discord
 * can be equal, and then each has a copy of its own. copies.c calls it.
 */
#include "copies/pairs.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAIR_TIME = 30000 /* milliseconds between two copies at most */
};

typedef struct sp_arrival {
    spectacles_copy_mark mark;
    uint64_t at;
    uint64_t before;  /* the number of the one before it in its list; 0: none */
    uint64_t partner; /* the number of the one that is the same event; 0: none came so far */
    bool is_copy;     /* it was left out */
} sp_arrival;

int sp_pairs_create(sp_pairs *pairs, size_t most)
{
    *pairs = (sp_pairs){.size = 1};
    while (pairs->size < most)
        pairs->size *= 2;
    pairs->ring = calloc(pairs->size, sizeof *pairs->ring);
    pairs->lists = calloc(pairs->size, sizeof *pairs->lists);
    return pairs->ring && pairs->lists ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

void sp_pairs_destroy(sp_pairs *pairs)
{
    free(pairs->ring);
    free(pairs->lists);
}

static uint64_t *list_of(const sp_pairs *pairs, const spectacles_copy_mark *mark)
{
    return pairs->lists + ((size_t)mark->digest[0] & (pairs->size - 1));
}

/* NULL: it is forgotten, or too long ago. */
static sp_arrival *arrival_at(const sp_pairs *pairs, uint64_t number, uint64_t now)
{
    if (number == 0 || number + pairs->size <= pairs->last)
        return NULL;
    sp_arrival *found = pairs->ring + ((size_t)number & (pairs->size - 1));
    return now - found->at <= PAIR_TIME ? found : NULL;
}

static bool is_same_event(const sp_arrival *arrival, const spectacles_copy_mark *mark)
{
    return memcmp(arrival->mark.digest, mark->digest, sizeof mark->digest) == 0;
}

/* The latest one of the other number that is a copy with a partner, or not a copy and without one; 0: none. */
static uint64_t find_latest(const sp_pairs *pairs, const spectacles_copy_mark *mark, uint64_t now,
                            bool is_copy)
{
    const sp_arrival *each;
    for (uint64_t number = *list_of(pairs, mark); (each = arrival_at(pairs, number, now));
         number = each->before)
        if (each->mark.shards != mark->shards && each->is_copy == is_copy && (each->partner > 0) == is_copy &&
            is_same_event(each, mark))
            return number;
    return 0;
}

/* The message itself: it was not acknowledged, and comes again. Without an id it is not known. */
static const sp_arrival *find_itself(const sp_pairs *pairs, const spectacles_copy_mark *mark, uint64_t now)
{
    const sp_arrival *each;
    if ((mark->id[0] | mark->id[1]) == 0)
        return NULL;
    for (uint64_t number = *list_of(pairs, mark); (each = arrival_at(pairs, number, now));
         number = each->before)
        if (each->mark.shards == mark->shards && is_same_event(each, mark) &&
            memcmp(each->mark.id, mark->id, sizeof mark->id) == 0)
            return each;
    return NULL;
}

static void add(sp_pairs *pairs, const sp_arrival *arrival)
{
    uint64_t *list = list_of(pairs, &arrival->mark);
    sp_arrival *added = pairs->ring + ((size_t)++pairs->last & (pairs->size - 1));
    *added = *arrival;
    added->before = *list;
    *list = pairs->last;
    sp_arrival *partner = arrival_at(pairs, added->partner, added->at);
    if (partner)
        partner->partner = pairs->last;
    else
        added->partner = 0;
}

/*
 * An event of the other number was left out as the copy of an earlier one, and this one is nearer to it: then it was
 * the copy of this one. So an event that one number alone has brought does not stay, from pair to pair.
 */
static uint64_t take_nearer(sp_pairs *pairs, const spectacles_copy_mark *mark, uint64_t now)
{
    uint64_t number = find_latest(pairs, mark, now, true);
    const sp_arrival *copy = arrival_at(pairs, number, now);
    sp_arrival *earlier = copy ? arrival_at(pairs, copy->partner, now) : NULL;
    if (!earlier || now - copy->at >= copy->at - earlier->at)
        return 0;
    earlier->partner = 0;
    return number;
}

bool sp_pairs_is_copy(sp_pairs *pairs, const spectacles_copy_mark *mark, uint64_t now)
{
    const sp_arrival *itself = find_itself(pairs, mark, now);
    if (itself)
        return itself->is_copy;
    uint64_t partner = find_latest(pairs, mark, now, false);
    sp_arrival arrival = {.mark = *mark, .at = now, .partner = partner, .is_copy = partner > 0};
    if (!arrival.is_copy)
        arrival.partner = take_nearer(pairs, mark, now);
    add(pairs, &arrival);
    return arrival.is_copy;
}
