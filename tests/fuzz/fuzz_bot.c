/* An answer of GET /gateway/bot: the first two bytes are the status, a line is Retry-After, the rest is the body. */
#include "fuzz.h"

#include <spectacles/gateway_bot.h>
#include <spectacles/types.h>

#include <strings.h>

enum {
    HEAD = 2
};

static void look_at(const spectacles_gateway_bot *bot)
{
    char printable[SPECTACLES_GATEWAY_BOT_TEXT_SIZE];
    size_t length = strlen(bot->text);
    must(length < sizeof printable);
    must(spectacles_printable(printable, sizeof printable, bot->text, length) == length);
    must(!memcmp(printable, bot->text, length));
    must((bot->verdict == SPECTACLES_GATEWAY_BOT_FINE) == (length == 0));
    if (bot->verdict != SPECTACLES_GATEWAY_BOT_FINE)
        return;
    must(bot->shard_count > 0 && bot->shard_count <= SPECTACLES_GATEWAY_BOT_SHARDS_MAX);
    /* RFC 3986, section 3.1: a scheme has no case. */
    must(!strncasecmp(bot->url, "wss://", 6) || !strncasecmp(bot->url, "ws://", 5));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    spectacles_gateway_bot bot;
    if (length < HEAD)
        return 0;
    const uint8_t *retry_after = bytes + HEAD;
    const uint8_t *line = memchr(retry_after, '\n', length - HEAD);
    const uint8_t *body = line ? line + 1 : retry_after;
    spectacles_gateway_bot_init(&bot, sizeof bot);
    must(!spectacles_gateway_bot_read(&bot, (uint32_t)(bytes[0] << 8 | bytes[1]), (const char *)retry_after,
                                      line ? (size_t)(line - retry_after) : 0, body,
                                      length - (size_t)(body - bytes)));
    look_at(&bot);
    return 0;
}
