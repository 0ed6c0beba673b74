// spectacles/poller.hpp - many links behind one descriptor. What each function does: poller.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/link.hpp>
#include <spectacles/poller.h>

namespace spectacles
{

/// enum spectacles_poller_kind
enum class poller_kind : std::uint32_t {
    automatic = SPECTACLES_POLLER_AUTO,
    epoll = SPECTACLES_POLLER_EPOLL,
    kqueue = SPECTACLES_POLLER_KQUEUE,
    poll = SPECTACLES_POLLER_POLL
};

/// How a poller is made.
class poller_config : public detail::settings<spectacles_poller_config, spectacles_poller_config_init>
{
public:
    poller_config &kind(poller_kind wanted)
    {
        raw().kind = static_cast<std::uint32_t>(wanted);
        return *this;
    }
    poller_config &latency_budget(milliseconds time)
    {
        raw().latency_budget = static_cast<std::uint32_t>(time.count());
        return *this;
    }
};

/// The calls of a poller that is somebody else's: of a gateway.
class poller_view
{
public:
    explicit poller_view(spectacles_poller *raw) noexcept : raw_(raw) {}
    [[nodiscard]] spectacles_poller *get() const noexcept { return raw_; }

    /// Watches a descriptor of the owner for reading. It is unwatched before it is closed.
    void watch(int fd) const { check(spectacles_poller_watch(raw_, fd)); }
    void unwatch(int fd) const noexcept { spectacles_poller_unwatch(raw_, fd); }
    /// Whether a watched descriptor was found to be readable since this was asked last.
    [[nodiscard]] bool is_readable(int fd) const noexcept
    {
        return spectacles_poller_is_readable(raw_, fd) == 1;
    }
    [[nodiscard]] poller_kind kind() const noexcept
    {
        return static_cast<poller_kind>(spectacles_poller_kind(raw_));
    }

protected:
    int check(int code) const
    {
        if (code < 0)
            detail::fail(code, spectacles_poller_last_error(raw_));
        return code;
    }

private:
    spectacles_poller *raw_;
};

/// Many links behind one descriptor. The poller and its links end in any order.
class poller
    : public detail::speaking_handle<spectacles_poller, spectacles_poller_free, spectacles_poller_last_error>
{
public:
    explicit poller(const poller_config &config = {})
        : speaking_handle(
              detail::make<spectacles_poller>([&](spectacles_poller **out, spectacles_problem *problem) {
                  return spectacles_poller_new(out, &config.raw(), problem);
              }))
    {
    }

    /// id: next_link() gives it back.
    void add(const link &added, std::uint64_t id) { check(spectacles_poller_add(get(), added.get(), id)); }
    void remove(const link &removed) { check(spectacles_poller_remove(get(), removed.get())); }
    /// For descriptors of the owner.
    [[nodiscard]] poller_view view() const noexcept { return poller_view(get()); }

    /// The descriptor that stands for all links. It never changes.
    [[nodiscard]] int fd() const noexcept { return spectacles_poller_fd(get()); }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return detail::to_time(spectacles_poller_deadline(get()));
    }
    /// Blocks, for at most five seconds.
    void wait(time_point until = never, time_point now = clock::now())
    {
        check(spectacles_poller_wait(get(), detail::to_raw(until), detail::to_raw(now)));
    }
    void process(time_point now = clock::now())
    {
        check(spectacles_poller_process(get(), detail::to_raw(now)));
    }
    /// Writes what the engines want to write now. Call it when the events are pulled.
    void flush(time_point now = clock::now()) { check(spectacles_poller_flush(get(), detail::to_raw(now))); }
    /// A link that has something for its owner.
    struct ready_link {
        spectacles_link *link;
        std::uint64_t id;
        [[nodiscard]] explicit operator bool() const noexcept { return link != nullptr; }
    };
    /// Each one once until something more happens; then an empty one.
    [[nodiscard]] ready_link next_link() noexcept
    {
        ready_link ready{nullptr, 0};
        ready.link = spectacles_poller_next_link(get(), &ready.id);
        return ready;
    }
    void set_latency_budget(milliseconds time)
    {
        check(spectacles_poller_set_latency_budget(get(), static_cast<std::uint32_t>(time.count())));
    }
};

/// Raises the soft limit of this process on open files, and throws when the hard limit is too low.
inline void raise_descriptors(std::size_t needed)
{
    detail::check([&](spectacles_problem *problem) { return spectacles_raise_descriptors(needed, problem); });
}

} // namespace spectacles
