// spectacles/state.hpp - the sessions and gaps that have to outlive a process, as bytes.
// What each function does: state.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/relay.hpp>
#include <spectacles/state.h>

namespace spectacles
{

/// The sessions and gaps of a bot's shards.
class state : public detail::handle<spectacles_state, spectacles_state_free>
{
public:
    /// Of a bot. writer: who writes the bytes, for whoever reads them next.
    state(const std::string &token, std::uint32_t shard_count, std::uint64_t intents,
          const std::string &writer = {})
        : handle(create(token, shard_count, intents, writer))
    {
    }
    /// Of stored bytes alone, without the token.
    explicit state(bytes_view stored, const std::string &writer = {})
        : handle(detail::make<spectacles_state>([&](spectacles_state **out, spectacles_problem *problem) {
              return spectacles_state_open(out, stored.data(), stored.size(),
                                           writer.empty() ? nullptr : writer.c_str(), problem);
          }))
    {
    }

    /// Replaces the records by stored ones. After an error the state is as after lost().
    void read(bytes_view stored, std::uint64_t now = unix_time())
    {
        detail::check([&](spectacles_problem *problem) {
            return spectacles_state_read(get(), stored.data(), stored.size(), now, problem);
        });
    }
    /// The bytes of the former process cannot be had: each shard without a record has a gap.
    void lost(std::uint64_t now = unix_time()) noexcept { spectacles_state_lost(get(), now); }
    void write(bytes &out) const { check(spectacles_state_write(get(), out.get())); }
    void write_shards(bytes &out, const std::vector<std::uint32_t> &shard_ids) const
    {
        check(spectacles_state_write_shards(get(), shard_ids.data(), shard_ids.size(), out.get()));
    }
    /// Takes the present sessions and gaps. True: a record has changed.
    bool take(relay &from, std::uint64_t now = unix_time())
    {
        return check(spectacles_state_take(get(), from.get(), now)) == 1;
    }
    /// Replaces the record of a shard.
    bool set(std::uint32_t shard_id, const class session *session, const std::vector<gap> &gaps = {},
             std::uint64_t now = unix_time())
    {
        std::vector<spectacles_gap> raw = detail::raw_gaps(gaps);
        const spectacles_session own = session ? session->raw() : detail::empty(spectacles_session_init);
        return check(spectacles_state_set(get(), shard_id, session ? &own : nullptr, raw.data(), raw.size(),
                                          now)) == 1;
    }
    void set_token(const std::string &token)
    {
        detail::check([&](spectacles_problem *problem) {
            return spectacles_state_set_token(get(), token.c_str(), problem);
        });
    }

    /// The session of a shard. Empty: there is none.
    [[nodiscard]] std::optional<class session> session(std::uint32_t shard_id) const
    {
        auto raw = detail::empty(spectacles_session_init);
        if (spectacles_state_session(get(), shard_id, &raw) != 1)
            return std::nullopt;
        return spectacles::session(raw);
    }
    /// The gaps of a shard, in the order in which they are to be declared.
    [[nodiscard]] std::vector<gap> gaps(std::uint32_t shard_id) const
    {
        return detail::gaps_of([&](std::size_t index, spectacles_gap *out) {
            return spectacles_state_gap(get(), shard_id, index, out);
        });
    }
    /// The shards that there are records of.
    [[nodiscard]] std::vector<std::uint32_t> shard_ids() const
    {
        std::vector<std::uint32_t> made;
        for (std::size_t index = 0; index < spectacles_state_count(get()); ++index)
            made.push_back(spectacles_state_shard_id(get(), index));
        return made;
    }
    /// When the record of a shard last changed: milliseconds since 1970; 0: not known.
    [[nodiscard]] std::uint64_t time(std::uint32_t shard_id) const noexcept
    {
        return spectacles_state_time(get(), shard_id);
    }

    /// When it was noticed that the state is not complete: milliseconds since 1970; 0: it is, or the time is not known.
    [[nodiscard]] std::uint64_t noticed_at() const noexcept { return spectacles_state_noticed_at(get()); }
    [[nodiscard]] std::uint32_t shard_count() const noexcept { return spectacles_state_shard_count(get()); }
    [[nodiscard]] std::uint64_t intents() const noexcept { return spectacles_state_intents(get()); }
    /// Who wrote the bytes that were read last; or empty.
    [[nodiscard]] std::string_view read_writer() const noexcept
    {
        return detail::text_of(spectacles_state_read_writer(get()));
    }

private:
    [[nodiscard]] static spectacles_state *create(const std::string &token, std::uint32_t shard_count,
                                                  std::uint64_t intents, const std::string &writer)
    {
        auto config = detail::empty(spectacles_state_config_init);
        config.token = token.c_str();
        config.shard_count = shard_count;
        config.intents = intents;
        config.writer = writer.empty() ? nullptr : writer.c_str();
        return detail::make<spectacles_state>([&](spectacles_state **out, spectacles_problem *problem) {
            return spectacles_state_new(out, &config, problem);
        });
    }
    static int check(int code)
    {
        if (code < 0)
            detail::fail(code, "");
        return code;
    }
};

} // namespace spectacles
