#ifndef EXAMPLES_RESOLVER_H
#define EXAMPLES_RESOLVER_H

#include <spectacles/link.h>

/*
 * Looks host names up in a thread of its own: the system's resolver can block for many seconds, just when
 * the network is in trouble, and heartbeats must go on. The library itself knows no threads.
 */
struct resolver;

struct resolver *resolver_new(void);
void resolver_free(struct resolver *resolver);

/*
 * Becomes readable when there is an answer. Hear it then, before links are served: whoever asked may have given up, and
 * nobody would take the answer.
 */
int resolver_fd(const struct resolver *resolver);
void resolver_hear(struct resolver *resolver);

/* Asks for what the link wants, or gives it the answer. Never blocks. */
void resolver_serve(struct resolver *resolver, spectacles_link *link);

#endif
