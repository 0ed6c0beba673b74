#ifndef SP_FLEET_WISH_H
#define SP_FLEET_WISH_H

#include "fleet/message.h"
#include "fleet/record.h"

enum sp_fleet_wish_kind {
    SP_FLEET_WISH_MOVE,    /* a slot with a member */
    SP_FLEET_WISH_RESHARD, /* another number of shards */
    SP_FLEET_WISH_GIVE_UP  /* not that number any more */
};

/* What a person wants of the leader. */
typedef struct sp_fleet_wish {
    enum sp_fleet_wish_kind kind;
    uint32_t shard_count; /* RESHARD */
    /* MOVE */
    char set[SP_FLEET_SET_MAX + 1];
    uint32_t slot;
    char member[SP_FLEET_MEMBER_MAX + 1]; /* empty: wherever the plan wants it */
} sp_fleet_wish;

/* Reads a wish from the object of sp_fleet_message_open(). Returns 0 or SPECTACLES_E_PROTO. */
int sp_fleet_wish_read(sp_slice object, sp_fleet_wish *out);

/* Writes a wish in the place of what `out` held. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_fleet_wish_write(const sp_fleet_wish *wish, const char *bot, sp_buffer *out);

#endif
