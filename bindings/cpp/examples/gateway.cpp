// A gateway: shards of Discord in front of RabbitMQ. It prints each event as a line.
//
//     DISCORD_TOKEN=... GATEWAY_URL=wss://... AMQP_URL=amqp://... gateway SHARDS EVENT...
//
// After SIGTERM it stops in order. When Discord refuses every shard for good, it stops, and ends with status 1.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <spectacles/gateway.hpp>
#include <spectacles/routing.hpp>

#include "termination.hpp"

namespace
{

using event_type = spectacles::relay_event_type;

std::string setting(const char *name)
{
    const char *value = std::getenv(name);
    if (!value)
        throw std::runtime_error(std::string(name) + " is not set");
    return value;
}

spectacles::gateway_config settings(std::uint32_t shards, const std::vector<std::string> &events)
{
    std::uint64_t intents = SPECTACLES_INTENT_GUILDS;
    for (const std::string &event : events)
        intents |= spectacles::intents_for_event(event);
    spectacles::shard_config shard(setting("DISCORD_TOKEN"), setting("GATEWAY_URL"));
    shard.shard_count(shards).intents(intents);
    spectacles::relay_config relay;
    relay.allow(events).flags(SPECTACLES_RELAY_BROKERS_FIRST).timed();
    spectacles::gateway_config config(shard);
    config.relay(relay).broker(spectacles::broker_config(setting("AMQP_URL")));
    return config;
}

void print(spectacles::relay_event event)
{
    if (event.type() == event_type::shard_latency)
        return;
    std::cout << spectacles::name(event.type()) << ' ';
    if (event.is_of_broker())
        std::cout << (event.broker() == spectacles::relay_broker::events ? "events" : "commands");
    else
        std::cout << event.shard_id();
    std::cout << ' ' << event.describe() << std::endl;
}

/// Returns how many shards Discord has refused for good.
std::uint32_t serve(spectacles::gateway &gateway, std::uint32_t shards, const termination &signals)
{
    std::uint32_t fatal = 0;
    gateway.watcher().watch(signals.fd());
    while (!gateway.is_stopped()) {
        gateway.turn();
        if (gateway.watcher().is_readable(signals.fd())) {
            signals.take();
            gateway.stop();
        }
        for (auto event : gateway.events()) {
            print(event);
            if (event.type() == event_type::shard_fatal && ++fatal == shards)
                gateway.stop();
        }
    }
    return fatal;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::cerr << "usage: gateway SHARDS EVENT...\n";
        return 2;
    }
    try {
        const termination signals;
        const auto shards = static_cast<std::uint32_t>(std::stoul(argv[1]));
        spectacles::gateway gateway(settings(shards, std::vector<std::string>(argv + 2, argv + argc)));
        return serve(gateway, shards, signals) == shards ? 1 : 0;
    } catch (const std::exception &trouble) {
        std::cerr << trouble.what() << '\n';
        return 1;
    }
}
