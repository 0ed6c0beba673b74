
/* Reads the answer of GET /gateway/bot. It shares nothing with a shard. Called by owners, who make the request. */
#include <spectacles/gateway_bot.h>

#include "codec/json.h"
#include "core/config.h"
#include "core/export.h"
#include "core/names.h"
#include "core/text.h"
#include "routing/retry_after.h"
#include "shard/url.h"

#include <string.h>

enum {
    BODY_SHOWN = 120,
    CONCURRENCY_MAX = 65536,
    TOTAL_UNSAID = 1000,
    DAY = 86400000,
    CODE_CLOUDFLARE =
        40333 /* Discord: "Cloudflare is blocking your request", which says nothing about the token */
};

_Static_assert((int)SPECTACLES_GATEWAY_BOT_TEXT_SIZE == (int)SP_TEXT_MAX, "a sentence fits");

typedef struct answer {
    uint32_t status;
    uint64_t wait; /* milliseconds that the header Retry-After asks for */
    sp_slice body;
    sp_slice object; /* the body as a JSON object; empty when it is none */
} answer;

static answer look_at(uint32_t status, sp_slice retry_after, sp_slice body)
{
    answer seen = {.status = status, .wait = sp_retry_after_header(retry_after), .body = body};
    sp_slice value;
    if (sp_json_check(seen.body, &value, NULL) == SPECTACLES_OK && sp_json_type(value) == SP_JSON_OBJECT)
        seen.object = value;
    uint64_t in_body = sp_retry_after_body(seen.body);
    seen.wait = in_body > seen.wait ? in_body : seen.wait;
    return seen;
}

static bool find(sp_slice object, const char *name, sp_slice *value)
{
    return object.length > 0 && sp_json_find(object, name, value) == 1;
}

/* Reads a whole number. *out is `otherwise` when the field is missing. False when the field is something else. */
static bool read_number(sp_slice object, const char *name, uint64_t otherwise, uint64_t *out)
{
    sp_slice value;
    *out = otherwise;
    return !find(object, name, &value) || sp_json_u64(value, out) == SPECTACLES_OK;
}

static uint32_t between(uint64_t min, uint64_t number, uint64_t max)
{
    return (uint32_t)(number < min ? min : number > max ? max : number);
}

static const char *read_url(const answer *seen, spectacles_gateway_bot *out)
{
    sp_slice value;
    sp_url url;
    const char *why;
    if (!find(seen->object, "url", &value) || sp_json_text(value, out->url, sizeof out->url) <= 0)
        return "\"url\" is missing, or no text of at most 511 bytes";
    if (!sp_text_is_graphic(out->url) || sp_url_parse(&url, out->url, &why) != SPECTACLES_OK)
        return "\"url\" is not the address of a gateway";
    return NULL;
}

static const char *read_shards(const answer *seen, spectacles_gateway_bot *out)
{
    uint64_t shards;
    if (!read_number(seen->object, "shards", 0, &shards) || shards == 0 ||
        shards > SPECTACLES_GATEWAY_BOT_SHARDS_MAX)
        return "\"shards\" is not a number from 1 to 65536";
    out->shard_count = (uint32_t)shards;
    return NULL;
}

/* Numbers out of range are set to the nearest limit: they only slow down or speed up identifies. */
static const char *read_limit(const answer *seen, spectacles_gateway_bot *out)
{
    sp_slice limit = {NULL, 0};
    uint64_t concurrency;
    uint64_t total;
    uint64_t remaining;
    uint64_t reset_after;
    if (find(seen->object, "session_start_limit", &limit) && sp_json_type(limit) != SP_JSON_OBJECT)
        return "\"session_start_limit\" is not an object";
    if (!read_number(limit, "max_concurrency", 1, &concurrency) ||
        !read_number(limit, "total", TOTAL_UNSAID, &total) ||
        !read_number(limit, "remaining", total, &remaining) ||
        !read_number(limit, "reset_after", 0, &reset_after))
        return "\"session_start_limit\" has something that is no number";
    out->max_concurrency = between(1, concurrency, CONCURRENCY_MAX);
    out->total = between(1, total, UINT32_MAX);
    out->remaining = between(0, remaining, out->total);
    out->reset_after = reset_after < DAY ? reset_after : DAY;
    return NULL;
}

static void show_body(const answer *seen, sp_text *text)
{
    if (seen->body.length == 0)
        return;
    sp_text_add(text, ": ");
    sp_text_add_foreign(text, seen->body.bytes, seen->body.length, BODY_SHOWN);
}

static void read_fine(const answer *seen, spectacles_gateway_bot *out, sp_text *text)
{
    const char *nonsense = seen->object.length > 0 ? NULL : "it is not a JSON object";
    if (!nonsense)
        nonsense = read_url(seen, out);
    if (!nonsense)
        nonsense = read_shards(seen, out);
    if (!nonsense)
        nonsense = read_limit(seen, out);
    if (!nonsense)
        return;
    *out = (spectacles_gateway_bot){.verdict = SPECTACLES_GATEWAY_BOT_AGAIN, .wait = seen->wait};
    sp_text_set(text, "the answer is not what Discord documents, because %s", nonsense);
    show_body(seen, text);
}

/* A proxy also answers 403, but without Discord's JSON. */
static bool is_about_the_token(const answer *seen)
{
    sp_slice message;
    sp_slice code;
    uint64_t number;
    if (seen->status == 401)
        return true;
    return seen->status == 403 && find(seen->object, "message", &message) &&
           sp_json_type(message) == SP_JSON_STRING && find(seen->object, "code", &code) &&
           sp_json_u64(code, &number) == SPECTACLES_OK && number != CODE_CLOUDFLARE;
}

static void refuse_token(const answer *seen, spectacles_gateway_bot *out, sp_text *text)
{
    out->verdict = SPECTACLES_GATEWAY_BOT_TOKEN;
    sp_text_set(text,
                "the token is not valid (status %u): take the bot's token from Discord's developer portal, "
                "without \"Bot \"",
                (unsigned)seen->status);
    if (seen->status == 403)
        show_body(seen, text);
}

static void ask_again(const answer *seen, spectacles_gateway_bot *out, sp_text *text)
{
    sp_slice global;
    out->verdict = SPECTACLES_GATEWAY_BOT_AGAIN;
    out->wait = seen->wait;
    out->global = find(seen->object, "global", &global) && sp_json_type(global) == SP_JSON_TRUE;
    if (seen->status == 429 && out->wait == 0)
        out->wait = SP_RETRY_AFTER_DEFAULT;
    sp_text_set(text, "status %u%s", (unsigned)seen->status, seen->status == 429 ? " (asked too often)" : "");
    show_body(seen, text);
}

SPECTACLES_EXPORT void spectacles_gateway_bot_init(spectacles_gateway_bot *out, size_t size)
{
    const spectacles_gateway_bot empty = {0};
    sp_config_write(out, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT int spectacles_gateway_bot_read(spectacles_gateway_bot *out, uint32_t status,
                                                  const char *retry_after, size_t retry_after_length,
                                                  const uint8_t *body, size_t body_length)
{
    const sp_slice header = {(const uint8_t *)retry_after, retry_after_length};
    const answer seen = look_at(status, header, (sp_slice){body, body_length});
    spectacles_gateway_bot read = {.verdict = SPECTACLES_GATEWAY_BOT_FINE};
    sp_text text;
    sp_text_set(&text, "%s", "");
    if (status == 200)
        read_fine(&seen, &read, &text);
    else if (is_about_the_token(&seen))
        refuse_token(&seen, &read, &text);
    else
        ask_again(&seen, &read, &text);
    memcpy(read.text, text.chars, text.length + 1);
    return sp_stats_write(out, &read, sizeof read);
}

SPECTACLES_EXPORT const char *spectacles_gateway_bot_verdict_name(uint32_t verdict)
{
    static const char *const names[] = {
        [SPECTACLES_GATEWAY_BOT_FINE] = "FINE",
        [SPECTACLES_GATEWAY_BOT_AGAIN] = "AGAIN",
        [SPECTACLES_GATEWAY_BOT_TOKEN] = "TOKEN",
    };
    return sp_name_of(names, sizeof names / sizeof names[0], verdict);
}
