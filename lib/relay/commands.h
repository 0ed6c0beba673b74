#ifndef SP_RELAY_COMMANDS_H
#define SP_RELAY_COMMANDS_H

#include "relay/internal.h"

/* Workers -> Discord. */

/* Asks for the queues of all shards, and for that of gaps. */
int sp_relay_subscribe(spectacles_relay *relay);

/* Pulls the broker of commands. True when it did something. */
bool sp_relay_pull_commands(spectacles_relay *relay, uint64_t now);
uint64_t sp_relay_commands_deadline(const spectacles_relay *relay);

#endif
