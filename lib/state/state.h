#ifndef SP_STATE_STATE_H
#define SP_STATE_STATE_H

#include "core/buffer.h"
#include "core/digest.h"
#include "state/records.h"

#include <spectacles/state.h>

#define SP_STATE_MAGIC "{\"spectacles\":\"state\""

enum {
    SP_STATE_VERSION = 1
};

struct spectacles_state {
    char bot[SP_DIGEST_TEXT_LENGTH + 1]; /* the hash of the token */
    uint64_t intents;
    uint32_t shard_count;
    bool complete;       /* false: what shards without a record have missed is not known */
    uint64_t noticed_at; /* when that was noticed: milliseconds since 1970; 0: not known */
    sp_records records;
    spectacles_gap *gaps; /* what spectacles_state_gaps() handed out last */
    size_t gaps_capacity;
};

/* ---- read.c ---- */

/* What stands in bytes. */
typedef struct sp_state_content {
    sp_records records; /* of shards that exist */
    bool complete;
    bool orphaned_gap; /* a gap was left by a shard that does not exist any more */
} sp_state_content;

/*
 * Reads the bytes as a state of this bot. Errors as in spectacles_state_read(). content has to be zero, and is to
 * be freed (its records) whatever the result.
 */
int sp_state_parse(const spectacles_state *state, sp_slice bytes, sp_state_content *content,
                   spectacles_problem *problem);

/* ---- write.c ---- */

/* The last line, of all that stands above it. SPECTACLES_E_NOMEM. */
enum {
    SP_STATE_SEAL_LENGTH = 46
};
int sp_state_seal(sp_slice lines, char out[SP_STATE_SEAL_LENGTH + 1]);

/* ---- state.c ---- */

/*
 * Puts a record in the place of the one of its shard, for which there has to be room, or removes that one when the new
 * one is empty. Takes the record over. True when something changed.
 */
bool sp_state_replace(spectacles_state *state, sp_record *record, uint64_t unix_time);

#endif
