#ifndef SP_NET_LOOKUP_H
#define SP_NET_LOOKUP_H

#include "core/list.h"

#include <spectacles/types.h>

/* One lookup of one name: given to a thread, and given back when it is done. */
typedef struct sp_lookup {
    sp_list_node node;
    char host[256];
    char *addresses; /* separated by spaces; NULL: there is none */
    char why[160];   /* the reason when there is none */
} sp_lookup;

/* NULL when memory ran out. */
sp_lookup *sp_lookup_new(const char *host);
void sp_lookup_free(sp_lookup *lookup);

/* Where lookups are done. The resolver knows no thread: tests bring their own place. */
typedef struct sp_lookup_place {
    void *self;
    int (*fd)(void *self); /* readable when something is done */
    /* Takes the lookup, also when it fails. Returns 0 or a negative errno. */
    int (*start)(void *self, sp_lookup *lookup);
    /* A lookup that is done, which is the caller's from then on; NULL when there is none. */
    sp_lookup *(*take)(void *self);
    void (*close)(void *self);
} sp_lookup_place;

/* A place with a thread for each lookup. Returns 0 or a negative errno. */
int sp_lookup_threads(sp_lookup_place *out);

/* resolve.c: asks the resolver of the system, and fills in what it says. Blocks. */
void sp_lookup_resolve(sp_lookup *lookup);

#endif
