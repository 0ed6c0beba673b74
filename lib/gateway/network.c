/*
 * Changes of the network of this machine: engines that could not reach their peer try again at once. Called by
 * gateway.c, and by owners that hear of changes by themselves.
 */
#include "gateway/network.h"

#include "core/config.h"
#include "core/export.h"
#include "net/network.h"

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
