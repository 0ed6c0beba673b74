#ifndef SP_RELAY_COMMANDS_H
#define SP_RELAY_COMMANDS_H

#include "relay/internal.h"

/* From workers to Discord. */

/* Pulls the broker of commands. True when an event was pulled. */
bool sp_relay_pull_commands(spectacles_relay *relay, uint64_t now);
uint64_t sp_relay_commands_deadline(const spectacles_relay *relay);

#endif
