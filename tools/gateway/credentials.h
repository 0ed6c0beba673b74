#ifndef GATEWAY_CREDENTIALS_H
#define GATEWAY_CREDENTIALS_H

#include "gateways.h"
#include "group.h"
#include "member.h"
#include "settings.h"

#include <spectacles/spectacles.h>

/* What logs in with credentials. */
struct credentials_users {
    struct gateways *gateways; /* none: they are not there yet, and will be made with the settings */
    struct group *group;       /* NULL: other processes are not looked for */
    struct member *member;     /* NULL: FLEET is off, or the gateway is not there yet */
};

/*
 * Hands the token, or the URLs, of settings that were read again to everybody who logs in with them. Each keeps its
 * connection, and logs in with the new ones next time.
 *
 * problem: on failure it says what is wrong.
 *
 * Returns 0, or an error of spectacles_gateway_set_token() or spectacles_broker_set_urls().
 */
int credentials_hand_token(const struct credentials_users *users, const struct settings *settings,
                           spectacles_problem *problem);
int credentials_hand_urls(const struct credentials_users *users, const struct settings *settings,
                          uint64_t now, spectacles_problem *problem);

/* Reads the certificates again, and hands them on likewise. Returns 0, or an error of engines_tls(). */
int credentials_hand_tls(const struct credentials_users *users, const struct settings *settings,
                         spectacles_problem *problem);

#endif
