// spectacles/relay.hpp - shards and brokers joined to a Spectacles gateway.
// What each function and event means: relay.h.
//
// SPDX-License-Identifier: MIT
//
// Most programs want a gateway (gateway.hpp), which makes the engines, the relay and the links by itself.
#pragma once

#include <functional>

#include <spectacles/broker.hpp>
#include <spectacles/relay.h>
#include <spectacles/shard.hpp>

namespace spectacles
{

/// enum spectacles_relay_event_type
enum class relay_event_type : std::uint32_t {
    shard_connecting = SPECTACLES_RELAY_EVENT_SHARD_CONNECTING,
    shard_identifying = SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING,
    shard_ready = SPECTACLES_RELAY_EVENT_SHARD_READY,
    shard_resumed = SPECTACLES_RELAY_EVENT_SHARD_RESUMED,
    shard_disconnected = SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED,
    shard_gap = SPECTACLES_RELAY_EVENT_SHARD_GAP,
    shard_closed = SPECTACLES_RELAY_EVENT_SHARD_CLOSED,
    shard_fatal = SPECTACLES_RELAY_EVENT_SHARD_FATAL,
    shard_latency = SPECTACLES_RELAY_EVENT_SHARD_LATENCY,
    shard_late = SPECTACLES_RELAY_EVENT_SHARD_LATE,
    shard_plain = SPECTACLES_RELAY_EVENT_SHARD_PLAIN,
    shard_wants_identify = SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY,
    shard_removed = SPECTACLES_RELAY_EVENT_SHARD_REMOVED,
    broker_connecting = SPECTACLES_RELAY_EVENT_BROKER_CONNECTING,
    broker_ready = SPECTACLES_RELAY_EVENT_BROKER_READY,
    broker_disconnected = SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED,
    broker_blocked = SPECTACLES_RELAY_EVENT_BROKER_BLOCKED,
    broker_unblocked = SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED,
    broker_closed = SPECTACLES_RELAY_EVENT_BROKER_CLOSED,
    subscribed = SPECTACLES_RELAY_EVENT_SUBSCRIBED,
    unsubscribed = SPECTACLES_RELAY_EVENT_UNSUBSCRIBED,
    publish_failed = SPECTACLES_RELAY_EVENT_PUBLISH_FAILED,
    unroutable = SPECTACLES_RELAY_EVENT_UNROUTABLE,
    command_routed = SPECTACLES_RELAY_EVENT_COMMAND_ROUTED,
    command_sent = SPECTACLES_RELAY_EVENT_COMMAND_SENT,
    command_rejected = SPECTACLES_RELAY_EVENT_COMMAND_REJECTED,
    identify_limit = SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT,
    rate_limited = SPECTACLES_RELAY_EVENT_RATE_LIMITED,
    command_limited = SPECTACLES_RELAY_EVENT_COMMAND_LIMITED,
    message = SPECTACLES_RELAY_EVENT_MESSAGE
};

/// enum spectacles_relay_broker
enum class relay_broker : std::uint32_t {
    events = SPECTACLES_RELAY_EVENTS,
    commands = SPECTACLES_RELAY_COMMANDS
};

/// The name of a type, for logs: "SHARD_READY".
[[nodiscard]] inline std::string_view name(relay_event_type value) noexcept
{
    return spectacles_relay_event_type_name(static_cast<std::uint32_t>(value));
}

/// Dispatches of a shard that will never come, with texts of its own.
class gap
{
public:
    explicit gap(std::uint32_t shard) : shard_id(shard) {}
    explicit gap(const spectacles_gap &raw)
        : shard_id(raw.shard_id), seq(raw.seq), next(raw.next), unix_time(raw.unix_time)
    {
        if (raw.old_session_id)
            old_session_id = raw.old_session_id;
        if (raw.new_session_id)
            new_session_id = raw.new_session_id;
    }
    /// As C wants it. Its texts are those of this object.
    [[nodiscard]] spectacles_gap raw() const noexcept
    {
        auto made = detail::empty(spectacles_gap_init);
        made.shard_id = shard_id;
        made.seq = seq;
        made.next = next;
        made.unix_time = unix_time;
        made.old_session_id = old_session_id ? old_session_id->c_str() : nullptr;
        made.new_session_id = new_session_id ? new_session_id->c_str() : nullptr;
        return made;
    }

    std::uint32_t shard_id;
    std::uint64_t seq = 0;
    std::uint64_t next = 0;
    std::uint64_t unix_time = 0;
    std::optional<std::string> old_session_id;
    std::optional<std::string> new_session_id;
};

namespace detail
{

[[nodiscard]] inline std::vector<spectacles_gap> raw_gaps(const std::vector<gap> &gaps)
{
    std::vector<spectacles_gap> made;
    made.reserve(gaps.size());
    for (const gap &each : gaps)
        made.push_back(each.raw());
    return made;
}

/// All gaps that ask(index, out) gives.
template <typename Ask>
[[nodiscard]] std::vector<gap> gaps_of(Ask ask)
{
    std::vector<gap> made;
    auto raw = empty(spectacles_gap_init);
    for (std::size_t index = 0; ask(index, &raw) == 1; ++index)
        made.emplace_back(raw);
    return made;
}

/// All counts that ask(index, what, count) gives.
template <typename What, typename Raw, typename Ask>
[[nodiscard]] std::vector<std::pair<What, std::uint64_t>> counts_of(Ask ask)
{
    std::vector<std::pair<What, std::uint64_t>> made;
    Raw what{};
    std::uint64_t count = 0;
    for (std::size_t index = 0; ask(index, &what, &count) == 1; ++index)
        made.emplace_back(What(what), count);
    return made;
}

[[nodiscard]] inline std::vector<const char *> pointers_to(const std::vector<std::string> &texts)
{
    std::vector<const char *> made;
    made.reserve(texts.size());
    for (const std::string &text : texts)
        made.push_back(text.c_str());
    return made;
}

} // namespace detail

/// What a relay or a gateway tells. Which fields an event has stands at its type in relay.h; others are 0 or empty.
class relay_event : public detail::event_base<spectacles_relay_event>
{
public:
    using event_base::event_base;
    [[nodiscard]] relay_event_type type() const noexcept
    {
        return static_cast<relay_event_type>(event_->type);
    }
    [[nodiscard]] std::uint32_t shard_id() const noexcept { return event_->shard_id; }
    [[nodiscard]] relay_broker broker() const noexcept { return static_cast<relay_broker>(event_->broker); }
    /// Whether the event is about one of the two brokers.
    [[nodiscard]] bool is_of_broker() const noexcept
    {
        return type() >= relay_event_type::broker_connecting && type() <= relay_event_type::broker_closed;
    }
    [[nodiscard]] std::uint32_t code() const noexcept { return event_->code; }
    [[nodiscard]] std::error_code error() const noexcept { return static_cast<errc>(event_->error); }
    [[nodiscard]] std::uint32_t op() const noexcept { return event_->op; }
    [[nodiscard]] std::uint64_t seq() const noexcept { return event_->seq; }
    [[nodiscard]] milliseconds duration() const noexcept { return detail::to_duration(event_->duration); }
    [[nodiscard]] time_point until() const noexcept { return detail::to_time(event_->until); }
    [[nodiscard]] std::optional<time_point> hold_until() const noexcept
    {
        return event_->hold_until ? std::optional<time_point>(detail::to_time(event_->hold_until))
                                  : std::nullopt;
    }
    [[nodiscard]] std::uint64_t unix_time() const noexcept { return event_->unix_time; }
    [[nodiscard]] std::string_view name() const noexcept { return {event_->name, event_->name_length}; }
    [[nodiscard]] std::string_view text() const noexcept { return {event_->text, event_->text_length}; }
    [[nodiscard]] std::string_view session_id() const noexcept
    {
        return {event_->session_id, event_->session_id_length};
    }
    [[nodiscard]] std::string_view old_session_id() const noexcept
    {
        return {event_->old_session_id, event_->old_session_id_length};
    }
    [[nodiscard]] std::uint64_t ticket() const noexcept { return event_->ticket; }
    [[nodiscard]] bytes_view body() const noexcept { return {event_->body, event_->body_length}; }
    [[nodiscard]] std::string_view message_id() const noexcept
    {
        return {event_->message_id, event_->message_id_length};
    }
    [[nodiscard]] enum format format() const noexcept { return static_cast<enum format>(event_->format); }
    [[nodiscard]] std::uint32_t shard_count() const noexcept { return event_->shard_count; }
    /// A line for a log: "shard 0/2 ready, session 8e6c11...".
    [[nodiscard]] std::string describe(time_point now = clock::now()) const
    {
        std::string out(SPECTACLES_RELAY_LINE_SIZE, '\0');
        out.resize(spectacles_relay_event_describe(out.data(), out.size(), event_, detail::to_raw(now)));
        return out;
    }
};

/// How a relay is made. What a gateway makes by itself (engines, gaps) is for relay alone.
class relay_config : public detail::settings<spectacles_relay_config, spectacles_relay_config_init>
{
public:
    /// The events that are published, or handed out.
    relay_config &allow(const std::vector<std::string> &events)
    {
        const auto &kept = keep_texts(events);
        raw().allow = kept.data();
        raw().allow_count = kept.size();
        return *this;
    }
    relay_config &allow_all()
    {
        raw().allow_all = 1;
        return *this;
    }
    relay_config &shard_count(std::uint32_t count)
    {
        raw().shard_count = count;
        return *this;
    }
    relay_config &max_concurrency(std::uint32_t number)
    {
        raw().max_concurrency = number;
        return *this;
    }
    /// A mask of enum spectacles_relay_flag, added to what is there.
    relay_config &flags(std::uint32_t mask)
    {
        raw().flags |= mask;
        return *this;
    }
    /// Gaps have a time: by the clock of the day as it is now.
    relay_config &timed()
    {
        raw().unix_offset = spectacles_unix_time() - spectacles_now();
        return *this;
    }
    relay_config &gaps(const std::vector<gap> &former)
    {
        const auto &kept = keep(detail::raw_gaps(keep(std::vector<gap>(former))));
        raw().gaps = kept.data();
        raw().gap_count = kept.size();
        return *this;
    }
    /// Ops that workers may send besides the usual ones.
    relay_config &more_ops(std::vector<std::uint32_t> ops)
    {
        const auto &kept = keep(std::move(ops));
        raw().more_ops = kept.data();
        raw().more_op_count = kept.size();
        return *this;
    }
    relay_config &unroutable_hold(milliseconds time)
    {
        raw().unroutable_hold = static_cast<std::uint32_t>(time.count());
        return *this;
    }
    relay_config &encoding(format wanted)
    {
        raw().format = static_cast<std::uint32_t>(wanted);
        return *this;
    }
    relay_config &window(std::uint32_t count, std::uint64_t bytes)
    {
        raw().window_count = count;
        raw().window_bytes = bytes;
        return *this;
    }
    relay_config &drain_timeout(milliseconds time)
    {
        raw().drain_timeout = static_cast<std::uint32_t>(time.count());
        return *this;
    }
};

/// The shards of one group, and two connections to RabbitMQ. It pulls the events of its engines, which live elsewhere
/// and end in any order.
class relay
    : public detail::speaking_handle<spectacles_relay, spectacles_relay_free, spectacles_relay_last_error>
{
public:
    using event_type = relay_event;
    using events_type = detail::event_range<relay_event, spectacles_relay, spectacles_relay_next_event>;

    /// events, commands: nullptr for both: the owner takes the messages.
    explicit relay(const relay_config &config,
                   const std::vector<std::reference_wrapper<const shard>> &shards = {},
                   const broker *events = nullptr, const broker *commands = nullptr)
        : speaking_handle(create(config.raw(), shards, events, commands))
    {
    }

    [[nodiscard]] relay_event next_event(time_point now = clock::now()) noexcept
    {
        return relay_event(spectacles_relay_next_event(get(), detail::to_raw(now)));
    }
    [[nodiscard]] events_type events(time_point now = never) noexcept { return {get(), now}; }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return detail::to_time(spectacles_relay_deadline(get()));
    }

    void acknowledge(std::uint64_t ticket) { check(spectacles_relay_acknowledge(get(), ticket)); }
    std::uint64_t send(std::uint32_t shard_id, std::uint32_t op, bytes_view d)
    {
        std::uint64_t ticket = 0;
        check(spectacles_relay_send(get(), shard_id, op, d.data(), d.size(), &ticket));
        return ticket;
    }

    void add_shard(const shard &added, const std::vector<gap> &gaps = {})
    {
        const auto raw = detail::raw_gaps(gaps);
        detail::check([&](spectacles_problem *problem) {
            return spectacles_relay_add_shard(get(), added.get(), raw.data(), raw.size(), problem);
        });
    }
    void remove_shard(std::uint32_t shard_id, std::uint32_t code = 0, time_point now = clock::now())
    {
        check(spectacles_relay_remove_shard(get(), shard_id, code, detail::to_raw(now)));
    }
    void drop_shard(std::uint32_t shard_id) { check(spectacles_relay_drop_shard(get(), shard_id)); }
    void grant_identify(std::uint32_t shard_id, time_point now = clock::now())
    {
        check(spectacles_relay_grant_identify(get(), shard_id, detail::to_raw(now)));
    }
    void session_stored(std::uint32_t shard_id, const std::string &session_id)
    {
        check(spectacles_relay_session_stored(get(), shard_id, session_id.c_str()));
    }
    void identify_limit(std::uint32_t total, std::uint32_t remaining, milliseconds reset_after,
                        time_point now = clock::now())
    {
        check(spectacles_relay_identify_limit(
            get(), total, remaining, static_cast<std::uint64_t>(reset_after.count()), detail::to_raw(now)));
    }
    void set_allow(const std::vector<std::string> &events, bool all = false)
    {
        const auto pointers = detail::pointers_to(events);
        check(spectacles_relay_set_allow(get(), pointers.data(), pointers.size(), all ? 1 : 0));
    }
    void set_max_concurrency(std::uint32_t number)
    {
        check(spectacles_relay_set_max_concurrency(get(), number));
    }
    /// The clock of the day was set.
    void set_unix_offset(std::uint64_t offset) noexcept { spectacles_relay_set_unix_offset(get(), offset); }

    /// Stops in order: go on until is_stopped().
    void stop(std::uint32_t code = 0, time_point now = clock::now())
    {
        check(spectacles_relay_stop(get(), code, detail::to_raw(now)));
    }
    [[nodiscard]] bool is_stopped() const noexcept { return spectacles_relay_stopped(get()) == 1; }

    /// The gaps of a shard that are not confirmed yet.
    [[nodiscard]] std::vector<gap> gaps(std::uint32_t shard_id) const
    {
        return detail::gaps_of([&](std::size_t index, spectacles_gap *out) {
            return spectacles_relay_gap(get(), shard_id, index, out);
        });
    }
    [[nodiscard]] spectacles_relay_stats stats() const noexcept
    {
        auto out = detail::empty(spectacles_relay_stats_init);
        spectacles_relay_get_stats(get(), &out);
        return out;
    }
    /// Empty: there is no such shard.
    [[nodiscard]] std::optional<spectacles_relay_shard_stats>
    shard_stats(std::uint32_t shard_id) const noexcept
    {
        auto out = detail::empty(spectacles_relay_shard_stats_init);
        return spectacles_relay_get_shard_stats(get(), shard_id, &out) < 0
                   ? std::nullopt
                   : std::optional<spectacles_relay_shard_stats>(out);
    }
    /// How often dispatches of each name were received; "" for all names that had no room.
    [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> event_counts() const
    {
        return detail::counts_of<std::string, const char *>(
            [&](std::size_t index, const char **what, std::uint64_t *count) {
                return spectacles_relay_event_count(get(), index, what, count);
            });
    }
    /// How often connections of shards have ended with each code.
    [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint64_t>> close_counts() const
    {
        return detail::counts_of<std::uint32_t, std::uint32_t>(
            [&](std::size_t index, std::uint32_t *what, std::uint64_t *count) {
                return spectacles_relay_close_count(get(), index, what, count);
            });
    }

private:
    [[nodiscard]] static spectacles_relay *
    create(spectacles_relay_config config, const std::vector<std::reference_wrapper<const shard>> &shards,
           const broker *events, const broker *commands)
    {
        std::vector<spectacles_shard *> own;
        own.reserve(shards.size());
        for (const shard &each : shards)
            own.push_back(each.get());
        config.own_shards = own.data();
        config.own_shard_count = own.size();
        config.events = events ? events->get() : nullptr;
        config.commands = commands ? commands->get() : nullptr;
        return detail::make<spectacles_relay>([&](spectacles_relay **out, spectacles_problem *problem) {
            return spectacles_relay_new(out, &config, problem);
        });
    }
};

} // namespace spectacles
