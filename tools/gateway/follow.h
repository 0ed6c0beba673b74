#ifndef GATEWAY_FOLLOW_H
#define GATEWAY_FOLLOW_H

#include "gateways.h"
#include "group.h"
#include "input.h"
#include "log.h"
#include "member.h"
#include "settings.h"
#include "store.h"

#include <spectacles/gateway.h>

/* What follows settings that change. */
struct followers {
    struct log *log;
    struct gateways *gateways; /* none: they are not there yet, and will be made with the settings */
    struct group *group;       /* NULL: other processes are not looked for */
    struct store *store;       /* NULL: nothing is stored */
    struct member *member;     /* NULL: FLEET is off, or the gateway is not there yet */
    uint64_t now;
};

/*
 * Reads the settings again, with the files of secrets and of certificates, and follows what can be followed without a
 * restart: it is handed to the part that it is for, and copied into the running settings. What became of each change is
 * told. When anything is wrong, that is told, and nothing changes.
 *
 * running: the settings that the daemon runs with.
 */
void follow_settings(const struct followers *followers, struct settings *running,
                     const struct settings_input *input);

#endif
