// Makes handles of every kind, and an event of each, and lets them go in changing orders: `handles COUNT`.
#include <thread>

#include <spectacles/spectacles.hpp>

#include "programs.hpp"

namespace
{

/// A handle of any kind.
class any_handle
{
public:
    template <typename Handle>
    explicit any_handle(Handle &&made)
        : handle_(std::make_shared<std::decay_t<Handle>>(std::forward<Handle>(made)))
    {
    }

private:
    std::shared_ptr<void> handle_;
};

using handles = std::vector<any_handle>;

spectacles::shard_config shard_config()
{
    return spectacles::shard_config(setting("DISCORD_TOKEN"), setting("GATEWAY_URL")).commits();
}

spectacles::broker broker()
{
    return spectacles::broker(spectacles::broker_config(setting("AMQP_URL")));
}

void add_engines(handles &all)
{
    spectacles::shard shard(shard_config());
    spectacles::broker consumer = broker();
    consumer.subscribe(spectacles::subscription("MESSAGE_CREATE"));
    if (!shard.next_event() || !consumer.next_event())
        throw std::runtime_error("an engine has no first event");
    spectacles::link one(shard.stream()), other(consumer.stream());
    spectacles::poller poller;
    poller.add(one, 1);
    poller.add(other, 2);
    poller.process();
    spectacles::resolver resolver;
    resolver.ask("localhost");
    all.emplace_back(std::move(shard));
    all.emplace_back(std::move(one));
    all.emplace_back(std::move(poller));
    all.emplace_back(std::move(consumer));
    all.emplace_back(std::move(other));
    all.emplace_back(std::move(resolver));
}

void add_relay(handles &all)
{
    spectacles::shard shard(shard_config());
    spectacles::broker events = broker(), commands = broker();
    spectacles::relay relay(spectacles::relay_config().shard_count(1).allow_all(), {shard}, &events,
                            &commands);
    if (!relay.next_event())
        throw std::runtime_error("a relay has no first event");
    spectacles::state state("a.bot.token", 1, 0);
    state.take(relay);
    all.emplace_back(std::move(events));
    all.emplace_back(std::move(relay));
    all.emplace_back(std::move(shard));
    all.emplace_back(std::move(state));
    all.emplace_back(std::move(commands));
}

void add_gateway(handles &all)
{
    spectacles::gateway gateway(spectacles::gateway_config(shard_config())
                                    .relay(spectacles::relay_config().allow({"MESSAGE_CREATE"})));
    gateway.process();
    if (!gateway.next_event())
        throw std::runtime_error("a gateway has no first event");
    spectacles::document document(R"({"a": [1, 2]})");
    spectacles::bytes bytes;
    document.root().write(bytes, spectacles::format::etf);
    all.emplace_back(std::move(gateway));
    all.emplace_back(spectacles::tls());
    all.emplace_back(std::move(document));
    all.emplace_back(std::move(bytes));
    all.emplace_back(spectacles::connection<spectacles::broker>(broker()));
}

/// Another order for each number.
void free_all(handles all, std::size_t number)
{
    while (!all.empty()) {
        std::size_t index = number % all.size();
        std::swap(all[index], all.back());
        all.pop_back();
        number = number / (all.size() + 1) + number % 7;
    }
}

} // namespace

int main(int argc, char **argv)
{
    return run(argc, argv, [](const char *count) {
        for (std::size_t number = 0; number < std::stoul(count); ++number) {
            handles all;
            add_engines(all);
            add_relay(all);
            add_gateway(all);
            // On the thread that made them, and on another one.
            if (number % 2 == 0)
                free_all(std::move(all), number);
            else
                std::thread(free_all, std::move(all), number).join();
        }
        std::cout << "FREED " << count << std::endl;
    });
}
