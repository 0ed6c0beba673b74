#ifndef SP_RELAY_FILTER_H
#define SP_RELAY_FILTER_H

#include <spectacles/types.h>
#include <stdbool.h>

typedef struct sp_filter_name {
    char *chars;
    size_t length;
} sp_filter_name;

/* The names of the events that are published: the short ones first, since most names differ in their length. */
typedef struct sp_filter {
    sp_filter_name *names;
    size_t count;
    bool all;
} sp_filter;

/* SPECTACLES_E_NOMEM; SPECTACLES_E_INVAL for a name that is NULL, empty or too long for a routing key. */
int sp_filter_init(sp_filter *filter, const char *const *names, size_t count, bool all);
void sp_filter_free(sp_filter *filter);

bool sp_filter_allows(const sp_filter *filter, const char *name, size_t length);

#endif
