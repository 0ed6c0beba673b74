#ifndef GATEWAY_FLEET_H
#define GATEWAY_FLEET_H

#include "arguments.h"
#include "settings.h"

#include <stdio.h>

/* What `spectacles-gateway fleet` works with. */
struct fleet_command {
    const struct arguments *arguments;
    const struct settings *settings; /* read and checked */
    FILE *out;
};

/*
 * Shows the fleet, or tells its leader what a person wants. It connects to RabbitMQ as the members do, and is no member
 * itself. Blocks: see fleet_watch.h and fleet_move.h. What is wrong is added to the problems.
 */
void fleet_run(const struct fleet_command *command, struct problems *problems);

#endif
