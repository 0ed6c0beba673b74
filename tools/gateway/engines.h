#ifndef GATEWAY_ENGINES_H
#define GATEWAY_ENGINES_H

#include "settings.h"

#include <spectacles/spectacles.h>

/*
 * The configurations of the library's engines, as the settings have them. Nothing is copied: the settings outlive the
 * call that takes the configurations.
 */
struct engines {
    spectacles_gateway_config gateway;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_link_config link;
    spectacles_poller_config poller;
    spectacles_fleet_config fleet; /* without its broker, its group and its token */
};

/*
 * Fills the configurations. What only Discord and the system know stays at its default: the gateway's URL, the number
 * of shards when it is 0, seeds and TLS.
 */
void engines_configure(struct engines *engines, const struct settings *settings);

/*
 * Has the library check the settings, one by one and then together: it makes engines, and frees them. What it refuses
 * is added to the problems. Nothing is connected.
 */
void engines_check(struct settings *settings, struct problems *problems);

/* How many descriptors a gateway with so many shards is going to open, as the library counts. 0: it cannot be known. */
size_t engines_descriptors(size_t shards);

/*
 * Reads the certificates of the settings, for links to Discord and to the broker.
 *
 * out: free it with spectacles_tls_free(). Unchanged on failure.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or an error of spectacles_tls_new().
 */
int engines_tls(spectacles_tls **out, const struct settings *settings, spectacles_problem *problem);

/* Whether RabbitMQ is connected to over TLS. */
bool engines_broker_wants_tls(const struct settings *settings);

/* As engines_tls(), for a link to the broker alone. out: unchanged too when no URL of the broker wants TLS. */
int engines_broker_tls(spectacles_tls **out, const struct settings *settings, spectacles_problem *problem);

#endif
