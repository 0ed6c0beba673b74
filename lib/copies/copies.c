/*
 * The handle by which a worker leaves copies out: marks of messages, ids whose work is done (ids.c), and pairs of
 * messages that are one event (pairs.c). Workers call it.
 */
#include "copies/ids.h"
#include "copies/pairs.h"
#include "core/config.h"
#include "core/digest.h"
#include "core/export.h"
#include "core/random.h"
#include "core/siphash.h"

#include <stdlib.h>
#include <string.h>

enum {
    REMEMBERED = 32768
};

struct spectacles_copies {
    sp_ids ids;
    sp_pairs pairs;
    uint64_t key[2];
    uint64_t now; /* the latest time that was heard of */
};

SPECTACLES_EXPORT void spectacles_copies_config_init(spectacles_copies_config *config, size_t size)
{
    const spectacles_copies_config defaults = {.remembered = REMEMBERED};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static int read_config(spectacles_copies_config *read, const spectacles_copies_config *config,
                       spectacles_problem *problem)
{
    *read = (spectacles_copies_config){.remembered = REMEMBERED};
    int error = sp_config_take(read, sizeof *read, config, problem);
    if (error)
        return error;
    if (read->remembered == 0 || read->remembered > SPECTACLES_COPIES_REMEMBERED_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "remembered is not 1 to 4194304");
    if (read->seed == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the seed is 0: take spectacles_random_seed()");
    return SPECTACLES_OK;
}

static int create(spectacles_copies *copies, const spectacles_copies_config *config)
{
    sp_random random = {config->seed};
    copies->key[0] = sp_random_next(&random);
    copies->key[1] = sp_random_next(&random);
    int error = sp_ids_create(&copies->ids, config->remembered);
    return error ? error : sp_pairs_create(&copies->pairs, config->remembered);
}

SPECTACLES_EXPORT int spectacles_copies_new(spectacles_copies **out, const spectacles_copies_config *config,
                                            spectacles_problem *problem)
{
    spectacles_copies_config read;
    int error = read_config(&read, config, problem);
    if (error)
        return error;
    spectacles_copies *copies = calloc(1, sizeof *copies);
    if (!copies || create(copies, &read)) {
        spectacles_copies_free(copies);
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    }
    *out = copies;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_copies_free(spectacles_copies *copies)
{
    if (!copies)
        return;
    sp_ids_destroy(&copies->ids);
    sp_pairs_destroy(&copies->pairs);
    free(copies);
}

static const spectacles_header *find(const spectacles_header *headers, size_t count, const char *key,
                                     uint32_t type)
{
    const spectacles_header *found = spectacles_headers_find(headers, count, key, strlen(key));
    return found && found->type == type ? found : NULL;
}

/* 16 for what is no digit. */
static unsigned digit(uint8_t character)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = character ? strchr(digits, character) : NULL;
    return found ? (unsigned)(found - digits) : 16;
}

static bool read_digest(uint64_t out[2], const spectacles_header *header)
{
    if (header->bytes_length != SP_DIGEST_TEXT_LENGTH)
        return false;
    for (size_t i = 0; i < SP_DIGEST_TEXT_LENGTH; i++) {
        unsigned value = digit(header->bytes[i]);
        if (value > 15)
            return false;
        out[i / 16] = out[i / 16] << 4 | value;
    }
    return true;
}

SPECTACLES_EXPORT void spectacles_copies_mark(const spectacles_copies *copies, const char *message_id,
                                              size_t length, const spectacles_header *headers, size_t count,
                                              spectacles_copy_mark *out)
{
    *out = (spectacles_copy_mark){0};
    if (message_id && length > 0)
        sp_siphash(copies->key, (sp_slice){(const uint8_t *)message_id, length}, out->id);
    const spectacles_header *shards = find(headers, count, "shards", SPECTACLES_HEADER_INTEGER);
    const spectacles_header *digest = find(headers, count, "digest", SPECTACLES_HEADER_TEXT);
    if (shards && shards->integer > 0 && digest && read_digest(out->digest, digest))
        out->shards = (uint64_t)shards->integer;
}

SPECTACLES_EXPORT int spectacles_copies_leave_out(spectacles_copies *copies, const spectacles_copy_mark *mark,
                                                  uint64_t now)
{
    if (now > copies->now)
        copies->now = now;
    if (sp_ids_has(&copies->ids, mark->id))
        return 1;
    if (mark->shards == 0 || !sp_pairs_is_copy(&copies->pairs, mark, copies->now))
        return 0;
    sp_ids_add(&copies->ids, mark->id);
    return 1;
}

SPECTACLES_EXPORT void spectacles_copies_add(spectacles_copies *copies, const spectacles_copy_mark *mark)
{
    sp_ids_add(&copies->ids, mark->id);
}
