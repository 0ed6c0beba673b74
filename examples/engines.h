#ifndef EXAMPLES_ENGINES_H
#define EXAMPLES_ENGINES_H

#include "settings.h"

#include <spectacles/gateway.h>

struct store;

/*
 * Makes the gateway of the settings, once Discord has said which gateway and how many shards that is. Exits with a
 * sentence when a setting is wrong; what can be wrong is told before Discord is asked.
 *
 * store: receives the file of sessions, NULL when SESSION_FILE is not set. For store_close().
 *
 * Returns the gateway, for spectacles_gateway_free().
 */
spectacles_gateway *engines_make(const struct settings *settings, struct store **store);

#endif
