#ifndef TESTS_UNIT_TOOLS_BOT_H
#define TESTS_UNIT_TOOLS_BOT_H

#include "gateways.h"

/* The daemon's gateway handles, the first one made of settings. Nothing is connected. */
struct bot {
    struct proxies proxies;
    spectacles_gateway_bot answer; /* of Discord */
    struct gateways gateways;
    spectacles_gateway *gateway; /* the first one; NULL: it could not be made */
    spectacles_problem problem;  /* then: why */
    int error;
};

/* url: what GET /gateway/bot names. */
void bot_begin(struct bot *bot, const struct settings *settings, const char *url, uint32_t shards);
void bot_end(struct bot *bot);

#endif
