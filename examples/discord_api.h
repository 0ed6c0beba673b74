#ifndef EXAMPLES_DISCORD_API_H
#define EXAMPLES_DISCORD_API_H

#include "settings.h"

#include <spectacles/gateway_bot.h>

enum api_result {
    API_ANSWERED, /* the verdict of the answer says what to do */
    API_LATER,    /* there was no answer: ask again */
    API_NEVER     /* asking again cannot help: a person has to change something */
};

/*
 * Sends GET /gateway/bot, through this proxy (NULL: none; as libspectacles, and not as libcurl, understands its URL:
 * with socks5:// too the proxy looks names up). Blocks for at most about 20 seconds. With API_ANSWERED, `out` is the
 * answer, and out->text says what is wrong with it, if anything. Otherwise out->text says why there was no answer. The
 * token is never in out->text.
 */
enum api_result discord_gateway_bot(const struct settings *settings, const char *proxy,
                                    spectacles_gateway_bot *out);

#endif
