/* What a person wants of the leader, as JSON. Called by talk.c, which hears it, and by fleet.c, which says it. */
#include "fleet/wish.h"

#include "codec/fields.h"

static bool read_move(sp_slice object, sp_fleet_wish *wish)
{
    uint64_t slot;
    if (!sp_field_text(object, "set", wish->set, sizeof wish->set) || !sp_field_u64(object, "slot", &slot) ||
        slot > UINT32_MAX || !sp_field_text(object, "member", wish->member, sizeof wish->member) ||
        (wish->member[0] && !sp_fleet_member_is_valid(wish->member)))
        return false;
    wish->kind = SP_FLEET_WISH_MOVE;
    wish->slot = (uint32_t)slot;
    return true;
}

/* A wish for a number of shards; 0: for none any more. */
static bool read_reshard(sp_slice object, sp_fleet_wish *wish)
{
    uint64_t shard_count;
    if (!sp_field_u64(object, "shards", &shard_count) || shard_count > UINT32_MAX)
        return false;
    wish->kind = shard_count > 0 ? SP_FLEET_WISH_RESHARD : SP_FLEET_WISH_GIVE_UP;
    wish->shard_count = (uint32_t)shard_count;
    return true;
}

int sp_fleet_wish_read(sp_slice object, sp_fleet_wish *out)
{
    sp_fleet_wish wish = {.slot = 0};
    if (!read_reshard(object, &wish) && !read_move(object, &wish))
        return SPECTACLES_E_PROTO;
    *out = wish;
    return SPECTACLES_OK;
}

int sp_fleet_wish_write(const sp_fleet_wish *wish, const char *bot, sp_buffer *out)
{
    sp_fleet_message_begin(out, SP_FLEET_MESSAGE_WISH, bot);
    if (wish->kind == SP_FLEET_WISH_MOVE) {
        sp_field_write_text(out, ",\"set\":", wish->set);
        sp_field_write_number(out, ",\"slot\":", wish->slot);
        sp_field_write_text(out, ",\"member\":", wish->member);
    } else {
        sp_field_write_number(out,
                              ",\"shards\":", wish->kind == SP_FLEET_WISH_RESHARD ? wish->shard_count : 0);
    }
    sp_buffer_text(out, "}");
    return sp_buffer_failed(out);
}
