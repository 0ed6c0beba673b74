#ifndef SP_RELAY_FILTER_H
#define SP_RELAY_FILTER_H

#include <spectacles/types.h>
#include <stdbool.h>

typedef struct sp_filter_name {
    char *chars;
    size_t length;
} sp_filter_name;

/* The allow list. Sorted by length first, because most names differ in their length. */
typedef struct sp_filter {
    sp_filter_name *names;
    size_t count;
    bool all;
} sp_filter;

/* Returns 0, SPECTACLES_E_NOMEM, or SPECTACLES_E_INVAL: a name is NULL, empty or too long for a routing key. */
int sp_filter_init(sp_filter *filter, const char *const *names, size_t count, bool all);
void sp_filter_free(sp_filter *filter);

bool sp_filter_allows(const sp_filter *filter, const char *name, size_t length);

#endif
