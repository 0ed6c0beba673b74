/* An identify that is asked for, granted and taken, as JSON. Called by whoever sends and receives such messages. */
#include "fleet/turn.h"

#include "codec/fields.h"

#include <string.h>

int sp_fleet_turn_read(sp_slice object, sp_fleet_turn *out)
{
    sp_fleet_turn turn;
    uint64_t shard_id;
    uint64_t shard_count;
    if (!sp_field_text(object, "member", turn.member, sizeof turn.member) ||
        !sp_fleet_member_is_valid(turn.member) || !sp_field_text(object, "run", turn.run, sizeof turn.run) ||
        !sp_field_u64(object, "ask", &turn.ask) || !sp_field_u64(object, "shard", &shard_id) ||
        shard_id > UINT32_MAX || !sp_field_u64(object, "shards", &shard_count) || shard_count > UINT32_MAX)
        return SPECTACLES_E_PROTO;
    turn.shard_id = (uint32_t)shard_id;
    turn.shard_count = (uint32_t)shard_count;
    *out = turn;
    return SPECTACLES_OK;
}

int sp_fleet_turn_write(const sp_fleet_turn *turn, enum sp_fleet_message kind, const char *bot,
                        sp_buffer *out)
{
    sp_fleet_message_begin(out, kind, bot);
    sp_field_write_text(out, ",\"member\":", turn->member);
    sp_field_write_text(out, ",\"run\":", turn->run);
    sp_field_write_number(out, ",\"ask\":", turn->ask);
    sp_field_write_number(out, ",\"shard\":", turn->shard_id);
    sp_field_write_number(out, ",\"shards\":", turn->shard_count);
    sp_buffer_text(out, "}");
    return sp_buffer_failed(out);
}

bool sp_fleet_turn_equals(const sp_fleet_turn *one, const sp_fleet_turn *other)
{
    return one->ask == other->ask && one->shard_id == other->shard_id &&
           one->shard_count == other->shard_count && strcmp(one->run, other->run) == 0 &&
           strcmp(one->member, other->member) == 0;
}
