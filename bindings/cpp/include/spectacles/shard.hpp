// spectacles/shard.hpp - one connection to Discord's gateway. What each function, setting and event means: shard.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <spectacles/codec.hpp>
#include <spectacles/routing.hpp>
#include <spectacles/shard.h>
#include <spectacles/stream.hpp>

namespace spectacles
{

/// enum spectacles_shard_state
enum class shard_state : std::uint32_t {
    idle = SPECTACLES_SHARD_IDLE,
    connecting = SPECTACLES_SHARD_CONNECTING,
    upgrading = SPECTACLES_SHARD_UPGRADING,
    hello = SPECTACLES_SHARD_HELLO,
    identify_wait = SPECTACLES_SHARD_IDENTIFY_WAIT,
    identifying = SPECTACLES_SHARD_IDENTIFYING,
    resuming = SPECTACLES_SHARD_RESUMING,
    ready = SPECTACLES_SHARD_READY,
    closing = SPECTACLES_SHARD_CLOSING,
    backoff = SPECTACLES_SHARD_BACKOFF,
    closed = SPECTACLES_SHARD_CLOSED,
    fatal = SPECTACLES_SHARD_FATAL
};

/// enum spectacles_shard_event_type
enum class shard_event_type : std::uint32_t {
    connecting = SPECTACLES_SHARD_EVENT_CONNECTING,
    identify = SPECTACLES_SHARD_EVENT_IDENTIFY,
    ready = SPECTACLES_SHARD_EVENT_READY,
    resumed = SPECTACLES_SHARD_EVENT_RESUMED,
    dispatch = SPECTACLES_SHARD_EVENT_DISPATCH,
    latency = SPECTACLES_SHARD_EVENT_LATENCY,
    sent = SPECTACLES_SHARD_EVENT_SENT,
    unsent = SPECTACLES_SHARD_EVENT_UNSENT,
    disconnected = SPECTACLES_SHARD_EVENT_DISCONNECTED,
    gap = SPECTACLES_SHARD_EVENT_GAP,
    closed = SPECTACLES_SHARD_EVENT_CLOSED,
    fatal = SPECTACLES_SHARD_EVENT_FATAL,
    late = SPECTACLES_SHARD_EVENT_LATE,
    state = SPECTACLES_SHARD_EVENT_STATE,
    plain = SPECTACLES_SHARD_EVENT_PLAIN
};

/// enum spectacles_compression
enum class compression : std::uint32_t {
    none = SPECTACLES_COMPRESSION_NONE,
    zlib_stream = SPECTACLES_COMPRESSION_ZLIB_STREAM,
    zstd_stream = SPECTACLES_COMPRESSION_ZSTD_STREAM,
    payload = SPECTACLES_COMPRESSION_PAYLOAD
};

// The names without their prefix, for logs: "IDENTIFY_WAIT".
[[nodiscard]] inline std::string_view name(shard_state value) noexcept
{
    return spectacles_shard_state_name(static_cast<std::uint32_t>(value));
}
[[nodiscard]] inline std::string_view name(shard_event_type value) noexcept
{
    return spectacles_shard_event_type_name(static_cast<std::uint32_t>(value));
}
[[nodiscard]] inline std::string_view name(compression value) noexcept
{
    return spectacles_compression_name(static_cast<std::uint32_t>(value));
}

/// Throws unless the text has the form of a token.
inline void token_check(const std::string &token)
{
    detail::check(
        [&](spectacles_problem *problem) { return spectacles_token_check(token.c_str(), problem); });
}

/// The user id of the bot that a token belongs to; 0: the token does not say.
[[nodiscard]] inline std::uint64_t token_bot(const std::string &token) noexcept
{
    return spectacles_token_bot(token.c_str());
}

/// What is needed to resume a session, with texts of its own.
class session
{
public:
    session(std::uint32_t shard, std::uint32_t shards, std::string id, std::uint64_t safe_seq)
        : shard_id(shard), shard_count(shards), seq(safe_seq), session_id(std::move(id))
    {
    }
    explicit session(const spectacles_session &raw)
        : shard_id(raw.shard_id), shard_count(raw.shard_count), seq(raw.seq),
          session_id(detail::text_of(raw.session_id)), resume_url(detail::text_of(raw.resume_url)),
          encoding(static_cast<format>(raw.format))
    {
    }
    /// As C wants it. Its texts are those of this object.
    [[nodiscard]] spectacles_session raw() const noexcept
    {
        auto made = detail::empty(spectacles_session_init);
        made.shard_id = shard_id;
        made.shard_count = shard_count;
        made.seq = seq;
        made.session_id = session_id.c_str();
        made.resume_url = resume_url.c_str();
        made.format = static_cast<std::uint32_t>(encoding);
        return made;
    }

    std::uint32_t shard_id;
    std::uint32_t shard_count;
    std::uint64_t seq;
    std::string session_id;
    std::string resume_url;
    format encoding = format::raw;
};

/// A presence, the d of op 3.
class presence : public detail::settings<spectacles_presence, spectacles_presence_init>
{
public:
    /// status: "online", "dnd", "idle", "invisible" or "offline".
    explicit presence(std::string_view status) { raw().status = keep_text(status); }
    presence &afk(bool away = true)
    {
        raw().afk = away ? 1 : 0;
        return *this;
    }
    /// Since when the bot is idle: milliseconds since 1970.
    presence &since(std::uint64_t unix_time)
    {
        raw().since = unix_time;
        return *this;
    }
    /// A JSON array.
    presence &activities(std::string_view json)
    {
        raw().activities = keep_text(json);
        return *this;
    }
    /// As JSON.
    [[nodiscard]] bytes write() const
    {
        bytes out;
        detail::check([&](spectacles_problem *problem) {
            return spectacles_presence_write(out.get(), &raw(), problem);
        });
        return out;
    }
};

/// A request for the members of a guild, the d of op 8.
class members_request : public detail::settings<spectacles_members_request, spectacles_members_request_init>
{
public:
    /// Those whose names begin with the query; all, when it is empty.
    explicit members_request(std::uint64_t guild_id, std::string_view query = {})
    {
        raw().guild_id = guild_id;
        raw().query = keep_text(query);
    }
    /// These users.
    members_request(std::uint64_t guild_id, std::vector<std::uint64_t> user_ids)
    {
        const auto &kept = keep(std::move(user_ids));
        raw().guild_id = guild_id;
        raw().user_ids = kept.data();
        raw().user_id_count = kept.size();
    }
    members_request &limit(std::uint32_t count)
    {
        raw().limit = count;
        return *this;
    }
    members_request &presences(bool wanted = true)
    {
        raw().presences = wanted ? 1 : 0;
        return *this;
    }
    members_request &nonce(std::string_view text)
    {
        raw().nonce = keep_text(text);
        return *this;
    }
    /// As JSON.
    [[nodiscard]] bytes write() const
    {
        bytes out;
        detail::check([&](spectacles_problem *problem) {
            return spectacles_members_request_write(out.get(), &raw(), problem);
        });
        return out;
    }
};

/// How a shard is made. The seed is drawn from the operating system.
class shard_config : public detail::settings<spectacles_shard_config, spectacles_shard_config_init>
{
public:
    shard_config(std::string_view token, std::string_view gateway_url)
    {
        raw().token = keep_text(token);
        raw().gateway_url = keep_text(gateway_url);
        raw().seed = spectacles_random_seed();
    }
    /// Which shard it is, and how many the bot has. A gateway makes all of them, and looks at the count alone.
    shard_config &shard(std::uint32_t id, std::uint32_t count)
    {
        raw().shard_id = id;
        raw().shard_count = count;
        return *this;
    }
    shard_config &shard_count(std::uint32_t count)
    {
        raw().shard_count = count;
        return *this;
    }
    /// A mask of enum spectacles_intent.
    shard_config &intents(std::uint64_t mask)
    {
        raw().intents = mask;
        return *this;
    }
    /// The owner says by commit() what is safe: SPECTACLES_SHARD_COMMITS.
    shard_config &commits()
    {
        raw().flags |= SPECTACLES_SHARD_COMMITS;
        return *this;
    }
    shard_config &presence(std::string_view json)
    {
        raw().presence = keep_text(json);
        return *this;
    }
    shard_config &user_agent(std::string_view text)
    {
        raw().user_agent = keep_text(text);
        return *this;
    }
    shard_config &resume(class session former)
    {
        raw().session = &keep(keep(std::move(former)).raw());
        return *this;
    }
    shard_config &encoding(format wanted)
    {
        raw().format = static_cast<std::uint32_t>(wanted);
        return *this;
    }
    shard_config &compress(compression wanted)
    {
        raw().compression = static_cast<std::uint32_t>(wanted);
        return *this;
    }
};

/// What a shard tells. Which fields an event has stands at its type in shard.h; others are 0 or empty.
class shard_event : public detail::event_base<spectacles_shard_event>
{
public:
    using event_base::event_base;
    [[nodiscard]] shard_event_type type() const noexcept
    {
        return static_cast<shard_event_type>(event_->type);
    }
    [[nodiscard]] std::uint32_t code() const noexcept { return event_->code; }
    [[nodiscard]] std::error_code error() const noexcept { return static_cast<errc>(event_->error); }
    [[nodiscard]] enum format format() const noexcept { return static_cast<enum format>(event_->format); }
    [[nodiscard]] std::uint64_t seq() const noexcept { return event_->seq; }
    [[nodiscard]] std::uint64_t ticket() const noexcept { return event_->ticket; }
    [[nodiscard]] milliseconds duration() const noexcept { return detail::to_duration(event_->duration); }
    [[nodiscard]] time_point until() const noexcept { return detail::to_time(event_->until); }
    /// Empty: the refusal is about this shard alone.
    [[nodiscard]] std::optional<time_point> hold_until() const noexcept
    {
        return event_->hold_until ? std::optional<time_point>(detail::to_time(event_->hold_until))
                                  : std::nullopt;
    }
    [[nodiscard]] std::string_view name() const noexcept { return {event_->name, event_->name_length}; }
    [[nodiscard]] bytes_view data() const noexcept { return {event_->data, event_->data_length}; }
    [[nodiscard]] std::string_view text() const noexcept { return {event_->text, event_->text_length}; }
    [[nodiscard]] std::string_view session_id() const noexcept
    {
        return {event_->session_id, event_->session_id_length};
    }
    [[nodiscard]] shard_state state() const noexcept { return static_cast<shard_state>(event_->state); }
};

/// One connection to the gateway, and the session on it. It does no I/O: a link, or a transport of your own, moves its
/// bytes.
class shard
    : public detail::speaking_handle<spectacles_shard, spectacles_shard_free, spectacles_shard_last_error>
{
public:
    using event_type = shard_event;
    using events_type = detail::event_range<shard_event, spectacles_shard, spectacles_shard_next_event>;

    explicit shard(const shard_config &config)
        : speaking_handle(
              detail::make<spectacles_shard>([&](spectacles_shard **out, spectacles_problem *problem) {
                  return spectacles_shard_new(out, &config.raw(), problem);
              }))
    {
    }

    /// The next event, or an empty one: there is none until more happens.
    [[nodiscard]] shard_event next_event(time_point now = clock::now()) noexcept
    {
        return shard_event(spectacles_shard_next_event(get(), detail::to_raw(now)));
    }
    /// All events that there are now: `for (auto event : shard.events())`.
    [[nodiscard]] events_type events(time_point now = never) noexcept { return {get(), now}; }

    /// Grants the identify that an event asked for.
    void identify(time_point now = clock::now())
    {
        check(spectacles_shard_identify(get(), detail::to_raw(now)));
    }
    /// Sends {"op": op, "d": d}. Returns the ticket of its SENT or UNSENT.
    std::uint64_t send(std::uint32_t op, bytes_view d, time_point now = clock::now())
    {
        std::uint64_t ticket = 0;
        check(spectacles_shard_send(get(), op, d.data(), d.size(), detail::to_raw(now), &ticket));
        return ticket;
    }
    std::uint64_t send_presence(const presence &wanted, time_point now = clock::now())
    {
        std::uint64_t ticket = 0;
        check(spectacles_shard_send_presence(get(), &wanted.raw(), detail::to_raw(now), &ticket));
        return ticket;
    }
    /// flags: a mask of enum spectacles_voice_flag. channel_id 0: leave.
    std::uint64_t send_voice_state(std::uint64_t guild_id, std::uint64_t channel_id, std::uint32_t flags = 0,
                                   time_point now = clock::now())
    {
        std::uint64_t ticket = 0;
        check(spectacles_shard_send_voice_state(get(), guild_id, channel_id, flags, detail::to_raw(now),
                                                &ticket));
        return ticket;
    }
    std::uint64_t request_members(const members_request &wanted, time_point now = clock::now())
    {
        std::uint64_t ticket = 0;
        check(spectacles_shard_request_members(get(), &wanted.raw(), detail::to_raw(now), &ticket));
        return ticket;
    }
    std::uint64_t request_sounds(const std::vector<std::uint64_t> &guild_ids, time_point now = clock::now())
    {
        std::uint64_t ticket = 0;
        check(spectacles_shard_request_sounds(get(), guild_ids.data(), guild_ids.size(), detail::to_raw(now),
                                              &ticket));
        return ticket;
    }
    std::uint64_t request_channel_info(std::uint64_t guild_id, const std::vector<const char *> &fields,
                                       time_point now = clock::now())
    {
        std::uint64_t ticket = 0;
        check(spectacles_shard_request_channel_info(get(), guild_id, fields.data(), fields.size(),
                                                    detail::to_raw(now), &ticket));
        return ticket;
    }
    /// d: the d of op 3, as presence::write() makes it. It stays for each identify from now on.
    void set_presence(bytes_view d) { check(spectacles_shard_set_presence(get(), d.data(), d.size())); }
    void set_token(const std::string &token) { check(spectacles_shard_set_token(get(), token.c_str())); }

    /// How many packets send() would take now.
    struct send_budget {
        std::uint32_t remaining;
        time_point refill_at;
    };
    [[nodiscard]] send_budget budget(time_point now = clock::now()) const noexcept
    {
        std::uint32_t remaining = 0;
        std::uint64_t refill_at = 0;
        spectacles_shard_budget(get(), detail::to_raw(now), &remaining, &refill_at);
        return {remaining, detail::to_time(refill_at)};
    }

    /// Says that everything up to this sequence is safe.
    void commit(std::uint64_t seq) { check(spectacles_shard_commit(get(), seq)); }
    /// Says that the session is stored with this sequence.
    void stored(const std::string &session_id, std::uint64_t seq)
    {
        check(spectacles_shard_stored(get(), session_id.c_str(), seq));
    }
    /// The session, to be stored. Empty: there is none.
    [[nodiscard]] std::optional<class session> session() const
    {
        auto raw = detail::empty(spectacles_session_init);
        if (spectacles_shard_session(get(), &raw) < 0)
            return std::nullopt;
        return spectacles::session(raw);
    }
    /// Ends the connection and the shard. code: 0 keeps the session for a few minutes. CLOSED is the last event.
    void close(std::uint32_t code = 0, time_point now = clock::now())
    {
        check(spectacles_shard_close(get(), code, detail::to_raw(now)));
    }
    void reconnect(time_point now = clock::now())
    {
        check(spectacles_shard_reconnect(get(), detail::to_raw(now)));
    }
    void hold_off(time_point until) noexcept { spectacles_shard_hold_off(get(), detail::to_raw(until)); }
    void network_changed(time_point now = clock::now()) noexcept
    {
        spectacles_shard_network_changed(get(), detail::to_raw(now));
    }

    [[nodiscard]] class stream stream() const noexcept
    {
        return spectacles::stream(spectacles_shard_stream(get()));
    }
    [[nodiscard]] shard_state state() const noexcept
    {
        return static_cast<shard_state>(spectacles_shard_state(get()));
    }
    /// Whether the state is final: CLOSED or FATAL.
    [[nodiscard]] bool is_final() const noexcept { return state() >= shard_state::closed; }
    [[nodiscard]] std::uint32_t shard_id() const noexcept { return spectacles_shard_id(get()); }
    [[nodiscard]] std::uint32_t shard_count() const noexcept { return spectacles_shard_count(get()); }
    [[nodiscard]] spectacles_shard_stats stats() const noexcept
    {
        auto out = detail::empty(spectacles_shard_stats_init);
        spectacles_shard_get_stats(get(), &out);
        return out;
    }
};

} // namespace spectacles
