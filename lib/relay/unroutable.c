/*
 * The names of events that no queue took: these events are held back for a time. Called by dispatches.c and relay.c.
 */
#include "relay/unroutable.h"

#include <spectacles/types.h>
#include <stdlib.h>
#include <string.h>

int sp_unroutable_init(sp_unroutable *unroutable, uint32_t hold)
{
    *unroutable = (sp_unroutable){.hold = hold};
    if (hold == 0)
        return SPECTACLES_OK;
    unroutable->names = calloc(SP_UNROUTABLE_NAMES, sizeof *unroutable->names);
    return unroutable->names ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

void sp_unroutable_free(sp_unroutable *unroutable)
{
    free(unroutable->names);
    *unroutable = (sp_unroutable){0};
}

/* The names are in no order: they are few, and most differ in their length. */
static sp_unroutable_name *find(const sp_unroutable *unroutable, const char *name, size_t length)
{
    for (size_t i = 0; i < unroutable->count; i++) {
        sp_unroutable_name *entry = &unroutable->names[i];
        if (entry->length == length && memcmp(entry->chars, name, length) == 0)
            return entry;
    }
    return NULL;
}

bool sp_unroutable_holds(const sp_unroutable *unroutable, const char *name, size_t length, uint64_t now)
{
    const sp_unroutable_name *entry = find(unroutable, name, length);
    return entry && now < entry->until;
}

static sp_unroutable_name *place(sp_unroutable *unroutable)
{
    if (unroutable->count < SP_UNROUTABLE_NAMES)
        return &unroutable->names[unroutable->count++];
    sp_unroutable_name *first = unroutable->names;
    for (size_t i = 1; i < unroutable->count; i++) {
        if (unroutable->names[i].until < first->until)
            first = &unroutable->names[i];
    }
    return first;
}

bool sp_unroutable_add(sp_unroutable *unroutable, const char *name, size_t length, uint64_t now)
{
    if (unroutable->hold == 0 || length == 0 || length > SPECTACLES_ROUTE_MAX ||
        sp_unroutable_holds(unroutable, name, length, now))
        return false;
    sp_unroutable_name *entry = find(unroutable, name, length);
    if (!entry) {
        entry = place(unroutable);
        memcpy(entry->chars, name, length);
        entry->length = length;
    }
    entry->until = now + unroutable->hold;
    return true;
}
