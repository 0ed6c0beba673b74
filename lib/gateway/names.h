#ifndef SP_GATEWAY_NAMES_H
#define SP_GATEWAY_NAMES_H

#include "gateway/internal.h"

/* The host names that links want the addresses of. */

/* Asks the links that have changed which name they want. */
void sp_gateway_collect_names(spectacles_gateway *gateway);

/* Forgets all names. */
void sp_gateway_forget_names(spectacles_gateway *gateway);

#endif
