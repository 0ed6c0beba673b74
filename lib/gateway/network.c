/*
 * What a gateway needs of its machine: descriptors, and word of changes of the network, after which engines that could
 * not reach their peer try again at once. Called by gateway.c and by owners.
 */
#include "gateway/network.h"

#include "core/config.h"
#include "core/export.h"
#include "net/network.h"

enum {
    /*
     * Descriptors of lookups, of addresses that race, and of connections that are made before the old ones are closed.
     */
    SPARE = 24
};

SPECTACLES_EXPORT size_t spectacles_gateway_descriptors(const spectacles_gateway *gateway)
{
    size_t links = gateway->shard_count;
    for (size_t i = 0; i < sizeof gateway->brokers / sizeof gateway->brokers[0]; i++)
        links += gateway->brokers[i] != NULL;
    return gateway->has_links ? links + SPARE : 0;
}

int sp_gateway_watch_network(spectacles_gateway *gateway, spectacles_problem *problem)
{
    gateway->network_fd = gateway->resolves ? sp_network_watch() : -1;
    /* Without it the engines try again by themselves, a few seconds later. */
    if (gateway->network_fd < 0)
        return SPECTACLES_OK;
    int error = spectacles_poller_watch(gateway->poller, gateway->network_fd);
    return error == SPECTACLES_OK ? error
                                  : sp_refuse(problem, error, spectacles_poller_last_error(gateway->poller));
}

void sp_gateway_unwatch_network(spectacles_gateway *gateway)
{
    if (!gateway->poller || gateway->network_fd < 0)
        return;
    spectacles_poller_unwatch(gateway->poller, gateway->network_fd);
    sp_network_close(gateway->network_fd);
}

void sp_gateway_follow_network(spectacles_gateway *gateway, uint64_t now)
{
    if (gateway->network_fd >= 0 && spectacles_poller_is_readable(gateway->poller, gateway->network_fd) &&
        sp_network_has_changed(gateway->network_fd))
        spectacles_gateway_network_changed(gateway, now);
}

SPECTACLES_EXPORT void spectacles_gateway_network_changed(spectacles_gateway *gateway, uint64_t now)
{
    for (size_t i = 0; i < gateway->shard_count; i++)
        spectacles_shard_network_changed(gateway->shards[i], now);
    for (size_t i = 0; i < sizeof gateway->brokers / sizeof gateway->brokers[0]; i++) {
        if (gateway->brokers[i])
            spectacles_broker_network_changed(gateway->brokers[i], now);
    }
}
