#ifndef SP_FLEET_RECORD_H
#define SP_FLEET_RECORD_H

#include "core/buffer.h"
#include "core/digest.h"
#include "fleet/content.h"

/*
 * One message in the queue of a slot, as JSON (doc/fleet-design.md). Bytes from outside: every field is checked.
 */

enum {
    SP_FLEET_RECORD_VERSION = 1,
    SP_FLEET_RECORD_MAX = 256 * 1024, /* bytes */
    SP_FLEET_SET_MAX = 31,            /* characters, without the NUL */
    SP_FLEET_MEMBER_MAX = 63,
    SP_FLEET_NONCE_LENGTH = 16
};

enum sp_fleet_kind {
    SP_FLEET_CLAIM,   /* says who wants the slot, and nothing of its content */
    SP_FLEET_OWNED,   /* the content, by its owner */
    SP_FLEET_RELEASED /* likewise; the owner has left, and nobody before it may identify any more either */
};

/* Whose record it is. */
typedef struct sp_fleet_place {
    char bot[SP_DIGEST_TEXT_LENGTH + 1]; /* the hash of the token */
    char set[SP_FLEET_SET_MAX + 1];      /* "<shard count>-<generation>"; "control" for the control queue */
    uint32_t slot;
} sp_fleet_place;

typedef struct sp_fleet_record {
    enum sp_fleet_kind kind;
    sp_fleet_version version;
    char owner[SP_FLEET_MEMBER_MAX + 1];
    char nonce[SP_FLEET_NONCE_LENGTH + 1]; /* one for each claim: tells the terms of two owners apart */
    uint64_t time;                         /* milliseconds since 1970; for people: no decision rests on it */
    sp_fleet_content content;
} sp_fleet_record;

/* Frees the content. */
void sp_fleet_record_free(sp_fleet_record *record);

/*
 * Reads a record, which has to be of this place.
 *
 * out: to be freed with sp_fleet_record_free(). Unchanged on failure.
 * problem: may be NULL.
 *
 * Returns 0, or, and then whoever reads it may not overwrite it:
 *   SPECTACLES_E_UNSUPPORTED  a later version of the library wrote it
 *   SPECTACLES_E_AUTH         it is of another bot
 *   SPECTACLES_E_PROTO        it is no record of this place
 *   SPECTACLES_E_TOOBIG       it has more than SP_FLEET_RECORD_MAX bytes
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int sp_fleet_record_read(sp_slice bytes, const sp_fleet_place *place, sp_fleet_record *out,
                         spectacles_problem *problem);

/*
 * Writes a record in the place of what `out` held. A claim has no content.
 *
 * Returns 0, SPECTACLES_E_NOMEM, or SPECTACLES_E_TOOBIG.
 */
int sp_fleet_record_write(const sp_fleet_record *record, const sp_fleet_place *place, sp_buffer *out);

/* Whether a text can be the name of a member: 1 to SP_FLEET_MEMBER_MAX printable ASCII characters, no spaces. */
bool sp_fleet_member_is_valid(const char *name);

#endif
