#ifndef EXAMPLES_DISCORD_API_H
#define EXAMPLES_DISCORD_API_H

#include "settings.h"

/* The answer of GET /gateway/bot (Discord: "Get Gateway Bot"). */
struct gateway_bot {
    char url[256];
    uint32_t shards;
    uint32_t max_concurrency;
    uint32_t total;       /* identifies a day */
    uint32_t remaining;   /* of these, left */
    uint64_t reset_after; /* milliseconds until there are new ones */
};

enum api_result {
    API_DONE,
    API_LATER, /* worth another try */
    API_NEVER  /* a person has to change something */
};

/* Asks. Blocks for at most about 20 seconds. On failure `why` gets a sentence. */
enum api_result discord_gateway_bot(const struct settings *settings, struct gateway_bot *out, char *why,
                                    size_t size);

#endif
