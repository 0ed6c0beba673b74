#ifndef SP_FLEET_MESSAGE_H
#define SP_FLEET_MESSAGE_H

#include "core/buffer.h"
#include "core/digest.h"

#include <stdbool.h>

/*
 * What members tell each other over the exchange of the fleet (doc/fleet-design.md): JSON objects that begin with the
 * version, the kind and the bot. Bytes from outside: every field is checked.
 */

enum {
    SP_FLEET_MESSAGE_VERSION = 1,
    SP_FLEET_MESSAGE_MAX = 32 * 1024 /* bytes */
};

enum sp_fleet_message {
    SP_FLEET_MESSAGE_HELLO, /* hello.h */
    SP_FLEET_MESSAGE_ASK,   /* turn.h: a member asks for an identify */
    SP_FLEET_MESSAGE_GRANT, /* turn.h: the leader grants it */
    SP_FLEET_MESSAGE_TOOK,  /* turn.h: the member has identified, or never will for this ask */
    SP_FLEET_MESSAGE_PLAN,  /* plan.h: who is to own what, by the leader */
    SP_FLEET_MESSAGE_WISH,  /* wish.h: a person wants something of the leader */
    SP_FLEET_MESSAGE_OTHER  /* a kind that this version does not know */
};

/*
 * Reads the head. object: receives the whole object, checked.
 *
 * Returns 0, or:
 *   SPECTACLES_E_UNSUPPORTED  a later version of the library wrote it
 *   SPECTACLES_E_AUTH         it is of another bot
 *   SPECTACLES_E_PROTO        it is no such message
 *   SPECTACLES_E_TOOBIG       it has more than SP_FLEET_MESSAGE_MAX bytes
 */
int sp_fleet_message_open(sp_slice bytes, const char *bot, enum sp_fleet_message *kind, sp_slice *object);

/* Writes the head in the place of what `out` held, without the brace at the end. The buffer remembers a failure. */
void sp_fleet_message_begin(sp_buffer *out, enum sp_fleet_message kind, const char *bot);

#endif
