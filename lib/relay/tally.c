/*
 * Counts by name of an event, by close code, and by how long something took, for metrics. Called by dispatches.c and
 * shards.c, which see them, and by counters.c, which gives them to owners.
 */
#include "relay/tally.h"

#include <string.h>

/* FNV-1a: names are short, and the table is bounded whatever they are. */
static uint32_t hash_of(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    return hash;
}

static sp_tally_name *add(sp_tally_names *tally, uint8_t *slot, uint32_t hash, const char *name,
                          size_t length)
{
    if (tally->count == SP_TALLY_NAMES)
        return NULL;
    sp_tally_name *entry = &tally->names[tally->count++];
    *slot = (uint8_t)tally->count;
    memcpy(entry->chars, name, length);
    entry->hash = hash;
    entry->length = (uint8_t)length;
    return entry;
}

static sp_tally_name *entry_of(sp_tally_names *tally, const char *name, size_t length)
{
    uint32_t hash = hash_of(name, length);
    for (uint32_t at = hash;; at++) {
        uint8_t *slot = &tally->slots[at % SP_TALLY_SLOTS];
        if (*slot == 0)
            return add(tally, slot, hash, name, length);
        sp_tally_name *entry = &tally->names[*slot - 1];
        if (entry->hash == hash && entry->length == length && memcmp(entry->chars, name, length) == 0)
            return entry;
    }
}

void sp_tally_name_seen(sp_tally_names *tally, const char *name, size_t length)
{
    sp_tally_name *entry = length > 0 && length <= SP_TALLY_NAME_MAX ? entry_of(tally, name, length) : NULL;
    if (entry)
        entry->count++;
    else
        tally->others++;
}

void sp_tally_code_seen(sp_tally_codes *tally, uint32_t code)
{
    size_t i = 1;
    while (i < tally->count && tally->codes[i].code != code)
        i++;
    if (code == 0 || i == SP_TALLY_CODES)
        i = 0;
    if (i >= tally->count)
        tally->count = i + 1;
    tally->codes[i].code = i > 0 ? code : 0;
    tally->codes[i].count++;
}

void sp_tally_latency(uint64_t *counts, size_t count, uint64_t milliseconds)
{
    size_t i = 0;
    while (i < count - 1 && milliseconds > (uint64_t)1 << i)
        i++;
    counts[i]++;
}
