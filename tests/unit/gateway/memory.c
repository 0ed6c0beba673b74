#include "memory.h"

#include "shard/peer.h"

spectacles_gateway *memory_gateway(uint32_t shard_count, uint32_t flags)
{
    spectacles_gateway *gateway = NULL;
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_relay_config relay;
    peer_config(&shard);
    shard.shard_count = shard_count;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow_all = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_NO_LINKS | flags;
    config.shard = &shard;
    config.relay = &relay;
    assert_int_equal(spectacles_gateway_new(&gateway, &config, NULL), SPECTACLES_OK);
    return gateway;
}

int memory_pull(spectacles_gateway *gateway, uint64_t now, uint32_t type)
{
    int found = 0;
    const spectacles_relay_event *event;
    while ((event = spectacles_gateway_next_event(gateway, now)))
        found += event->type == type;
    return found;
}
