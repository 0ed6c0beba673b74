// spectacles/types.hpp - what every other header of the C++ binding builds on: errors, time, bytes, handles, settings.
//
// SPDX-License-Identifier: MIT
//
// The rules that hold for the whole binding:
//
// - A handle (shard, broker, link, poller, relay, gateway, state, ..) owns what it is named after, can be moved and not
//   copied, and frees it at the end of its scope. Handles go in any order (types.h). A handle that was moved from is
//   empty: it can be destroyed and assigned to, and nothing else. get() is the handle of C, for functions of the C API.
// - A call that fails throws spectacles::error with the sentence of the library, or std::bad_alloc when memory ran out.
//   The headers of C list the errors of each function.
// - Settings copy the texts that they are given. Their raw() is the struct of C: it has the settings without a setter.
// - An event is a view. It is valid as long as the event of C: until the next event is pulled.
// - Time is spectacles::time_point. Calls that take `now` take the present time when it is left out. It never runs
//   backwards on a handle (types.h): whoever gives one time to events() gives it to the calls in its loop as well.
// - A handle belongs to one thread at a time. The binding has no state of its own, and defines no macros.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <spectacles/types.h>

namespace spectacles
{

// ---- Errors ----

/// What a call can fail with: enum spectacles_error. Compare error::code() with it.
enum class errc : int {
    ok = SPECTACLES_OK,
    nomem = SPECTACLES_E_NOMEM,
    inval = SPECTACLES_E_INVAL,
    state = SPECTACLES_E_STATE,
    again = SPECTACLES_E_AGAIN,
    proto = SPECTACLES_E_PROTO,
    closed = SPECTACLES_E_CLOSED,
    tls = SPECTACLES_E_TLS,
    sys = SPECTACLES_E_SYS,
    toobig = SPECTACLES_E_TOOBIG,
    auth = SPECTACLES_E_AUTH,
    unsupported = SPECTACLES_E_UNSUPPORTED,
    unreachable = SPECTACLES_E_UNREACHABLE
};

/// The name of an error without its prefix: "E_AGAIN".
[[nodiscard]] inline std::string_view name(errc error) noexcept
{
    return spectacles_error_name(static_cast<int>(error));
}

/// The category of the errors of the library. Those that std::errc knows compare equal to its values.
class error_category final : public std::error_category
{
public:
    [[nodiscard]] const char *name() const noexcept override { return "spectacles"; }
    [[nodiscard]] std::string message(int error) const override { return spectacles_strerror(error); }
    [[nodiscard]] std::error_condition default_error_condition(int error) const noexcept override
    {
        switch (static_cast<errc>(error)) {
        case errc::nomem:
            return std::errc::not_enough_memory;
        case errc::inval:
            return std::errc::invalid_argument;
        case errc::again:
            return std::errc::resource_unavailable_try_again;
        case errc::proto:
            return std::errc::protocol_error;
        case errc::closed:
            return std::errc::connection_reset;
        case errc::toobig:
            return std::errc::value_too_large;
        case errc::auth:
            return std::errc::permission_denied;
        case errc::unsupported:
            return std::errc::not_supported;
        case errc::unreachable:
            return std::errc::host_unreachable;
        default:
            return {error, *this};
        }
    }
};

/// The one object of the category. It has no members.
[[nodiscard]] inline const std::error_category &category() noexcept
{
    static const error_category made;
    return made;
}

[[nodiscard]] inline std::error_code make_error_code(errc error) noexcept
{
    return {static_cast<int>(error), category()};
}

/// A call has failed. what() is the sentence of the library: what is wrong, where, and what to do.
class error : public std::system_error
{
public:
    error(int code, const char *sentence)
        : std::system_error(code, category()),
          sentence_(std::make_shared<const std::string>(*sentence ? sentence : spectacles_strerror(code)))
    {
    }
    explicit error(int code, const spectacles_problem &problem) : error(code, problem.text)
    {
        problem_ = std::make_shared<const spectacles_problem>(problem);
    }

    [[nodiscard]] const char *what() const noexcept override { return sentence_->c_str(); }
    /// Where reading stopped, in bytes; 0 for a setting.
    [[nodiscard]] std::size_t position() const noexcept { return problem_ ? problem_->position : 0; }
    /// The entry of a list of settings that the sentence is about, from 0.
    [[nodiscard]] std::size_t index() const noexcept { return problem_ ? problem_->index : 0; }
    /// What the sentence is about, in the words of the caller; or empty.
    [[nodiscard]] std::string_view word() const noexcept
    {
        return problem_ ? std::string_view(problem_->word) : std::string_view();
    }

private:
    // Shared, so that copying an exception cannot throw.
    std::shared_ptr<const std::string> sentence_;
    std::shared_ptr<const spectacles_problem> problem_;
};

// ---- Time ----

/// The clock of the library (spectacles_now()): it never runs backwards, and goes on while the machine is suspended.
struct clock {
    using duration = std::chrono::milliseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;
    [[nodiscard]] static time_point now() noexcept
    {
        return time_point(duration(static_cast<rep>(spectacles_now())));
    }
};

using time_point = clock::time_point;
using std::chrono::milliseconds;

/// The deadline of something that never happens: SPECTACLES_NEVER.
inline constexpr time_point never = time_point::max();

namespace detail
{

[[nodiscard]] inline std::uint64_t to_raw(time_point time) noexcept
{
    return time == never ? SPECTACLES_NEVER : static_cast<std::uint64_t>(time.time_since_epoch().count());
}

[[nodiscard]] inline time_point to_time(std::uint64_t time) noexcept
{
    return time > static_cast<std::uint64_t>(std::numeric_limits<clock::rep>::max())
               ? never
               : time_point(milliseconds(static_cast<clock::rep>(time)));
}

[[nodiscard]] inline milliseconds to_duration(std::uint64_t time) noexcept
{
    return milliseconds(static_cast<clock::rep>(time));
}

} // namespace detail

/// The timeout for poll(2) and epoll_wait(2) that leads to a deadline: -1 for never, at most 5000.
[[nodiscard]] inline int poll_timeout(time_point deadline, time_point now = clock::now()) noexcept
{
    return spectacles_poll_timeout(detail::to_raw(deadline), detail::to_raw(now));
}

/// Milliseconds since 1970, UTC.
[[nodiscard]] inline std::uint64_t unix_time() noexcept
{
    return spectacles_unix_time();
}

// ---- Bytes and texts ----

/// Bytes that belong to somebody else.
///
/// It stands in for std::span<const std::uint8_t>, which C++17 lacks, and turns into one, because a span is made of any
/// contiguous range. It is one type under every standard: otherwise a program whose files are compiled as C++17 and as
/// C++20 would have two meanings of the same functions.
class bytes_view
{
public:
    using value_type = std::uint8_t;
    using size_type = std::size_t;
    using iterator = const std::uint8_t *;
    using const_iterator = iterator;

    constexpr bytes_view() noexcept = default;
    constexpr bytes_view(const std::uint8_t *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// Of a text: std::string, std::string_view, a literal.
    template <typename Text, std::enable_if_t<std::is_convertible_v<const Text &, std::string_view>, int> = 0>
    bytes_view(const Text &text) noexcept : bytes_view(from(std::string_view(text)))
    {
    }
    /// Of a contiguous range of bytes: std::vector<std::uint8_t>, std::span<const std::byte>.
    template <typename Range,
              typename Byte =
                  std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<const Range &>().data())>>,
              std::enable_if_t<!std::is_convertible_v<const Range &, std::string_view> &&
                                   (std::is_same_v<Byte, std::uint8_t> || std::is_same_v<Byte, std::byte>),
                               int> = 0>
    bytes_view(const Range &range) noexcept
        : data_(reinterpret_cast<const std::uint8_t *>(range.data())), size_(range.size())
    {
    }

    [[nodiscard]] constexpr const std::uint8_t *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr iterator begin() const noexcept { return data_; }
    [[nodiscard]] constexpr iterator end() const noexcept { return data_ + size_; }
    [[nodiscard]] constexpr std::uint8_t operator[](std::size_t index) const noexcept { return data_[index]; }
    /// The same bytes as a text: JSON is UTF-8.
    [[nodiscard]] std::string_view text() const noexcept
    {
        return {reinterpret_cast<const char *>(data_), size_};
    }
    friend bool operator==(bytes_view one, bytes_view other) noexcept { return one.text() == other.text(); }
    friend bool operator!=(bytes_view one, bytes_view other) noexcept { return !(one == other); }

private:
    [[nodiscard]] static bytes_view from(std::string_view text) noexcept
    {
        return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
    }

    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

/// A text of strangers, fit for a log or a terminal: spectacles_printable().
[[nodiscard]] inline std::string printable(std::string_view text)
{
    std::string out(3 * text.size() + 1, '\0');
    out.resize(spectacles_printable(out.data(), out.size(), text.data(), text.size()));
    return out;
}

// ---- The library ----

/// The version of the library that is linked: major << 16 | minor << 8 | patch.
[[nodiscard]] inline std::uint32_t version() noexcept
{
    return spectacles_version();
}

/// Whether this build of the library has a feature: spectacles_feature_supported().
[[nodiscard]] inline bool feature_supported(const char *feature) noexcept
{
    return spectacles_feature_supported(feature) == 1;
}

namespace detail
{

[[noreturn]] inline void fail(int code, const char *sentence)
{
    if (code == SPECTACLES_E_NOMEM)
        throw std::bad_alloc();
    throw error(code, sentence);
}

[[noreturn]] inline void fail(int code, const spectacles_problem &problem)
{
    if (code == SPECTACLES_E_NOMEM)
        throw std::bad_alloc();
    throw error(code, problem);
}

/// A text that C has as a pointer, which may be NULL.
[[nodiscard]] inline std::string_view text_of(const char *text) noexcept
{
    return text ? std::string_view(text) : std::string_view();
}

template <typename Handle, void (*Free)(Handle *)>
struct deleter {
    void operator()(Handle *handle) const noexcept { Free(handle); }
};

/// A handle of C and its end.
template <typename Handle, void (*Free)(Handle *)>
class handle
{
public:
    /// The handle of C, which stays owned here.
    [[nodiscard]] Handle *get() const noexcept { return handle_.get(); }
    /// False: it was moved from.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

protected:
    explicit handle(Handle *made) noexcept : handle_(made) {}

private:
    std::unique_ptr<Handle, deleter<Handle, Free>> handle_;
};

/// A handle that keeps a sentence about the last call that failed.
template <typename Handle, void (*Free)(Handle *), const char *(*LastError)(const Handle *)>
class speaking_handle : public handle<Handle, Free>
{
protected:
    using handle<Handle, Free>::handle;
    int check(int code) const
    {
        if (code < 0)
            fail(code, LastError(this->get()));
        return code;
    }
};

/// Makes a handle by its `_new`: create(out, problem).
template <typename Handle, typename Create>
[[nodiscard]] Handle *make(Create create)
{
    Handle *made = nullptr;
    spectacles_problem problem;
    if (int code = create(&made, &problem); code < 0)
        fail(code, problem);
    return made;
}

/// Runs a call that says what is wrong in a problem: call(problem).
template <typename Call>
int check(Call call)
{
    spectacles_problem problem;
    int code = call(&problem);
    if (code < 0)
        fail(code, problem);
    return code;
}

/// Counters and the like: a struct of C that is made empty by its `_init`.
template <typename Struct>
[[nodiscard]] Struct empty(void (*init)(Struct *, std::size_t)) noexcept
{
    Struct made;
    init(&made, sizeof made);
    return made;
}

/// A struct of settings, and all that it points to. A copy shares the latter, which never changes.
template <typename Struct, void (*Init)(Struct *, std::size_t)>
class settings
{
public:
    settings() noexcept { Init(&raw_, sizeof raw_); }
    /// The struct of C, for settings that have no setter.
    [[nodiscard]] Struct &raw() noexcept { return raw_; }
    [[nodiscard]] const Struct &raw() const noexcept { return raw_; }

protected:
    template <typename Value>
    const Value &keep(Value value)
    {
        auto kept = std::make_shared<const Value>(std::move(value));
        kept_.push_back(kept);
        return *kept;
    }
    const char *keep_text(std::string_view text) { return keep(std::string(text)).c_str(); }
    /// Texts, as C wants them.
    const std::vector<const char *> &keep_texts(const std::vector<std::string> &texts)
    {
        std::vector<const char *> pointers;
        pointers.reserve(texts.size());
        for (const std::string &text : texts)
            pointers.push_back(keep_text(text));
        return keep(std::move(pointers));
    }

private:
    Struct raw_;
    std::vector<std::shared_ptr<const void>> kept_;
};

/// The events of a handle, one after the other, until there are none: `for (auto event : shard.events())`. A new one
/// ends the life of the one before. Without a time of its own it reads the clock for each event: calls that are made
/// meanwhile take the present time, and time must not run backwards on a handle.
template <typename Event, typename Handle, auto Next>
class event_range
{
public:
    struct sentinel {
    };

    class iterator
    {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Event;
        using difference_type = std::ptrdiff_t;
        using pointer = const Event *;
        using reference = Event;

        iterator() noexcept = default;
        iterator(Handle *handle, time_point now) noexcept : handle_(handle), now_(now) { ++*this; }
        [[nodiscard]] Event operator*() const noexcept { return event_; }
        [[nodiscard]] const Event *operator->() const noexcept { return &event_; }
        iterator &operator++() noexcept
        {
            event_ = Event(Next(handle_, now_ == never ? spectacles_now() : to_raw(now_)));
            return *this;
        }
        void operator++(int) noexcept { ++*this; }
        friend bool operator==(const iterator &one, sentinel) noexcept { return !one.event_; }
        friend bool operator!=(const iterator &one, sentinel) noexcept
        {
            return static_cast<bool>(one.event_);
        }
        friend bool operator==(sentinel, const iterator &one) noexcept { return !one.event_; }
        friend bool operator!=(sentinel, const iterator &one) noexcept
        {
            return static_cast<bool>(one.event_);
        }

    private:
        Handle *handle_ = nullptr;
        time_point now_ = never;
        Event event_;
    };

    event_range(Handle *handle, time_point now) noexcept : handle_(handle), now_(now) {}
    [[nodiscard]] iterator begin() const noexcept { return {handle_, now_}; }
    [[nodiscard]] sentinel end() const noexcept { return {}; }

private:
    Handle *handle_;
    time_point now_; // never: the present time, anew for each event
};

/// A pointer to an event of C. Empty when there is none.
template <typename Struct>
class event_base
{
public:
    event_base() noexcept = default;
    explicit event_base(const Struct *event) noexcept : event_(event) {}
    /// False: there is no event.
    [[nodiscard]] explicit operator bool() const noexcept { return event_ != nullptr; }
    /// The struct of C.
    [[nodiscard]] const Struct &raw() const noexcept { return *event_; }

protected:
    const Struct *event_ = nullptr;
};

} // namespace detail
} // namespace spectacles

template <>
struct std::is_error_code_enum<spectacles::errc> : std::true_type {
};
