/*
 * The addresses of a host, as an answer has them and in the order in which they are tried. Called by link.c and
 * connect.c.
 */
#include "net/addresses.h"

#include <stdlib.h>
#include <string.h>

static int add(sp_addresses *addresses, const sp_address *address)
{
    if (addresses->count == addresses->capacity) {
        size_t capacity = addresses->capacity ? addresses->capacity * 2 : 4;
        sp_address *list = realloc(addresses->list, capacity * sizeof *list);
        if (!list)
            return SPECTACLES_E_NOMEM;
        addresses->list = list;
        addresses->capacity = capacity;
    }
    addresses->list[addresses->count++] = *address;
    return SPECTACLES_OK;
}

int sp_addresses_parse(sp_addresses *addresses, const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        sp_address address;
        size_t end = at;
        while (end < length && text[end] != ' ')
            end++;
        if (end > at && !sp_address_parse(&address, text + at, end - at))
            return SPECTACLES_E_INVAL;
        if (end > at && add(addresses, &address) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
        at = end + 1;
    }
    return SPECTACLES_OK;
}

void sp_addresses_keep_family(sp_addresses *addresses, int family)
{
    size_t kept = 0;
    for (size_t i = 0; family != 0 && i < addresses->count; i++) {
        if (addresses->list[i].family == family)
            addresses->list[kept++] = addresses->list[i];
    }
    if (family != 0)
        addresses->count = kept;
}

/* The place of the next address of this family, or of the other one: from `at` on. The count when there is none. */
static size_t next_of(const sp_addresses *addresses, size_t at, int family, bool same)
{
    while (at < addresses->count && (addresses->list[at].family == family) != same)
        at++;
    return at;
}

static void take_turns(const sp_addresses *addresses, sp_address *out)
{
    int family = addresses->list[0].family;
    size_t same = 0;
    size_t other = next_of(addresses, 0, family, false);
    for (size_t i = 0; i < addresses->count;) {
        if (same < addresses->count)
            out[i++] = addresses->list[same];
        if (other < addresses->count)
            out[i++] = addresses->list[other];
        same = next_of(addresses, same + 1, family, true);
        other = next_of(addresses, other + 1, family, false);
    }
}

/* The place behind the address that failed last; 0 when none of them has failed. */
static size_t beginning(const sp_address *list, size_t count, const sp_history *history)
{
    size_t begin = 0;
    size_t latest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t rank = sp_history_rank(history, &list[i]);
        if (rank > latest && rank > SP_HISTORY_UNKNOWN) {
            latest = rank;
            begin = (i + 1) % count;
        }
    }
    return begin;
}

int sp_addresses_order(sp_addresses *addresses, const sp_history *history)
{
    size_t count = addresses->count;
    size_t placed = 0;
    if (count < 2)
        return SPECTACLES_OK;
    sp_address *turns = calloc(count, sizeof *turns);
    if (!turns)
        return SPECTACLES_E_NOMEM;
    take_turns(addresses, turns);
    size_t begin = beginning(turns, count, history);
    for (size_t rank = 0; rank < SP_HISTORY_RANKS; rank++) {
        for (size_t i = 0; i < count; i++) {
            const sp_address *address = &turns[(begin + i) % count];
            if (sp_history_rank(history, address) == rank)
                addresses->list[placed++] = *address;
        }
    }
    free(turns);
    return SPECTACLES_OK;
}

void sp_addresses_free(sp_addresses *addresses)
{
    free(addresses->list);
    *addresses = (sp_addresses){0};
}
