/*
 * The settings of a shard: their defaults, and which of them are refused. Called by owners, and by shard.c.
 */
#include "shard/config.h"

#include "core/config.h"
#include "core/export.h"
#include "core/text.h"
#include "shard/inflate.h"

#include <spectacles/routing.h>
#include <string.h>

SPECTACLES_EXPORT void spectacles_shard_config_init(spectacles_shard_config *config, size_t size)
{
    const spectacles_shard_config defaults = {.shard_count = 1,
                                              .gateway_version = 10,
                                              .large_threshold = 50,
                                              .max_message = UINT64_C(32) * 1024 * 1024,
                                              .high_water = UINT64_C(256) * 1024,
                                              .format = SPECTACLES_FORMAT_JSON,
                                              .compression =
                                                  sp_inflate_has(SPECTACLES_COMPRESSION_ZSTD_STREAM)
                                                      ? SPECTACLES_COMPRESSION_ZSTD_STREAM
                                                      : SPECTACLES_COMPRESSION_ZLIB_STREAM,
                                              .max_inflated = UINT64_C(64) * 1024 * 1024,
                                              .max_ratio = 256};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static int check_wire(const spectacles_shard_config *config, spectacles_problem *problem)
{
    if (config->format != SPECTACLES_FORMAT_JSON && config->format != SPECTACLES_FORMAT_ETF)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "format has to be SPECTACLES_FORMAT_JSON or SPECTACLES_FORMAT_ETF");
    if (config->compression > SPECTACLES_COMPRESSION_PAYLOAD)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "compression is none that this version knows");
    if (config->format == SPECTACLES_FORMAT_ETF && config->compression == SPECTACLES_COMPRESSION_PAYLOAD)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "payload compression is for JSON only: use zlib-stream");
    if (!sp_inflate_has(config->compression))
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED, "this build has no zstd-stream: use zlib-stream");
    if (config->max_message == 0 || config->high_water == 0 || config->max_inflated == 0 ||
        config->max_ratio == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "max_message, high_water, max_inflated and max_ratio must not be 0");
    return SPECTACLES_OK;
}

static int check_numbers(const spectacles_shard_config *config, spectacles_problem *problem)
{
    if (config->seed == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "seed is 0: give it a number from spectacles_random_seed()");
    if (config->shard_count == 0 || config->shard_id >= config->shard_count)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard_id has to be below shard_count");
    if (config->large_threshold < 50 || config->large_threshold > 250)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "large_threshold has to be 50 to 250");
    if (config->flags & ~(uint32_t)(SPECTACLES_SHARD_COMMITS | SPECTACLES_SHARD_STORED_HEARTBEATS))
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "flags has a bit that this version does not know");
    return check_wire(config, problem);
}

static bool is_header_text(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            return false;
    }
    return true;
}

static int check_texts(const spectacles_shard_config *config, spectacles_problem *problem)
{
    if (spectacles_token_check(config->token, problem) != SPECTACLES_OK)
        return SPECTACLES_E_INVAL;
    if (!config->gateway_url)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "gateway_url is missing: take it from GET /gateway/bot");
    if (config->user_agent && !is_header_text(config->user_agent))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "user_agent holds a control character");
    if (config->presence && spectacles_presence_check((const uint8_t *)config->presence,
                                                      strlen(config->presence), problem) != SPECTACLES_OK)
        return SPECTACLES_E_INVAL;
    return SPECTACLES_OK;
}

int sp_shard_check_config(const spectacles_shard_config *config, spectacles_problem *problem)
{
    int error = check_numbers(config, problem);
    return error == SPECTACLES_OK ? check_texts(config, problem) : error;
}
