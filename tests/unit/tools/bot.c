#include "bot.h"

#include <stdio.h>

void bot_begin(struct bot *bot, const struct settings *settings, const char *url, uint32_t shards)
{
    *bot = (struct bot){.gateway = NULL};
    proxies_choose(&bot->proxies, settings);
    spectacles_gateway_bot_init(&bot->answer, sizeof bot->answer);
    bot->answer.shard_count = shards;
    bot->answer.max_concurrency = 1;
    bot->answer.total = bot->answer.remaining = 1000;
    bot->answer.reset_after = 1000;
    snprintf(bot->answer.url, sizeof bot->answer.url, "%s", url);
    bot->gateways.settings = settings;
    bot->gateways.proxies = &bot->proxies;
    bot->gateways.bot = &bot->answer;
    bot->error = gateways_add(&bot->gateways, shards, 0, NULL, &bot->problem);
    if (bot->error == SPECTACLES_OK)
        bot->gateway = bot->gateways.items[0].handle;
}

void bot_end(struct bot *bot)
{
    gateways_free(&bot->gateways);
}
