#ifndef SP_FLEET_TURN_H
#define SP_FLEET_TURN_H

#include "fleet/message.h"
#include "fleet/record.h"

/*
 * What is said about one identify: a member asks, the leader grants, the member has taken it. All three name the ask:
 * the member, its process (run), and a number that no other ask of that process has.
 */
typedef struct sp_fleet_turn {
    char member[SP_FLEET_MEMBER_MAX + 1];
    char run[SP_FLEET_NONCE_LENGTH + 1];
    uint64_t ask;
    uint32_t shard_id;
    uint32_t shard_count; /* of the set of the shard */
} sp_fleet_turn;

/* Reads a turn from the object of sp_fleet_message_open(). Returns 0 or SPECTACLES_E_PROTO. */
int sp_fleet_turn_read(sp_slice object, sp_fleet_turn *out);

/* Writes a turn in the place of what `out` held. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_fleet_turn_write(const sp_fleet_turn *turn, enum sp_fleet_message kind, const char *bot,
                        sp_buffer *out);

/* Whether two turns are about the same ask. */
bool sp_fleet_turn_equals(const sp_fleet_turn *one, const sp_fleet_turn *other);

#endif
