/*
 * spectacles/gateway_bot.h - reads what Discord answers to GET /gateway/bot: where to connect, with how many shards,
 * and how many of them may identify; or what to do when the answer is another.
 *
 * SPDX-License-Identifier: MIT
 *
 * The library speaks no HTTP to Discord's API. The owner sends the request with a client of his own, and this reader
 * takes the answer: status, the header Retry-After, and the body.
 *
 *     GET https://discord.com/api/v10/gateway/bot
 *     Authorization: Bot <token>
 *
 * What to do with the verdict:
 *
 *     FINE   make the shards, with `url` as their gateway_url; give max_concurrency, total, remaining and reset_after
 *            to the relay
 *     AGAIN  show `text`, wait for `wait` or for a back-off of your own, and ask again
 *     TOKEN  show `text` and stop: a person has to change the token
 *
 * `text` is for people, and its wording changes between versions. Programs look at the verdict.
 *
 * Pure: no I/O, no allocation, nothing that blocks, nothing global.
 */
#ifndef SPECTACLES_GATEWAY_BOT_H
#define SPECTACLES_GATEWAY_BOT_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an answer means. The values never change. */
enum spectacles_gateway_bot_verdict {
    /* The answer is the one that Discord documents, and its fields are filled in. */
    SPECTACLES_GATEWAY_BOT_FINE = 0,
    /*
     * The answer is of no use, and nothing shows that the settings are wrong: a limit, an outage, a proxy in
     * between. Ask again after `wait`, or after a wait of your own when it is 0.
     */
    SPECTACLES_GATEWAY_BOT_AGAIN = 1,
    /*
     * Discord refuses the token. Asking again with it is of no use, and Discord counts such answers against the address
     * (Discord: "Invalid Request Limit").
     */
    SPECTACLES_GATEWAY_BOT_TOKEN = 2
};

/* Sizes and limits of spectacles_gateway_bot. */
enum spectacles_gateway_bot_limit {
    /* Bytes of spectacles_gateway_bot.url, its NUL included. */
    SPECTACLES_GATEWAY_BOT_URL_SIZE = 512,
    /* Bytes of spectacles_gateway_bot.text, its NUL included. */
    SPECTACLES_GATEWAY_BOT_TEXT_SIZE = 512,
    /*
     * A larger number of shards is not believed. Discord asks for one shard per 2,500 guilds at the most, and for
     * one per 1,000 as a rule: 65,536 shards are 65 million guilds, more than twice what exists. Whoever allocates
     * by the number is safe below it.
     */
    SPECTACLES_GATEWAY_BOT_SHARDS_MAX = 65536
};

/*
 * What was read (Discord: "Get Gateway Bot", "Session Start Limit Object"). Make it with
 * spectacles_gateway_bot_init(). Owned by the caller; it points to nothing. Grows at the end.
 */
typedef struct spectacles_gateway_bot {
    /* Set by spectacles_gateway_bot_init(). */
    uint32_t size;
    /* enum spectacles_gateway_bot_verdict */
    uint32_t verdict;
    /* AGAIN: milliseconds that Discord or a proxy asks to wait, at most a day. 0: the answer does not say. */
    uint64_t wait;
    /* AGAIN: 1: the wait is of every request of the bot. 0: it is of this request alone. */
    uint32_t global;
    /* FINE: the number of shards that Discord recommends, 1 to SPECTACLES_GATEWAY_BOT_SHARDS_MAX. */
    uint32_t shard_count;
    /* FINE: identifies that may go out in 5 seconds, 1 to 65536: spectacles_relay_config.max_concurrency. */
    uint32_t max_concurrency;
    /* FINE: identifies a day, at least 1. */
    uint32_t total;
    /* FINE: identifies of the day that are left, never more than `total`. */
    uint32_t remaining;
    /* 0 */
    uint32_t reserved;
    /* FINE: milliseconds until `remaining` is `total` again. */
    uint64_t reset_after;
    /* FINE: for spectacles_shard_config.gateway_url. NUL-terminated. */
    char url[SPECTACLES_GATEWAY_BOT_URL_SIZE];
    /*
     * AGAIN, TOKEN: what is wrong and what to do, one sentence, fit for a log, NUL-terminated. Empty when FINE. It
     * shows the start of the body: an owner whose proxy echoes requests takes the token out of the body first.
     */
    char text[SPECTACLES_GATEWAY_BOT_TEXT_SIZE];
} spectacles_gateway_bot;

/* Makes an answer empty and sets its size. size: sizeof(spectacles_gateway_bot). Does nothing when size is below 4. */
void spectacles_gateway_bot_init(spectacles_gateway_bot *out, size_t size);

/*
 * Reads an answer, whatever was answered: every status and every body ends in a verdict.
 *
 * out: receives what was read. Its size says how much the caller has room for.
 * status: of HTTP.
 * retry_after, retry_after_length: the value of the header Retry-After, in seconds. The length is 0 when there was
 *                                  none.
 * body, body_length: the body as it came, in any form.
 *
 *     200 with the JSON that Discord documents                       FINE
 *     401; 403 with Discord's JSON ({"message": .., "code": ..})     TOKEN (but for code 40333: Cloudflare, not
 *     Discord) all else: 403 of a proxy, 429, 5xx, HTML, nonsense             AGAIN: text shows the status and the
 *     start of the body
 *
 * Numbers of the answer are checked before they are believed. `shards` of 0 or beyond the maximum is nonsense that
 * may pass, and so AGAIN. So is a url that is not wss:// or ws:// to a host.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  out has no size
 */
int spectacles_gateway_bot_read(spectacles_gateway_bot *out, uint32_t status, const char *retry_after,
                                size_t retry_after_length, const uint8_t *body, size_t body_length);

/*
 * The name of a verdict, for logs: "FINE", "AGAIN" or "TOKEN". "UNKNOWN" for any other number. Static and
 * NUL-terminated. Cannot fail.
 */
const char *spectacles_gateway_bot_verdict_name(uint32_t verdict);

#ifdef __cplusplus
}
#endif

#endif
