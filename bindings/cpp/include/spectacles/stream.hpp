// spectacles/stream.hpp - the bytes of one engine, for a transport of your own. What a transport does: stream.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/stream.h>
#include <spectacles/types.hpp>

namespace spectacles
{

/// The bytes of a shard or a broker. It belongs to its engine, and ends with it.
class stream
{
public:
    explicit stream(spectacles_stream *raw) noexcept : raw_(raw) {}
    [[nodiscard]] spectacles_stream *get() const noexcept { return raw_; }

    /// Where the engine wants to be connected; nullptr: nowhere. Valid until the next call on the engine.
    [[nodiscard]] const spectacles_endpoint *endpoint() const noexcept
    {
        return spectacles_stream_endpoint(raw_);
    }
    void opened(time_point now = clock::now()) const
    {
        check(spectacles_stream_opened(raw_, detail::to_raw(now)));
    }
    [[nodiscard]] bool wants_input() const noexcept { return spectacles_stream_wants_input(raw_) == 1; }
    void feed(bytes_view bytes, time_point now = clock::now()) const
    {
        check(spectacles_stream_feed(raw_, bytes.data(), bytes.size(), detail::to_raw(now)));
    }
    /// The connection has ended. error: errc::ok for an orderly end.
    void eof(errc error, std::string_view text = {}, time_point now = clock::now()) const noexcept
    {
        spectacles_stream_eof(raw_, static_cast<int>(error), text.data(), text.size(), detail::to_raw(now));
    }
    /// The bytes to be written next. Say consumed() before any other call.
    [[nodiscard]] bytes_view pending() const noexcept
    {
        const std::uint8_t *bytes = nullptr;
        std::size_t length = spectacles_stream_pending(raw_, &bytes);
        return {bytes, length};
    }
    void consumed(std::size_t length) const noexcept { spectacles_stream_consumed(raw_, length); }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return detail::to_time(spectacles_stream_deadline(raw_));
    }
    void expire(time_point now = clock::now()) const
    {
        check(spectacles_stream_expire(raw_, detail::to_raw(now)));
    }

private:
    void check(int code) const
    {
        if (code < 0)
            detail::fail(code, spectacles_stream_last_error(raw_));
    }

    spectacles_stream *raw_;
};

} // namespace spectacles
