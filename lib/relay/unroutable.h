#ifndef SP_RELAY_UNROUTABLE_H
#define SP_RELAY_UNROUTABLE_H

#include <spectacles/routing.h>
#include <stdbool.h>

enum {
    SP_UNROUTABLE_NAMES =
        128 /* more names than Discord has; when it is full, the name whose time ends first is replaced */
};

typedef struct sp_unroutable_name {
    char chars[SPECTACLES_ROUTE_MAX + 1];
    size_t length;
    uint64_t until;
} sp_unroutable_name;

/* The names of events that no queue took. Events of these names are held back for a time, and then tried again. */
typedef struct sp_unroutable {
    sp_unroutable_name *names;
    size_t count;
    uint32_t hold; /* milliseconds; 0: nothing is held back */
} sp_unroutable;

/* Returns 0 or SPECTACLES_E_NOMEM. */
int sp_unroutable_init(sp_unroutable *unroutable, uint32_t hold);
void sp_unroutable_free(sp_unroutable *unroutable);

bool sp_unroutable_holds(const sp_unroutable *unroutable, const char *name, size_t length, uint64_t now);

/* Begins to hold a name back. True when it was not held back already. */
bool sp_unroutable_add(sp_unroutable *unroutable, const char *name, size_t length, uint64_t now);

#endif
