// The events of one shard, with name and bytes, and without looking into them: `shard COUNT`.
#include <spectacles/connection.hpp>

#include "programs.hpp"

int main(int argc, char **argv)
{
    return run(argc, argv, [](const char *total) {
        using event_type = spectacles::shard_event_type;
        counter count(total);
        spectacles::shard_config config(setting("DISCORD_TOKEN"), setting("GATEWAY_URL"));
        config.compress(spectacles::compression::none);
        spectacles::connection<spectacles::shard> connection{spectacles::shard(config)};
        while (!count.is_done()) {
            connection.turn();
            for (auto event : connection->events())
                if (event.type() == event_type::dispatch && event.name() != "READY")
                    count.add(event.data().size());
                else if (event.type() == event_type::identify)
                    connection->identify();
        }
    });
}
