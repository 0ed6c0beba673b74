#ifndef GATEWAY_FOLLOW_H
#define GATEWAY_FOLLOW_H

#include "log.h"
#include "settings.h"

#include <spectacles/gateway.h>

/* What follows settings that change. */
struct followers {
    struct log *log;
    spectacles_gateway *gateway; /* NULL: it is not there yet, and will be made with the settings */
};

/*
 * Follows what can be followed without a restart, and tells of each change what became of it.
 *
 * running: the settings that the daemon runs with; what is followed is copied into them.
 * fresh: settings that are right.
 */
void follow(const struct followers *followers, struct settings *running, const struct settings *fresh);

#endif
