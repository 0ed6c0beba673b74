/* Message-ids that were acknowledged: broker.c adds them, and asks for each message that is handed out. */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOT_COUNT = 2 * SEEN_COUNT /* a power of two */
};

typedef struct slot {
    uint64_t hash; /* 0: the slot is free */
    uint32_t at, length;
} slot;

typedef struct generation {
    slot *slots;
    uint8_t *ids; /* behind each other */
    size_t used, size;
    uint32_t count;
} generation;

struct seen {
    generation young, old;
    uint64_t seed;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t hash_of(uint64_t seed, const uint8_t *id, size_t length)
{
    uint64_t hash = mix(seed, length), word;
    for (; length >= sizeof word; id += sizeof word, length -= sizeof word) {
        memcpy(&word, id, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, id, length);
    hash = mix(hash, word);
    return hash ? hash : 1;
}

/* The slot of the id, or the free one that it would take. */
static slot *find(const generation *self, uint64_t hash, const uint8_t *id, size_t length)
{
    size_t i = hash % SLOT_COUNT;
    for (; self->slots[i].hash; i = (i + 1) % SLOT_COUNT) {
        const slot *each = &self->slots[i];
        if (each->hash == hash && each->length == length && memcmp(self->ids + each->at, id, length) == 0)
            break;
    }
    return &self->slots[i];
}

static bool generation_has(const generation *self, uint64_t hash, const uint8_t *id, size_t length)
{
    return self->count > 0 && find(self, hash, id, length)->hash;
}

/* The memory of the older generation is used again. */
static void begin_generation(seen *self)
{
    generation spare = self->old;
    self->old = self->young;
    self->young = spare;
    self->young.used = 0;
    self->young.count = 0;
    if (spare.slots)
        memset(spare.slots, 0, SLOT_COUNT * sizeof *spare.slots);
}

static bool has_room(generation *self, size_t length)
{
    if (!self->slots && !(self->slots = calloc(SLOT_COUNT, sizeof *self->slots)))
        return false;
    if (length <= self->size - self->used)
        return true;
    size_t size = 2 * self->size + length + 4096;
    uint8_t *larger = size <= UINT32_MAX ? realloc(self->ids, size) : NULL;
    if (!larger)
        return false;
    self->ids = larger;
    self->size = size;
    return true;
}

seen *seen_new(uint64_t seed)
{
    seen *self = calloc(1, sizeof *self);
    if (self)
        self->seed = seed;
    return self;
}

void seen_free(seen *self)
{
    if (!self)
        return;
    free(self->young.slots);
    free(self->young.ids);
    free(self->old.slots);
    free(self->old.ids);
    free(self);
}

void seen_add(seen *self, const uint8_t *id, size_t length)
{
    uint64_t hash = hash_of(self->seed, id, length);
    if (self->young.count == SEEN_COUNT)
        begin_generation(self);
    if (!has_room(&self->young, length))
        return;
    slot *found = find(&self->young, hash, id, length);
    if (found->hash)
        return;
    *found = (slot){hash, (uint32_t)self->young.used, (uint32_t)length};
    if (length > 0)
        memcpy(self->young.ids + self->young.used, id, length);
    self->young.used += length;
    self->young.count++;
}

bool seen_has(const seen *self, const uint8_t *id, size_t length)
{
    uint64_t hash = hash_of(self->seed, id, length);
    return generation_has(&self->young, hash, id, length) || generation_has(&self->old, hash, id, length);
}
