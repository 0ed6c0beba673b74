#ifndef EXAMPLES_RESOLVER_H
#define EXAMPLES_RESOLVER_H

#include <spectacles/gateway.h>

/*
 * Looks host names up on a thread. The system's resolver can block for many seconds, and heartbeats must go on
 * meanwhile. The library itself starts no thread.
 */
struct resolver;

struct resolver *resolver_new(void);
void resolver_free(struct resolver *resolver);

/* Readable when there is an answer: call resolver_answer() then. */
int resolver_fd(const struct resolver *resolver);
void resolver_answer(struct resolver *resolver, spectacles_gateway *gateway);

/* Looks the next name up that the gateway wants, unless a name is being looked up. */
void resolver_ask(struct resolver *resolver, const spectacles_gateway *gateway);

#endif
