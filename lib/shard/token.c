/*
 * The token: how one is written, whose it is, and a token that is replaced while the shard runs. Called by owners, by
 * config.c when a shard is made, and by close_frame.c.
 */
#include "shard/token.h"

#include "core/config.h"
#include "core/export.h"
#include "core/sentences.h"
#include "core/wipe.h"
#include "shard/events.h"
#include "shard/send.h"

#include <string.h>

enum {
    BITS = 6 /* of a digit in base64 */
};

static const uint64_t least_id = UINT64_C(10000000000); /* Discord's ids have more digits than ten */

SPECTACLES_EXPORT int spectacles_token_check(const char *token, spectacles_problem *problem)
{
    if (!token || !*token)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the token is missing");
    if (!sp_text_is_graphic(token))
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "the token holds a space, a line break or another character that no token has: take it "
            "without \"Bot \" in front and without the end of its line");
    return SPECTACLES_OK;
}

/* ---- Whose it is ---- */

static int value_of(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *found = digit ? strchr(digits, digit) : NULL;
    if (found)
        return (int)(found - digits);
    if (digit == '+' || digit == '-')
        return 62;
    return digit == '/' || digit == '_' ? 63 : -1;
}

/* Adds a decimal digit to an id. False: it is no digit, or the id would be too large. */
static bool add_digit(uint64_t *id, uint32_t byte)
{
    uint64_t value = byte - '0';
    if (byte < '0' || byte > '9' || *id > (UINT64_MAX - value) / 10)
        return false;
    *id = *id * 10 + value;
    return true;
}

SPECTACLES_EXPORT uint64_t spectacles_token_bot(const char *token)
{
    uint64_t id = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (; *token && *token != '.' && *token != '='; token++) {
        int value = value_of(*token);
        if (value < 0)
            return 0;
        bits = bits << BITS | (uint32_t)value;
        count += BITS;
        if (count < 8)
            continue;
        count -= 8;
        if (!add_digit(&id, bits >> count & 255))
            return 0;
    }
    return *token && id >= least_id ? id : 0;
}

bool sp_token_is_foreign(const char *one, const char *other)
{
    uint64_t bot = spectacles_token_bot(one);
    uint64_t other_bot = spectacles_token_bot(other);
    return bot != 0 && other_bot != 0 && bot != other_bot;
}

/* ---- Another token ---- */

/* Whether the gateway has the present token on this connection. */
static bool has_sent(const spectacles_shard *shard)
{
    return shard->state >= SPECTACLES_SHARD_IDENTIFYING && shard->state <= SPECTACLES_SHARD_CLOSING;
}

static int replace(spectacles_shard *shard, const char *token)
{
    spectacles_problem problem = {.text = ""};
    char *former = shard->token;
    shard->token = sp_text_copy(token, strlen(token));
    int error = shard->token ? sp_shard_check_identify(shard, &problem) : SPECTACLES_E_NOMEM;
    if (error == SPECTACLES_OK) {
        sp_wipe_text(former);
        return SPECTACLES_OK;
    }
    sp_wipe_text(shard->token);
    shard->token = former;
    return sp_shard_fail(shard, error,
                         error == SPECTACLES_E_NOMEM ? spectacles_strerror(error) : problem.text);
}

SPECTACLES_EXPORT int spectacles_shard_set_token(spectacles_shard *shard, const char *token)
{
    spectacles_problem problem = {.text = ""};
    if (spectacles_token_check(token, &problem) != SPECTACLES_OK)
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, problem.text);
    if (strcmp(token, shard->token) == 0)
        return SPECTACLES_OK;
    if (sp_token_is_foreign(token, shard->token))
        return sp_shard_fail(shard, SPECTACLES_E_AUTH, SP_TOKEN_IS_FOREIGN);
    int error = replace(shard, token);
    if (error == SPECTACLES_OK && has_sent(shard))
        shard->sent_former_token = true;
    return error;
}
