// The messages of the queue bench:consume, each acknowledged: `consume COUNT`.
#include <spectacles/connection.hpp>

#include "programs.hpp"

int main(int argc, char **argv)
{
    return run(argc, argv, [](const char *total) {
        counter count(total);
        spectacles::broker_config config(setting("AMQP_URL"));
        config.group("bench").prefetch(1000);
        spectacles::connection<spectacles::broker> connection{spectacles::broker(config)};
        connection->subscribe(spectacles::subscription("consume"));
        while (!connection->is_final()) {
            connection.turn();
            for (auto event : connection->events())
                if (event.type() == spectacles::broker_event_type::message) {
                    count.add(event.body().size());
                    connection->ack(event.delivery());
                }
            if (count.is_done())
                connection->close();
        }
    });
}
