#ifndef SP_STATE_STATE_H
#define SP_STATE_STATE_H

#include "core/buffer.h"
#include "core/digest.h"
#include "state/records.h"

#include <spectacles/state.h>

/* The beginning of every version of a stored state. */
#define SP_STATE_MAGIC "{\"spectacles\":\"state\""

enum {
    SP_STATE_VERSION = 1,
    SP_STATE_WRITER_MAX = 255, /* characters, without the NUL */
    SP_STATE_BOT_ID_MAX = 20   /* digits */
};

struct spectacles_state {
    char bot[SP_DIGEST_TEXT_LENGTH + 1];  /* the hash of the token */
    char bot_id[SP_STATE_BOT_ID_MAX + 1]; /* the user id that the token names; empty: it names none */
    uint64_t intents;
    uint32_t shard_count;
    bool complete;       /* false: it is not known what shards without a record have missed */
    uint64_t noticed_at; /* when `complete` became false: milliseconds since 1970; 0: not known */
    char writer[SP_STATE_WRITER_MAX + 1];      /* of the configuration; empty: not given */
    char read_writer[SP_STATE_WRITER_MAX + 1]; /* of the bytes that were read last; empty: not known */
    sp_records records;
    spectacles_gap *gaps; /* the array that spectacles_state_gaps() handed out last */
    size_t gaps_capacity;
};

/* ---- read.c ---- */

/* The first line of stored bytes. */
typedef struct sp_state_head {
    char bot[SP_DIGEST_TEXT_LENGTH + 1];
    char bot_id[SP_STATE_BOT_ID_MAX + 1]; /* empty: not known */
    uint64_t intents;
    uint32_t shard_count; /* 0: not known */
    bool complete;
    char writer[SP_STATE_WRITER_MAX + 1]; /* empty: not known */
} sp_state_head;

/* The content of stored bytes. */
typedef struct sp_state_content {
    sp_records records; /* of shards whose id exists */
    bool complete;
    bool orphaned_gap; /* a gap was left by a shard that does not exist any more */
    char writer[SP_STATE_WRITER_MAX + 1];
} sp_state_content;

/* Reads the first line, after the checksum was checked. Errors are those of spectacles_state_open(). */
int sp_state_parse_head(sp_slice bytes, sp_state_head *head, spectacles_problem *problem);

/*
 * Reads bytes as a state of this bot. Errors are those of spectacles_state_read(). content has to be zero. The caller
 * frees its records, also after an error.
 */
int sp_state_parse(const spectacles_state *state, sp_slice bytes, sp_state_content *content,
                   spectacles_problem *problem);

/* ---- write.c ---- */

enum {
    SP_STATE_CHECKSUM_LENGTH = 46 /* bytes of the last line */
};

/* Whether a text can be a writer: at most 255 printable ASCII characters, and not empty. */
bool sp_state_writer_is_valid(const char *writer);

/* Writes the last line: the checksum of all lines above it. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_state_checksum(sp_slice lines, char out[SP_STATE_CHECKSUM_LENGTH + 1]);

/* ---- state.c ---- */

/*
 * Takes a record over. It replaces the record of its shard; an empty record removes that one. There has to be room for
 * it. Returns whether something changed.
 */
bool sp_state_replace(spectacles_state *state, sp_record *record, uint64_t unix_time);

#endif
