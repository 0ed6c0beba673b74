// spectacles/resolver.hpp - host names looked up beside the loop. What each function does: resolver.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/resolver.h>
#include <spectacles/types.hpp>

namespace spectacles
{

/// What became of a name. Valid until the next call on the resolver.
class answer : public detail::event_base<spectacles_answer>
{
public:
    using event_base::event_base;
    [[nodiscard]] std::string_view host() const noexcept { return event_->host; }
    /// Separated by spaces. Empty: there is none, and why() says why.
    [[nodiscard]] std::string_view addresses() const noexcept
    {
        return {event_->addresses, event_->addresses_length};
    }
    [[nodiscard]] std::string_view why() const noexcept { return {event_->why, event_->why_length}; }
};

/// Host names looked up on threads, with the resolver of the system.
class resolver : public detail::handle<spectacles_resolver, spectacles_resolver_free>
{
public:
    /// timeout: from the start of a lookup until it is answered as failed.
    explicit resolver(milliseconds timeout = milliseconds(15000)) : handle(create(timeout)) {}
    /// The descriptor to watch for reading.
    [[nodiscard]] int fd() const noexcept { return spectacles_resolver_fd(get()); }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return detail::to_time(spectacles_resolver_deadline(get()));
    }
    /// urgent: the name overtakes those that are not.
    void ask(const char *host, bool urgent = false, time_point now = clock::now())
    {
        if (int code = spectacles_resolver_ask(get(), host, urgent ? 1 : 0, detail::to_raw(now)); code < 0)
            detail::fail(code, "the name of a host is empty or too long");
    }
    /// The next answer, or an empty one.
    [[nodiscard]] answer next_answer(time_point now = clock::now()) noexcept
    {
        return answer(spectacles_resolver_next_answer(get(), detail::to_raw(now)));
    }

private:
    [[nodiscard]] static spectacles_resolver *create(milliseconds timeout)
    {
        auto config = detail::empty(spectacles_resolver_config_init);
        config.timeout = static_cast<std::uint32_t>(timeout.count());
        return detail::make<spectacles_resolver>([&](spectacles_resolver **out, spectacles_problem *problem) {
            return spectacles_resolver_new(out, &config, problem);
        });
    }
};

} // namespace spectacles
