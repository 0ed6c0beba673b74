#ifndef SP_GATEWAY_NAMES_H
#define SP_GATEWAY_NAMES_H

#include "gateway/internal.h"

/* The host names that links want the addresses of. */

/* Makes the resolver of the gateway, if it is to have one. Errors: see spectacles_resolver_new(). */
int sp_gateway_make_resolver(spectacles_gateway *gateway, spectacles_problem *problem);

/* When sp_gateway_collect_names() is to be called at the latest. */
uint64_t sp_gateway_names_deadline(const spectacles_gateway *gateway);

/* Asks the links that have changed which name they want. With a resolver, it is asked, and its answers are given. */
void sp_gateway_collect_names(spectacles_gateway *gateway, uint64_t now);

/* Forgets all names, and frees the resolver. */
void sp_gateway_forget_names(spectacles_gateway *gateway);

#endif
