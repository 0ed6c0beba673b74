/*
 * The allow list: the names of the events that are published, sorted for a binary search. Called by relay.c and
 * dispatches.c.
 */
#include "relay/filter.h"

#include "core/text.h"

#include <spectacles/routing.h>
#include <stdlib.h>
#include <string.h>

static int compare(const char *name, size_t length, const sp_filter_name *entry)
{
    if (length != entry->length)
        return length < entry->length ? -1 : 1;
    return memcmp(name, entry->chars, length);
}

static int by_name(const void *a, const void *b)
{
    const sp_filter_name *name = a;
    return compare(name->chars, name->length, b);
}

int sp_filter_init(sp_filter *filter, const char *const *names, size_t count, bool all)
{
    filter->all = all;
    if (count == 0)
        return SPECTACLES_OK;
    filter->names = calloc(count, sizeof *filter->names);
    if (!filter->names)
        return SPECTACLES_E_NOMEM;
    for (; filter->count < count; filter->count++) {
        const char *name = names[filter->count];
        size_t length = name ? strlen(name) : 0;
        if (length == 0 || length > SPECTACLES_ROUTE_MAX)
            return SPECTACLES_E_INVAL;
        char *chars = sp_text_copy(name, length);
        if (!chars)
            return SPECTACLES_E_NOMEM;
        filter->names[filter->count] = (sp_filter_name){chars, length};
    }
    qsort(filter->names, count, sizeof *filter->names, by_name);
    return SPECTACLES_OK;
}

void sp_filter_free(sp_filter *filter)
{
    for (size_t i = 0; i < filter->count; i++)
        free(filter->names[i].chars);
    free(filter->names);
    *filter = (sp_filter){0};
}

bool sp_filter_allows(const sp_filter *filter, const char *name, size_t length)
{
    size_t low = 0;
    size_t high = filter->count;
    if (length > SPECTACLES_ROUTE_MAX || filter->all)
        return length <= SPECTACLES_ROUTE_MAX;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, length, &filter->names[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
