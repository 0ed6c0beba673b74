#ifndef GATEWAY_FLEET_HANDLE_H
#define GATEWAY_FLEET_HANDLE_H

#include "connection.h"
#include "proxies.h"
#include "settings.h"

#include <spectacles/spectacles.h>

/*
 * A fleet handle of the program (fleet.h), with its broker and the connection under it, made of the settings: for the
 * daemon, and for the command `fleet`. All zero is empty.
 */
struct fleet_handle {
    spectacles_broker *broker;
    struct connection *connection;
    spectacles_fleet *fleet;
    char name[SPECTACLES_FLEET_NAME_SIZE]; /* of the member */
};

/* What a fleet handle is made of. */
struct fleet_handle_parts {
    const struct settings *settings;
    const struct proxies *proxies;
    const char *member;   /* its name; NULL: FLEET_MEMBER, or the name of the host */
    uint32_t shard_count; /* of the whole bot */
};

/*
 * Makes a fleet handle. Nothing is connected.
 *
 * out: empty; free it with fleet_handle_end(), also after a failure.
 * problem: on failure, what is wrong and what to do.
 *
 * Returns 0, or an error of spectacles_fleet_new(), spectacles_broker_new(), spectacles_link_new() or
 * spectacles_tls_new().
 */
int fleet_handle_begin(struct fleet_handle *out, const struct fleet_handle_parts *parts,
                       spectacles_problem *problem);

/* Frees everything, and leaves it empty. */
void fleet_handle_end(struct fleet_handle *handle);

#endif
