#ifndef GATEWAY_HANDLE_H
#define GATEWAY_HANDLE_H

#include "proxies.h"
#include "settings.h"

#include <spectacles/spectacles.h>

/* What the gateway handle is made of, besides the settings. */
struct handle_parts {
    const struct proxies *proxies;
    const spectacles_gateway_bot *bot; /* the answer of GET /gateway/bot */
    const spectacles_state *state; /* the sessions of a former process; NULL: nothing is stored in a file */
    uint32_t shard_count;          /* of the whole bot */
    uint32_t flags;     /* of the relay, beside those of the settings: a mask of enum spectacles_relay_flag */
    size_t descriptors; /* that the other gateway handles of the process may open */
};

/*
 * Makes the gateway handle of the daemon, with everything that the settings say, and makes room for its descriptors.
 * Nothing is connected before spectacles_gateway_process().
 *
 * out: free it with spectacles_gateway_free(). Unchanged on failure.
 * problem: on failure, what is wrong and what to do.
 *
 * Returns 0 (SPECTACLES_OK), or an error of spectacles_gateway_new(), spectacles_tls_new() or
 * spectacles_raise_descriptors().
 */
int handle_new(spectacles_gateway **out, const struct settings *settings, const struct handle_parts *parts,
               spectacles_problem *problem);

/*
 * Sets the presence of the settings, or that of a bot which has none, while the gateway runs; for each shard by itself
 * when it names the shard. Returns 0, or an error of spectacles_gateway_set_presence().
 */
int handle_set_presence(spectacles_gateway *gateway, const struct settings *settings);

/*
 * Sets the presence of a shard that was added. Nothing has to be done when the presence does not name the shard: then
 * the gateway has it for all shards. Returns 0, or an error of spectacles_gateway_set_shard_presence().
 */
int handle_set_shard_presence(spectacles_gateway *gateway, const struct settings *settings,
                              uint32_t shard_id);

/* Whether both brokers of a gateway handle are READY. */
bool handle_brokers_are_ready(spectacles_gateway *gateway);

#endif
