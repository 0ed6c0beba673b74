// Waits for an event of a shard, for a message and for the reply to a call, and is cancelled in mid-flight by a
// descriptor that somebody else writes to; then each of them comes all the same.
#include <functional>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

#include <spectacles/connection.hpp>

#include "programs.hpp"

namespace
{

/// A wait of a connection, until the event comes or somebody else cancels it.
template <typename Engine>
class waiter
{
public:
    using wanted_type = std::function<bool(Engine &, typename Engine::event_type)>;

    waiter(Engine engine, wanted_type is_wanted)
        : cancel_(eventfd(0, EFD_CLOEXEC)), connection_(std::move(engine)), is_wanted_(std::move(is_wanted))
    {
        connection_.watcher().watch(cancel_);
    }
    waiter(const waiter &) = delete;
    waiter &operator=(const waiter &) = delete;
    ~waiter()
    {
        connection_.watcher().unwatch(cancel_);
        close(cancel_);
    }
    [[nodiscard]] Engine &engine() noexcept { return *connection_; }

    void until_ready()
    {
        while (connection_->state() != decltype(connection_->state())::ready)
            turn();
    }
    /// True: it was cancelled before the event came.
    bool is_cancelled()
    {
        std::thread other([this] { eventfd_write(cancel_, 1); });
        bool came = false, cancelled = false;
        while (!came && !cancelled) {
            came = turn();
            cancelled = connection_.watcher().is_readable(cancel_);
        }
        other.join();
        eventfd_t value;
        eventfd_read(cancel_, &value);
        return !came;
    }
    void until_it_comes()
    {
        while (!turn())
            if (connection_->is_final())
                throw std::runtime_error("the engine has ended");
    }

private:
    bool turn()
    {
        bool came = false;
        connection_.turn();
        for (auto event : connection_->events())
            came = is_wanted_(*connection_, event) || came;
        connection_.flush();
        return came;
    }

    int cancel_;
    spectacles::connection<Engine> connection_;
    wanted_type is_wanted_;
};

spectacles::broker broker()
{
    return spectacles::broker(spectacles::broker_config(setting("AMQP_URL")));
}

bool is_created(spectacles::shard &shard, spectacles::shard_event event)
{
    if (event.type() == spectacles::shard_event_type::identify)
        shard.identify();
    return event.name() == "MESSAGE_CREATE";
}

bool is_message(spectacles::broker &broker, spectacles::broker_event event)
{
    return event.type() == spectacles::broker_event_type::message && broker.ack(event.delivery());
}

bool is_reply(spectacles::broker &, spectacles::broker_event event)
{
    if (event.type() == spectacles::broker_event_type::call_failed)
        throw std::runtime_error(std::string(event.text()));
    return event.type() == spectacles::broker_event_type::reply && event.body() == "42";
}

} // namespace

int main(int argc, char **argv)
{
    return run(argc, argv, [](const char *) {
        spectacles::shard_config config(setting("DISCORD_TOKEN"), setting("GATEWAY_URL"));
        config.intents(SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MESSAGES);
        waiter<spectacles::shard> shard(spectacles::shard(config), is_created);
        waiter<spectacles::broker> worker(broker(), is_message), asker(broker(), is_reply);
        worker.engine().subscribe(spectacles::subscription("MESSAGE_CREATE"));
        asker.engine().call(spectacles::message("ASK", "42"), std::chrono::minutes(2));
        shard.until_ready();
        worker.until_ready();
        asker.until_ready();
        std::cout << "CANCELLED " << shard.is_cancelled() + worker.is_cancelled() + asker.is_cancelled()
                  << std::endl;
        shard.until_it_comes();
        worker.until_it_comes();
        asker.until_it_comes();
        std::cout << "ALIVE 3" << std::endl;
    });
}
