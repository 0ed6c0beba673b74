// A worker: it consumes events and gap records, prints each as a line, and leaves copies out. When a message is
// "!members", it asks Discord for the members of the guild, by a SEND.
//
//     AMQP_URL=amqp://... worker EVENT...
//
// What it has printed, it acknowledges; what asked for a SEND, once RabbitMQ has confirmed the SEND. After SIGTERM it
// takes no more, and ends when everything is confirmed.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <spectacles/connection.hpp>
#include <spectacles/copies.hpp>
#include <spectacles/document.hpp>
#include <spectacles/routing.hpp>

#include "termination.hpp"

namespace
{

using spectacles::broker_event;
using event_type = spectacles::broker_event_type;

class worker
{
public:
    explicit worker(spectacles::broker &broker) : broker_(broker) {}

    void on_event(broker_event event)
    {
        switch (event.type()) {
        case event_type::ready:
            std::cerr << "connected to " << event.text() << '\n';
            std::cout << "READY" << std::endl;
            break;
        case event_type::message:
            on_message(event);
            break;
        case event_type::returned:
        case event_type::failed:
            std::cerr << "a SEND reached nobody: " << event.text() << '\n';
            on_answer(event.tag());
            break;
        case event_type::confirmed:
            on_answer(event.tag());
            break;
        case event_type::disconnected:
        case event_type::unsubscribed:
            std::cerr << event.queue() << ' ' << event.text() << '\n';
            break;
        default:
            break;
        }
    }

private:
    void on_message(broker_event event)
    {
        const auto mark = copies_.mark(event);
        if (copies_.leave_out(mark)) {
            broker_.ack(event.delivery());
            return;
        }
        const auto id = event.message_id().empty() ? "-" : event.message_id();
        std::cout << "EVENT " << spectacles::printable(event.key()) << ' ' << spectacles::printable(id) << ' '
                  << event.body().text() << std::endl;
        copies_.add(mark);
        if (!ask_for_members(event))
            broker_.ack(event.delivery());
    }

    /// False: the message does not ask for the members of its guild.
    bool ask_for_members(broker_event event)
    {
        if (event.key() != "MESSAGE_CREATE")
            return false;
        const auto message = document_.parse(event.body());
        const auto guild = message["guild_id"].snowflake();
        if (!guild || message["content"].text().substr(0, 8) != "!members")
            return false;
        const auto request = spectacles::members_request(*guild).nonce(message["id"].text()).write();
        const auto body =
            spectacles::send_body(*guild, R"({"op":8,"d":)" + std::string(request.text()) + "}");
        // Mandatory: where no gateway runs, the SEND comes back.
        const auto tag = broker_.publish(
            spectacles::message(spectacles::send_key(), body).encoding(spectacles::format::json).mandatory());
        asked_.emplace(tag, event.delivery());
        return true;
    }

    /// RabbitMQ has the SEND, or nobody takes it: either way it is not asked again.
    void on_answer(std::uint64_t tag)
    {
        if (const auto asked = asked_.find(tag); asked != asked_.end()) {
            broker_.ack(asked->second);
            asked_.erase(asked);
        }
    }

    spectacles::broker &broker_;
    spectacles::document document_;
    spectacles::copies copies_;
    std::unordered_map<std::uint64_t, std::uint64_t>
        asked_; // the SENDs that are not confirmed, and who asked for each
};

void work(const std::string &url, const std::vector<std::string> &events, const termination &signals)
{
    spectacles::connection<spectacles::broker> connection(spectacles::broker{spectacles::broker_config(url)});
    std::vector<std::uint32_t> subscriptions;
    for (const std::string &event : events)
        subscriptions.push_back(connection->subscribe(spectacles::subscription(event)));
    worker self(*connection);
    connection.watcher().watch(signals.fd());
    while (!connection->is_final()) {
        connection.turn();
        if (connection.watcher().is_readable(signals.fd())) {
            signals.take();
            for (const std::uint32_t subscription : subscriptions)
                connection->unsubscribe(subscription);
            connection->close();
        }
        for (auto event : connection->events())
            self.on_event(event);
    }
}

} // namespace

int main(int argc, char **argv)
{
    try {
        const char *url = std::getenv("AMQP_URL");
        if (!url)
            throw std::runtime_error("AMQP_URL is not set");
        const termination signals;
        work(url, std::vector<std::string>(argv + 1, argv + argc), signals);
        return 0;
    } catch (const std::exception &trouble) {
        std::cerr << trouble.what() << '\n';
        return 1;
    }
}
