/* What a person wants of the leader, as JSON. Called by talk.c, which hears it, and by fleet.c, which says it. */
#include "fleet/wish.h"

#include "codec/fields.h"

int sp_fleet_wish_read(sp_slice object, sp_fleet_wish *out)
{
    sp_fleet_wish wish;
    uint64_t slot;
    if (!sp_field_text(object, "set", wish.set, sizeof wish.set) || !sp_field_u64(object, "slot", &slot) ||
        slot > UINT32_MAX || !sp_field_text(object, "member", wish.member, sizeof wish.member) ||
        (wish.member[0] && !sp_fleet_member_is_valid(wish.member)))
        return SPECTACLES_E_PROTO;
    wish.slot = (uint32_t)slot;
    *out = wish;
    return SPECTACLES_OK;
}

int sp_fleet_wish_write(const sp_fleet_wish *wish, const char *bot, sp_buffer *out)
{
    sp_fleet_message_begin(out, SP_FLEET_MESSAGE_WISH, bot);
    sp_field_write_text(out, ",\"set\":", wish->set);
    sp_field_write_number(out, ",\"slot\":", wish->slot);
    sp_field_write_text(out, ",\"member\":", wish->member);
    sp_buffer_text(out, "}");
    return sp_buffer_failed(out);
}
