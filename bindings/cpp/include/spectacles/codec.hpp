// spectacles/codec.hpp - formats of payloads and bodies, and rewriting one into another.
// What each function does: codec.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/codec.h>
#include <spectacles/types.hpp>

namespace spectacles
{

/// What a payload, a body or a document is written in: enum spectacles_format.
enum class format : std::uint32_t {
    raw = SPECTACLES_FORMAT_RAW,
    json = SPECTACLES_FORMAT_JSON,
    etf = SPECTACLES_FORMAT_ETF,
    msgpack = SPECTACLES_FORMAT_MSGPACK,
    msgpack_json = SPECTACLES_FORMAT_MSGPACK_JSON
};

/// The name of a format: "JSON".
[[nodiscard]] inline std::string_view name(format value) noexcept
{
    return spectacles_format_name(static_cast<std::uint32_t>(value));
}

/// The content type of a format: "application/json".
[[nodiscard]] inline std::string_view content_type(format value) noexcept
{
    return spectacles_format_content_type(static_cast<std::uint32_t>(value));
}

/// The format that bytes seem to be in, by the first of them.
[[nodiscard]] inline format format_of(bytes_view bytes) noexcept
{
    return static_cast<format>(spectacles_format_of(bytes.data(), bytes.size()));
}

/// The format of a name of settings: "json", "msgpack-json".
[[nodiscard]] inline format parse_format(std::string_view name)
{
    std::uint32_t value = 0;
    if (int code = spectacles_format_parse(&value, name.data(), name.size()); code < 0)
        detail::fail(code, "there is no such format");
    return static_cast<format>(value);
}

/// Bytes that the library writes. Used again and again, it allocates nothing once it is large enough.
class bytes : public detail::handle<spectacles_bytes, spectacles_bytes_free>
{
public:
    bytes() : handle(create()) {}
    [[nodiscard]] bytes_view view() const noexcept
    {
        return {spectacles_bytes_data(get()), spectacles_bytes_length(get())};
    }
    [[nodiscard]] std::string_view text() const noexcept { return view().text(); }
    operator bytes_view() const noexcept { return view(); }

private:
    [[nodiscard]] static spectacles_bytes *create()
    {
        spectacles_bytes *made = nullptr;
        if (int code = spectacles_bytes_new(&made); code < 0)
            detail::fail(code, "");
        return made;
    }
};

/// Rewrites a whole document, in the place of what `out` held. flags: a mask of enum spectacles_transcode_flag.
inline void transcode(bytes &out, format to, format from, bytes_view document, std::uint32_t flags = 0)
{
    detail::check([&](spectacles_problem *problem) {
        return spectacles_transcode(out.get(), static_cast<std::uint32_t>(to),
                                    static_cast<std::uint32_t>(from), flags, document.data(), document.size(),
                                    problem);
    });
}

/// Inflates a compressed ETF term to at most `max` bytes.
inline void etf_inflate(bytes &out, bytes_view term, std::size_t max)
{
    detail::check([&](spectacles_problem *problem) {
        return spectacles_etf_inflate(out.get(), term.data(), term.size(), max, problem);
    });
}

/// Throws unless the bytes are one JSON value, strictly.
inline void json_check(bytes_view document)
{
    detail::check([&](spectacles_problem *problem) {
        return spectacles_json_check(document.data(), document.size(), problem);
    });
}

} // namespace spectacles
