#ifndef SP_STATE_RECORD_H
#define SP_STATE_RECORD_H

#include "core/ring.h"

#include <spectacles/relay.h>
#include <spectacles/shard.h>
#include <stdbool.h>

enum {
    SP_STATE_SESSION_ID_MAX = 255,
    SP_STATE_URL_MAX = 511
};

/* A gap that has not been declared yet, with texts of its own. */
typedef struct sp_record_gap {
    uint64_t seq;
    uint64_t next;
    uint64_t time;
    char *old_session; /* NULL: not known */
    char *new_session; /* NULL: there is none yet */
} sp_record_gap;

/* What is stored of one shard. */
typedef struct sp_record {
    uint32_t shard_id;
    uint32_t shard_count;
    uint32_t encoding; /* enum spectacles_format; RAW: not known */
    uint64_t seq;
    uint64_t time;    /* when it last changed */
    char *session_id; /* NULL: there is no session */
    char *resume_url; /* NULL like session_id; empty: the gateway's own URL */
    sp_ring gaps;     /* of sp_record_gap */
} sp_record;

/* NULL when memory ran out. */
sp_record *sp_record_new(uint32_t shard_id, uint32_t shard_count);
void sp_record_free(sp_record *record);

/* Whether a session id is 1 to 255 printable ASCII characters without spaces. */
bool sp_record_id_is_valid(const char *id);

/*
 * Copies a session, of which there is none in the record yet. SPECTACLES_E_INVAL: its id or its encoding is not
 * valid. SPECTACLES_E_NOMEM. A resume URL that is not valid is left out.
 */
int sp_record_set_session(sp_record *record, const spectacles_session *session);

/* Copies a gap. SPECTACLES_E_INVAL: a session id is not valid. SPECTACLES_E_NOMEM. */
int sp_record_add_gap(sp_record *record, const spectacles_gap *gap);

/* Adds the gap of which nothing is known but when it was noticed. SPECTACLES_E_NOMEM. */
int sp_record_add_unknown(sp_record *record, uint64_t time);

bool sp_record_is_empty(const sp_record *record);

/* Whether both say the same; their times may differ. */
bool sp_record_equals(const sp_record *one, const sp_record *other);

/* What the record holds, with its own texts. The session has to be there, and the index in range. */
spectacles_session sp_record_session(const sp_record *record);
spectacles_gap sp_record_gap_at(const sp_record *record, size_t index);

/* The gap of which nothing is known. */
spectacles_gap sp_record_unknown(uint32_t shard_id, uint64_t time);

#endif
