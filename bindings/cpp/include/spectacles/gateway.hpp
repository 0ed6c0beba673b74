// spectacles/gateway.hpp - a whole Spectacles gateway behind one handle.
// What each function and setting means: gateway.h.
//
// SPDX-License-Identifier: MIT
//
// The loop of a program that has no other loop:
//
//     while (!gateway.is_stopped()) {
//         gateway.turn();
//         for (auto event : gateway.events())
//             ...
//     }
//
// In a loop of somebody else (epoll, libuv, Asio): watch fd() for reading. When it is readable, or deadline() has
// passed: process(), the events, and set the timer to deadline().
#pragma once

#include <spectacles/gateway.h>
#include <spectacles/poller.hpp>
#include <spectacles/relay.hpp>
#include <spectacles/state.hpp>

namespace spectacles
{

/// enum spectacles_gateway_bot_verdict
enum class gateway_bot_verdict : std::uint32_t {
    fine = SPECTACLES_GATEWAY_BOT_FINE,
    again = SPECTACLES_GATEWAY_BOT_AGAIN,
    token = SPECTACLES_GATEWAY_BOT_TOKEN
};

/// The name of a verdict, for logs: "FINE".
[[nodiscard]] inline std::string_view name(gateway_bot_verdict value) noexcept
{
    return spectacles_gateway_bot_verdict_name(static_cast<std::uint32_t>(value));
}

/// The answer of GET /gateway/bot, which the owner asks for with the HTTP that he has.
class gateway_bot
{
public:
    /// Whatever was answered ends in a verdict.
    gateway_bot(std::uint32_t status, bytes_view body, std::string_view retry_after = {}) noexcept
        : raw_(detail::empty(spectacles_gateway_bot_init))
    {
        spectacles_gateway_bot_read(&raw_, status, retry_after.data(), retry_after.size(), body.data(),
                                    body.size());
    }
    [[nodiscard]] const spectacles_gateway_bot &raw() const noexcept { return raw_; }
    [[nodiscard]] gateway_bot_verdict verdict() const noexcept
    {
        return static_cast<gateway_bot_verdict>(raw_.verdict);
    }
    [[nodiscard]] std::uint32_t shard_count() const noexcept { return raw_.shard_count; }
    [[nodiscard]] std::string_view url() const noexcept { return raw_.url; }
    /// What is wrong and what to do.
    [[nodiscard]] std::string_view text() const noexcept { return raw_.text; }
    [[nodiscard]] milliseconds wait() const noexcept { return detail::to_duration(raw_.wait); }

private:
    spectacles_gateway_bot raw_;
};

/// How a gateway is made. It looks names up by itself, unless resolves(false).
class gateway_config : public detail::settings<spectacles_gateway_config, spectacles_gateway_config_init>
{
public:
    explicit gateway_config(shard_config shards)
    {
        raw().shard = &keep(std::move(shards)).raw();
        raw().flags = SPECTACLES_GATEWAY_RESOLVES;
    }
    /// What is published or handed out, and how identifies are granted.
    gateway_config &relay(relay_config wanted)
    {
        raw().relay = &keep(std::move(wanted)).raw();
        return *this;
    }
    /// Events go to RabbitMQ. Without it the owner takes them.
    gateway_config &broker(broker_config wanted)
    {
        raw().broker = &keep(std::move(wanted)).raw();
        return *this;
    }
    gateway_config &link(link_config wanted)
    {
        raw().link = &keep(std::move(wanted)).raw();
        return *this;
    }
    gateway_config &broker_link(link_config wanted)
    {
        raw().broker_link = &keep(std::move(wanted)).raw();
        return *this;
    }
    gateway_config &poller(poller_config wanted)
    {
        raw().poller = &keep(std::move(wanted)).raw();
        return *this;
    }
    /// The shards of this process. Not called: all of them.
    gateway_config &shard_ids(std::vector<std::uint32_t> ids)
    {
        const auto &kept = keep(std::move(ids));
        raw().shard_ids = kept.data();
        raw().shard_id_count = kept.size();
        return *this;
    }
    /// It begins without shards: add_shard() adds them.
    gateway_config &no_shards()
    {
        raw().flags |= SPECTACLES_GATEWAY_NO_SHARDS;
        return *this;
    }
    /// The owner moves the bytes of each engine.
    gateway_config &no_links()
    {
        raw().flags |= SPECTACLES_GATEWAY_NO_LINKS;
        return resolves(false);
    }
    /// false: the owner answers wants_address().
    gateway_config &resolves(bool wanted)
    {
        const std::uint32_t others = raw().flags & ~static_cast<std::uint32_t>(SPECTACLES_GATEWAY_RESOLVES);
        raw().flags = wanted ? others | SPECTACLES_GATEWAY_RESOLVES : others;
        return *this;
    }
    /// The sessions and gaps of a former process. Not copied: it has to live until the gateway is made.
    gateway_config &state(const class state &former)
    {
        raw().state = former.get();
        return *this;
    }
};

/// Shards, relay, connections to RabbitMQ, links and poller behind one handle.
class gateway : public detail::speaking_handle<spectacles_gateway, spectacles_gateway_free,
                                               spectacles_gateway_last_error>
{
public:
    using event_type = relay_event;
    using events_type = detail::event_range<relay_event, spectacles_gateway, spectacles_gateway_next_event>;

    explicit gateway(const gateway_config &config)
        : speaking_handle(
              detail::make<spectacles_gateway>([&](spectacles_gateway **out, spectacles_problem *problem) {
                  return spectacles_gateway_new(out, &config.raw(), problem);
              }))
    {
    }

    // ---- The loop ----

    /// Waits until there is something to do or `until` has passed, and moves bytes. Pull the events after it. Blocks,
    /// for at most five seconds.
    void turn(time_point until = never)
    {
        wait(until);
        process();
    }
    [[nodiscard]] relay_event next_event(time_point now = clock::now()) noexcept
    {
        return relay_event(spectacles_gateway_next_event(get(), detail::to_raw(now)));
    }
    /// All events that there are now: `for (auto event : gateway.events())`. Any other call may be made meanwhile.
    [[nodiscard]] events_type events(time_point now = never) noexcept { return {get(), now}; }
    /// The descriptor that stands for all links; -1: there is none.
    [[nodiscard]] int fd() const noexcept { return spectacles_gateway_fd(get()); }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return detail::to_time(spectacles_gateway_deadline(get()));
    }
    /// The same for poll(2).
    [[nodiscard]] int timeout(time_point now = clock::now()) const noexcept
    {
        return spectacles_gateway_timeout(get(), detail::to_raw(now));
    }
    void wait(time_point until = never, time_point now = clock::now())
    {
        check(spectacles_gateway_wait(get(), detail::to_raw(until), detail::to_raw(now)));
    }
    void process(time_point now = clock::now())
    {
        check(spectacles_gateway_process(get(), detail::to_raw(now)));
    }
    /// For descriptors of the owner: the pipe of his signals.
    [[nodiscard]] poller_view watcher() const noexcept
    {
        return poller_view(spectacles_gateway_poller(get()));
    }
    /// A host name that needs addresses; nullptr: there are no more.
    [[nodiscard]] const char *wants_address(std::size_t index = 0) const noexcept
    {
        return spectacles_gateway_wants_address(get(), index);
    }
    void set_address(const std::string &host, std::string_view addresses)
    {
        check(spectacles_gateway_set_address(get(), host.c_str(), addresses.data(), addresses.size()));
    }
    void set_no_address(const std::string &host, std::string_view why = {}) noexcept
    {
        spectacles_gateway_set_no_address(get(), host.c_str(), why.data(), why.size());
    }
    void network_changed(time_point now = clock::now()) noexcept
    {
        spectacles_gateway_network_changed(get(), detail::to_raw(now));
    }
    /// How many descriptors it is going to open: for raise_descriptors().
    [[nodiscard]] std::size_t descriptors() const noexcept { return spectacles_gateway_descriptors(get()); }

    // ---- Messages and packets ----

    /// The work of a message is done. Without brokers alone.
    void acknowledge(std::uint64_t ticket) { check(spectacles_gateway_acknowledge(get(), ticket)); }
    /// Sends {"op": op, "d": d} within the rate limit. COMMAND_SENT or COMMAND_REJECTED names the ticket.
    std::uint64_t send(std::uint32_t shard_id, std::uint32_t op, bytes_view d)
    {
        std::uint64_t ticket = 0;
        check(spectacles_gateway_send(get(), shard_id, op, d.data(), d.size(), &ticket));
        return ticket;
    }

    // ---- Settings that change ----

    void set_presence(bytes_view d) { check(spectacles_gateway_set_presence(get(), d.data(), d.size())); }
    void set_shard_presence(std::uint32_t shard_id, bytes_view d)
    {
        check(spectacles_gateway_set_shard_presence(get(), shard_id, d.data(), d.size()));
    }
    void set_token(const std::string &token) { check(spectacles_gateway_set_token(get(), token.c_str())); }
    void set_tls(const tls &certificates) { check(spectacles_gateway_set_tls(get(), certificates.get())); }
    void set_broker_tls(const tls &certificates)
    {
        check(spectacles_gateway_set_broker_tls(get(), certificates.get()));
    }
    void set_broker_urls(const std::vector<std::string> &urls, time_point now = clock::now())
    {
        const auto pointers = detail::pointers_to(urls);
        check(
            spectacles_gateway_set_broker_urls(get(), pointers.data(), pointers.size(), detail::to_raw(now)));
    }
    void set_allow(const std::vector<std::string> &events, bool all = false)
    {
        const auto pointers = detail::pointers_to(events);
        check(spectacles_gateway_set_allow(get(), pointers.data(), pointers.size(), all ? 1 : 0));
    }
    void set_latency_budget(milliseconds time)
    {
        check(spectacles_gateway_set_latency_budget(get(), static_cast<std::uint32_t>(time.count())));
    }
    void set_limits(const gateway_bot &answer, time_point now = clock::now())
    {
        check(spectacles_gateway_set_limits(get(), &answer.raw(), detail::to_raw(now)));
    }
    void grant_identify(std::uint32_t shard_id, time_point now = clock::now())
    {
        check(spectacles_gateway_grant_identify(get(), shard_id, detail::to_raw(now)));
    }

    // ---- Shards that come and go ----

    /// session: to be resumed; nullptr when there is none.
    void add_shard(std::uint32_t shard_id, const class session *session = nullptr,
                   const std::vector<gap> &gaps = {})
    {
        const auto raw = detail::raw_gaps(gaps);
        const spectacles_session own = session ? session->raw() : detail::empty(spectacles_session_init);
        detail::check([&](spectacles_problem *problem) {
            return spectacles_gateway_add_shard(get(), shard_id, session ? &own : nullptr, raw.data(),
                                                raw.size(), problem);
        });
    }
    void add_stored_shard(std::uint32_t shard_id, const state &stored)
    {
        detail::check([&](spectacles_problem *problem) {
            return spectacles_gateway_add_stored_shard(get(), shard_id, stored.get(), problem);
        });
    }
    void remove_shard(std::uint32_t shard_id, std::uint32_t code = 0, time_point now = clock::now())
    {
        check(spectacles_gateway_remove_shard(get(), shard_id, code, detail::to_raw(now)));
    }
    void drop_shard(std::uint32_t shard_id) { check(spectacles_gateway_drop_shard(get(), shard_id)); }

    // ---- State ----

    /// Takes the present sessions and gaps. True: something has changed, and is to be stored.
    bool take_state(std::uint64_t now = unix_time())
    {
        return check(spectacles_gateway_take_state(get(), now)) == 1;
    }
    void write_state(bytes &out) const { check(spectacles_gateway_write_state(get(), out.get())); }
    /// A shard that was taken anew, each once. Empty: there are no more.
    [[nodiscard]] std::optional<std::uint32_t> next_changed() noexcept
    {
        std::uint32_t shard_id = 0;
        return spectacles_gateway_next_changed(get(), &shard_id) == 1 ? std::optional<std::uint32_t>(shard_id)
                                                                      : std::nullopt;
    }
    void write_shards(bytes &out, const std::vector<std::uint32_t> &shard_ids) const
    {
        check(spectacles_gateway_write_shards(get(), shard_ids.data(), shard_ids.size(), out.get()));
    }
    void session_stored(std::uint32_t shard_id, const std::string &session_id, std::uint64_t seq)
    {
        check(spectacles_gateway_session_stored(get(), shard_id, session_id.c_str(), seq));
    }
    /// What was written last is stored.
    void state_stored() noexcept { spectacles_gateway_state_stored(get()); }
    /// The session of a shard. Empty: there is none.
    [[nodiscard]] std::optional<class session> session(std::uint32_t shard_id) const
    {
        auto raw = detail::empty(spectacles_session_init);
        if (spectacles_gateway_session(get(), shard_id, &raw) < 0)
            return std::nullopt;
        return spectacles::session(raw);
    }
    /// The gaps of a shard that are not declared yet.
    [[nodiscard]] std::vector<gap> gaps(std::uint32_t shard_id) const
    {
        return detail::gaps_of([&](std::size_t index, spectacles_gap *out) {
            return spectacles_gateway_gap(get(), shard_id, index, out);
        });
    }

    // ---- Stopping ----

    /// Stops in order: go on until is_stopped(). code: 0 keeps the sessions.
    void stop(std::uint32_t code = 0, time_point now = clock::now())
    {
        check(spectacles_gateway_stop(get(), code, detail::to_raw(now)));
    }
    [[nodiscard]] bool is_stopped() const noexcept { return spectacles_gateway_stopped(get()) == 1; }

    // ---- Counters ----

    [[nodiscard]] spectacles_gateway_stats stats() const noexcept
    {
        auto out = detail::empty(spectacles_gateway_stats_init);
        spectacles_gateway_get_stats(get(), &out);
        return out;
    }
    /// Empty: there is no such shard.
    [[nodiscard]] std::optional<spectacles_gateway_shard_stats>
    shard_stats(std::uint32_t shard_id) const noexcept
    {
        auto out = detail::empty(spectacles_gateway_shard_stats_init);
        return spectacles_gateway_get_shard_stats(get(), shard_id, &out) < 0
                   ? std::nullopt
                   : std::optional<spectacles_gateway_shard_stats>(out);
    }
    /// How often dispatches of each name were received; "" for all names that had no room.
    [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> event_counts() const
    {
        return detail::counts_of<std::string, const char *>(
            [&](std::size_t index, const char **what, std::uint64_t *count) {
                return spectacles_gateway_event_count(get(), index, what, count);
            });
    }
    /// How often connections of shards have ended with each code.
    [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint64_t>> close_counts() const
    {
        return detail::counts_of<std::uint32_t, std::uint32_t>(
            [&](std::size_t index, std::uint32_t *what, std::uint64_t *count) {
                return spectacles_gateway_close_count(get(), index, what, count);
            });
    }

    // ---- The parts, borrowed: for functions of the C API ----

    [[nodiscard]] spectacles_relay *relay() const noexcept { return spectacles_gateway_relay(get()); }
    /// nullptr: it is not served here.
    [[nodiscard]] spectacles_shard *shard(std::uint32_t shard_id) const noexcept
    {
        return spectacles_gateway_shard(get(), shard_id);
    }
    [[nodiscard]] spectacles_broker *broker(relay_broker which) const noexcept
    {
        return spectacles_gateway_broker(get(), static_cast<std::uint32_t>(which));
    }
    /// The ids of all shards that are served, in order.
    [[nodiscard]] std::vector<std::uint32_t> shard_ids() const
    {
        std::size_t count = 0;
        spectacles_shard *const *shards = spectacles_gateway_shards(get(), &count);
        std::vector<std::uint32_t> made;
        made.reserve(count);
        for (std::size_t index = 0; index < count; ++index)
            made.push_back(spectacles_shard_id(shards[index]));
        return made;
    }
};

} // namespace spectacles
