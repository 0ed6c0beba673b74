#include "pairs.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

enum {
    REMEMBERED = 65536, /* events */
    LISTS = 65536,
    DIGEST = 32,      /* characters */
    PAIR_TIME = 30000 /* milliseconds */
};

struct arrival {
    char digest[DIGEST];
    int64_t shards;
    uint64_t at;
    uint64_t before;  /* the number of the one before it in its list; 0: none */
    uint64_t partner; /* the number of the one that is the same event; 0: none came so far */
    bool is_copy;     /* it was left out */
};

/* In the order of arrival, from number 1 on. Each is in a list, the latest first, with those that begin alike. */
struct pairs {
    struct arrival ring[REMEMBERED];
    uint64_t lists[LISTS];
    uint64_t last;
};

struct pairs *pairs_new(void)
{
    struct pairs *pairs = calloc(1, sizeof *pairs);
    if (!pairs)
        errx(EXIT_FAILURE, "out of memory");
    return pairs;
}

void pairs_free(struct pairs *pairs)
{
    free(pairs);
}

static const spectacles_header *find(const spectacles_broker_event *event, const char *key, uint32_t type)
{
    const spectacles_header *found =
        spectacles_headers_find(event->headers, event->header_count, key, strlen(key));
    return found && found->type == type ? found : NULL;
}

static bool read_mark(const spectacles_broker_event *event, struct arrival *out)
{
    const spectacles_header *shards = find(event, "shards", SPECTACLES_HEADER_INTEGER);
    const spectacles_header *digest = find(event, "digest", SPECTACLES_HEADER_TEXT);
    if (!shards || !digest || digest->bytes_length != DIGEST)
        return false;
    memcpy(out->digest, digest->bytes, DIGEST);
    out->shards = shards->integer;
    return true;
}

static uint64_t *list_of(struct pairs *pairs, const struct arrival *mark)
{
    char digits[5] = {0};
    memcpy(digits, mark->digest, 4);
    return pairs->lists + strtoul(digits, NULL, 16) % LISTS;
}

/* NULL: it is forgotten. */
static struct arrival *arrival_at(struct pairs *pairs, uint64_t number)
{
    return number > 0 && number + REMEMBERED > pairs->last ? pairs->ring + number % REMEMBERED : NULL;
}

/* The latest one of the other number that is a copy with a partner, or not a copy and without one; 0: none. */
static uint64_t find_latest(struct pairs *pairs, const struct arrival *mark, bool is_copy)
{
    const struct arrival *other;
    for (uint64_t number = *list_of(pairs, mark); (other = arrival_at(pairs, number));
         number = other->before) {
        if (mark->at > other->at + PAIR_TIME)
            return 0;
        if (other->shards != mark->shards && other->is_copy == is_copy && (other->partner > 0) == is_copy &&
            memcmp(other->digest, mark->digest, DIGEST) == 0)
            return number;
    }
    return 0;
}

static void add(struct pairs *pairs, struct arrival *mark, uint64_t partner)
{
    uint64_t *list = list_of(pairs, mark);
    struct arrival *other = arrival_at(pairs, partner);
    mark->before = *list;
    mark->partner = other ? partner : 0;
    *list = ++pairs->last;
    if (other)
        other->partner = *list;
    pairs->ring[*list % REMEMBERED] = *mark;
}

bool pairs_is_copy(struct pairs *pairs, const spectacles_broker_event *event, uint64_t now)
{
    struct arrival mark = {.at = now, .is_copy = true};
    if (!read_mark(event, &mark))
        return false;
    uint64_t same = find_latest(pairs, &mark, false);
    if (same == 0)
        return false;
    add(pairs, &mark, same);
    return true;
}

/*
 * An event of the other number was left out as the copy of an earlier one, and this one is nearer to it: then it was
 * the copy of this one. So an event that one number alone has brought does not stay, from pair to pair.
 */
static uint64_t find_nearer(struct pairs *pairs, const struct arrival *mark)
{
    uint64_t number = find_latest(pairs, mark, true);
    const struct arrival *copy = arrival_at(pairs, number);
    struct arrival *earlier = copy ? arrival_at(pairs, copy->partner) : NULL;
    if (!earlier || mark->at - copy->at >= copy->at - earlier->at)
        return 0;
    earlier->partner = 0;
    return number;
}

void pairs_add(struct pairs *pairs, const spectacles_broker_event *event, uint64_t now)
{
    struct arrival mark = {.at = now};
    if (read_mark(event, &mark))
        add(pairs, &mark, find_nearer(pairs, &mark));
}
