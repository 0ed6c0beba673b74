#ifndef SP_STATE_RECORD_JSON_H
#define SP_STATE_RECORD_JSON_H

#include "core/buffer.h"
#include "state/record.h"

/* A record as members of a JSON object: in a line of a stored state, and in what a fleet stores. */

/* Appends the members, without the braces. The buffer remembers a failure. */
void sp_record_write(sp_buffer *out, const sp_record *record);

/*
 * Reads a record from an object, which sp_json_check() has checked. Members that are not known are ignored. Returns 0,
 * or:
 *   SPECTACLES_E_PROTO  a member is missing or malformed; *why says which
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int sp_record_read(sp_slice object, sp_record **out, const char **why);

#endif
