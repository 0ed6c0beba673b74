#ifndef SP_COPIES_PAIRS_H
#define SP_COPIES_PAIRS_H

#include <spectacles/copies.h>
#include <stdbool.h>

/*
 * Events that two numbers of shards bring, each under a message-id of its own, while a fleet goes from one number to
 * the other (doc/workers.md).
 */
typedef struct sp_pairs {
    struct sp_arrival *ring; /* in the order of arrival, from number 1 on */
    uint64_t *lists;         /* by digest: the number of the latest arrival */
    size_t size;             /* of both: a power of two */
    uint64_t last;
} sp_pairs;

/* Returns 0 or SPECTACLES_E_NOMEM; sp_pairs_destroy() may follow either. most: how many are remembered at least. */
int sp_pairs_create(sp_pairs *pairs, size_t most);
void sp_pairs_destroy(sp_pairs *pairs);

/*
 * Whether the message is the copy of one that another number has brought. Either way it is remembered; the same message
 * once more is not. mark: of a message with both headers. now: never less than before.
 */
bool sp_pairs_is_copy(sp_pairs *pairs, const spectacles_copy_mark *mark, uint64_t now);

#endif
