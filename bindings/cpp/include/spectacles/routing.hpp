// spectacles/routing.hpp - shards, routing keys, SENDs and intents. What each function does: routing.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/codec.hpp>
#include <spectacles/routing.h>

namespace spectacles
{

/// The key of a packet whose sender does not know the shard: "SEND".
[[nodiscard]] inline std::string_view send_key() noexcept
{
    return spectacles_route_send_key();
}

/// The key of gap records: "SPECTACLES_GAP".
[[nodiscard]] inline std::string_view gap_key() noexcept
{
    return spectacles_route_gap_key();
}

/// The shard that serves a guild.
[[nodiscard]] inline std::uint32_t route_shard(std::uint64_t guild_id, std::uint32_t shard_count) noexcept
{
    return spectacles_route_shard(guild_id, shard_count);
}

/// The bucket in which a shard identifies.
[[nodiscard]] inline std::uint32_t identify_bucket(std::uint32_t shard_id,
                                                   std::uint32_t max_concurrency) noexcept
{
    return spectacles_route_identify_bucket(shard_id, max_concurrency);
}

/// The name of a queue: "gateway:MESSAGE_CREATE".
[[nodiscard]] inline std::string queue_name(std::string_view group, std::string_view event,
                                            std::string_view subgroup = {})
{
    std::string out(SPECTACLES_ROUTE_MAX + 1, '\0');
    int length = spectacles_route_queue(out.data(), out.size(), group.data(), group.size(), subgroup.data(),
                                        subgroup.size(), event.data(), event.size());
    if (length < 0)
        detail::fail(length, "the name of a queue has an empty part, a control character, or over 255 bytes");
    out.resize(static_cast<std::size_t>(length));
    return out;
}

/// The body of a SEND: the packet, {"op": .., "d": {..}}, goes to the shard of the guild.
[[nodiscard]] inline std::string send_body(std::uint64_t guild_id, bytes_view packet)
{
    std::string out(packet.size() + 64, '\0'); // 64: all that stands around the packet
    int length = detail::check([&](spectacles_problem *problem) {
        return spectacles_send_build(reinterpret_cast<std::uint8_t *>(out.data()), out.size(), guild_id,
                                     packet.data(), packet.size(), problem);
    });
    out.resize(static_cast<std::size_t>(length));
    return out;
}

/// Throws unless the bytes are a packet that a worker may send.
inline void packet_check(bytes_view packet)
{
    spectacles_packet read;
    detail::check([&](spectacles_problem *problem) {
        return spectacles_packet_parse(&read, packet.data(), packet.size(), problem);
    });
}

/// Throws unless the bytes are a presence, the d of op 3.
inline void presence_check(bytes_view d)
{
    detail::check(
        [&](spectacles_problem *problem) { return spectacles_presence_check(d.data(), d.size(), problem); });
}

/// The intents that bring an event, any one of them: a mask of enum spectacles_intent.
[[nodiscard]] inline std::uint64_t intents_for_event(std::string_view event) noexcept
{
    return spectacles_intents_for_event(event.data(), event.size());
}

/// The privileged intents of a mask.
[[nodiscard]] inline std::uint64_t intents_privileged(std::uint64_t intents) noexcept
{
    return spectacles_intents_privileged(intents);
}

/// The name of one intent: "GUILD_MESSAGES". Empty: it is not exactly one known intent.
[[nodiscard]] inline std::string_view intent_name(std::uint64_t intent) noexcept
{
    return detail::text_of(spectacles_intent_name(intent));
}

/// The intent of a name, in upper or lower case.
[[nodiscard]] inline std::uint64_t parse_intent(std::string_view name)
{
    std::uint64_t intent = 0;
    if (int code = spectacles_intent_parse(&intent, name.data(), name.size()); code < 0)
        detail::fail(code, "there is no such intent");
    return intent;
}

} // namespace spectacles
