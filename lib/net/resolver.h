#ifndef SP_NET_RESOLVER_H
#define SP_NET_RESOLVER_H

#include "net/lookup.h"

#include <spectacles/resolver.h>

enum {
    SP_RESOLVER_KEEP = 30000 /* milliseconds that a late answer is kept */
};

/* A resolver whose lookups are done in a place of the caller's. The place is taken, also when memory runs out. */
int sp_resolver_new(spectacles_resolver **out, const spectacles_resolver_config *config,
                    const sp_lookup_place *place);

#endif
