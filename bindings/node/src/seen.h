/*
 * The message-ids that were acknowledged last, so that copies are left out. There are two generations, and the
 * older one is forgotten as a whole. In C, because a Set of strings costs as much as all else about a message.
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEEN_COUNT = 32768 /* that are remembered at least; copies come soon */
};

typedef struct seen seen;

/* NULL: memory ran out. seed: a number that nobody can guess. */
seen *seen_new(uint64_t seed);
void seen_free(seen *self);
/* When memory runs out, the id is not remembered: a copy of it is handed out. */
void seen_add(seen *self, const uint8_t *id, size_t length);
bool seen_has(const seen *self, const uint8_t *id, size_t length);

#endif
