#ifndef SP_STATE_RECORD_H
#define SP_STATE_RECORD_H

#include "core/ring.h"

#include <spectacles/relay.h>
#include <spectacles/shard.h>
#include <stdbool.h>

enum {
    SP_STATE_SESSION_ID_MAX = 255, /* bytes, without the NUL */
    SP_STATE_URL_MAX = 511
};

/* A gap that has not been declared yet. It owns its texts. */
typedef struct sp_record_gap {
    uint64_t seq;
    uint64_t next;
    uint64_t time;
    char *old_session_id; /* NULL: not known */
    char *new_session_id; /* NULL: there is no new session yet */
} sp_record_gap;

/* The session and the gaps of one shard. */
typedef struct sp_record {
    uint32_t shard_id;
    uint32_t shard_count;
    uint32_t format; /* enum spectacles_format; RAW: not known */
    uint64_t seq;
    uint64_t time;    /* when the record last changed: milliseconds since 1970 */
    char *session_id; /* NULL: there is no session */
    char *resume_url; /* NULL like session_id; empty: the gateway's own URL */
    sp_ring gaps;     /* of sp_record_gap */
} sp_record;

/* Makes a record without session and gaps, or frees it. NULL: memory ran out. sp_record_free(NULL) does nothing. */
sp_record *sp_record_new(uint32_t shard_id, uint32_t shard_count);
void sp_record_free(sp_record *record);

/* Whether a session id is 1 to 255 printable ASCII characters without spaces. */
bool sp_record_id_is_valid(const char *id);

/*
 * Copies a session into a record that has none. A resume URL that is not valid becomes empty. Returns 0, or:
 *   SPECTACLES_E_INVAL  the session's id or its format is not valid
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int sp_record_set_session(sp_record *record, const spectacles_session *session);

/* Adds a copy of a gap. Returns 0, SPECTACLES_E_INVAL when a session id is not valid, or SPECTACLES_E_NOMEM. */
int sp_record_add_gap(sp_record *record, const spectacles_gap *gap);

/* Adds the gap of sp_record_unknown(). Returns 0 or SPECTACLES_E_NOMEM. */
int sp_record_add_unknown(sp_record *record, uint64_t time);

/* Whether a record has neither a session nor gaps. */
bool sp_record_is_empty(const sp_record *record);

/* Whether two records are equal. Their times are not compared. */
bool sp_record_equals(const sp_record *one, const sp_record *other);

/* The session or a gap. Its texts belong to the record. The session has to exist, and the index has to be in range. */
spectacles_session sp_record_session(const sp_record *record);
spectacles_gap sp_record_gap_at(const sp_record *record, size_t index);

/* A gap whose sessions are not known. time: when it was noticed, in milliseconds since 1970; 0: not known. */
spectacles_gap sp_record_unknown(uint32_t shard_id, uint64_t time);

#endif
