#include "bot.h"

#include <stdio.h>

void bot_begin(struct bot *bot, const struct settings *settings, const char *url, uint32_t shards)
{
    struct handle_parts parts = {.proxies = &bot->proxies, .bot = &bot->answer, .shard_count = shards};
    *bot = (struct bot){.gateway = NULL};
    proxies_choose(&bot->proxies, settings);
    spectacles_gateway_bot_init(&bot->answer, sizeof bot->answer);
    bot->answer.shard_count = shards;
    bot->answer.max_concurrency = 1;
    bot->answer.total = bot->answer.remaining = 1000;
    bot->answer.reset_after = 1000;
    snprintf(bot->answer.url, sizeof bot->answer.url, "%s", url);
    bot->error = handle_new(&bot->gateway, settings, &parts, &bot->problem);
}

void bot_end(struct bot *bot)
{
    spectacles_gateway_free(bot->gateway);
}
