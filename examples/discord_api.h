#ifndef EXAMPLES_DISCORD_API_H
#define EXAMPLES_DISCORD_API_H

#include "settings.h"

#include <spectacles/gateway_bot.h>

enum api_result {
    API_ANSWERED, /* the verdict of the answer says what to do */
    API_LATER,    /* nobody answered: worth another try */
    API_NEVER     /* a person has to change something */
};

/*
 * Asks GET /gateway/bot. Blocks for at most about 20 seconds. API_ANSWERED: `out` is what was answered (its text says what is
 * wrong, if anything is). Otherwise its text says why there was no answer. The token is never in it.
 */
enum api_result discord_gateway_bot(const struct settings *settings, spectacles_gateway_bot *out);

#endif
