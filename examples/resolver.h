#ifndef EXAMPLES_RESOLVER_H
#define EXAMPLES_RESOLVER_H

#include <spectacles/link.h>

/*
 * Looks host names up on a thread. The system's resolver can block for many seconds, and heartbeats must go on
 * meanwhile. The library itself starts no thread.
 */
struct resolver;

struct resolver *resolver_new(void);
void resolver_free(struct resolver *resolver);

/*
 * The descriptor is readable when there is an answer. Call resolver_hear() then, before resolver_serve(): the link
 * that asked may not want the answer any more.
 */
int resolver_fd(const struct resolver *resolver);
void resolver_hear(struct resolver *resolver);

/* Looks up the name that the link wants, or gives the link the answer. Never blocks. */
void resolver_serve(struct resolver *resolver, spectacles_link *link);

#endif
