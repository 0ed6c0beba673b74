/*
 * spectacles/gateway_bot.h - what Discord answers to GET /gateway/bot, read: where to connect, with how many shards, and how
 * many of them may identify; or what to do when it answers otherwise.
 *
 * SPDX-License-Identifier: MIT
 *
 * The library speaks no HTTP to Discord's API: the request is its owner's, with whatever client he has, and the answer is
 * read here. Pure: no I/O, no allocation, nothing that blocks, nothing global.
 *
 *     GET https://discord.com/api/v10/gateway/bot
 *     Authorization: Bot <token>
 */
#ifndef SPECTACLES_GATEWAY_BOT_H
#define SPECTACLES_GATEWAY_BOT_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum spectacles_gateway_bot_verdict {
    SPECTACLES_GATEWAY_BOT_FINE = 0, /* the fields of the answer are filled */
    /* nothing is wrong with the settings, as far as anybody can tell: ask again after `wait`, or after a wait of your own */
    SPECTACLES_GATEWAY_BOT_AGAIN = 1,
    /* Discord refuses the token: asking again with it is of no use, and Discord counts such answers against the address */
    SPECTACLES_GATEWAY_BOT_TOKEN = 2
};

enum {
    SPECTACLES_GATEWAY_BOT_URL_SIZE = 512,
    SPECTACLES_GATEWAY_BOT_TEXT_SIZE = 512,
    /*
     * More shards than that are not believed. Discord asks for one per 2,500 guilds at the most, and for one per 1,000 as a
     * rule: 65,536 are 65 million guilds, more than twice what exists. The number is of use to whoever allocates by it.
     */
    SPECTACLES_GATEWAY_BOT_SHARDS_MAX = 65536
};

/* Discord: "Get Gateway Bot", "Session Start Limit Object". Grows at the end. */
typedef struct spectacles_gateway_bot {
    uint32_t size;    /* sizeof(spectacles_gateway_bot), set by the caller */
    uint32_t verdict; /* enum spectacles_gateway_bot_verdict */
    /* AGAIN: milliseconds that Discord or a proxy asks to wait for, at most a day; 0: it does not say */
    uint64_t wait;
    uint32_t global; /* AGAIN: 1: the wait is of every request of the bot, and not of this one alone */
    /* FINE: */
    uint32_t shards;                           /* recommended: 1 to SPECTACLES_GATEWAY_BOT_SHARDS_MAX */
    uint32_t max_concurrency;                  /* 1 to 65536: spectacles_relay_config.max_concurrency */
    uint32_t total;                            /* identifies a day, at least 1 */
    uint32_t remaining;                        /* of these, left; never more than total */
    uint32_t reserved;                         /* 0 */
    uint64_t reset_after;                      /* milliseconds until there are new ones */
    char url[SPECTACLES_GATEWAY_BOT_URL_SIZE]; /* spectacles_shard_config.gateway_url; NUL-terminated */
    /*
     * what is wrong, and what to do: one sentence, fit for a log, NUL-terminated; empty when FINE. It shows the start of the
     * body: who asks through a proxy that echoes requests takes the token out of the body first
     */
    char text[SPECTACLES_GATEWAY_BOT_TEXT_SIZE];
} spectacles_gateway_bot;

/* Makes an answer empty and sets its size. size: sizeof(spectacles_gateway_bot). Does nothing when size is below 4. */
void spectacles_gateway_bot_init(spectacles_gateway_bot *out, size_t size);

/*
 * Reads an answer. status: of HTTP. retry_after: the value of the header Retry-After, NUL-terminated; NULL: there was none.
 * body: as it came, in any form; may be NULL when length is 0.
 *
 *     200 with the JSON that Discord documents                       FINE
 *     401; 403 with Discord's JSON ({"message": .., "code": ..})     TOKEN (but for code 40333: Cloudflare, not Discord)
 *     all else: 403 of a proxy, 429, 5xx, HTML, nonsense             AGAIN, shown as it is: status and start of the body
 *
 * Numbers of the answer are checked before they are believed: `shards` 0 or beyond the maximum, like a url that is not
 * wss:// or ws:// to a host, is nonsense that may pass, and so AGAIN. Returns 0; SPECTACLES_E_INVAL: out->size is none that
 * this version knows.
 */
int spectacles_gateway_bot_read(spectacles_gateway_bot *out, uint32_t status, const char *retry_after,
                                const uint8_t *body, size_t length);

/* The name of a verdict: "FINE", "AGAIN" or "TOKEN"; "UNKNOWN" for any other number. Static. */
const char *spectacles_gateway_bot_verdict_name(uint32_t verdict);

#ifdef __cplusplus
}
#endif

#endif
