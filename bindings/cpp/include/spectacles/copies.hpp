// spectacles/copies.hpp - which messages a worker has worked on, so that it leaves their copies out.
// What each function does: copies.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/broker.hpp>
#include <spectacles/copies.h>

namespace spectacles
{

/// What a message is known by: a small value, which can be kept. It means something to the copies alone that have
/// made it.
using copy_mark = spectacles_copy_mark;

/// What a worker has worked on.
///
///     const auto mark = copies.mark(event);
///     if (!copies.leave_out(mark)) {
///         work_on(event);
///         copies.add(mark);
///     }
///     broker.ack(event.delivery());
class copies : public detail::handle<spectacles_copies, spectacles_copies_free>
{
public:
    copies() : handle(create(detail::empty(spectacles_copies_config_init))) {}
    /// remembered: how many messages at least.
    explicit copies(std::uint32_t remembered) : handle(create(config_of(remembered))) {}

    /// The mark of a message: of an event with the type message.
    [[nodiscard]] copy_mark mark(broker_event event) const noexcept
    {
        copy_mark made;
        const auto id = event.message_id();
        spectacles_copies_mark(get(), id.data(), id.size(), event.raw().headers, event.raw().header_count,
                               &made);
        return made;
    }
    /// Asked when the work is about to begin. True: the message is a copy. Acknowledge it, and do nothing else.
    [[nodiscard]] bool leave_out(const copy_mark &mark, time_point now = clock::now()) noexcept
    {
        return spectacles_copies_leave_out(get(), &mark, detail::to_raw(now)) == 1;
    }
    /// The work is done. Not earlier: a message whose work was cut off comes again.
    void add(const copy_mark &mark) noexcept { spectacles_copies_add(get(), &mark); }

private:
    [[nodiscard]] static spectacles_copies_config config_of(std::uint32_t remembered) noexcept
    {
        auto config = detail::empty(spectacles_copies_config_init);
        config.remembered = remembered;
        return config;
    }
    /// The seed is drawn from the operating system.
    [[nodiscard]] static spectacles_copies *create(spectacles_copies_config config)
    {
        config.seed = spectacles_random_seed();
        return detail::make<spectacles_copies>([&](spectacles_copies **out, spectacles_problem *problem) {
            return spectacles_copies_new(out, &config, problem);
        });
    }
};

} // namespace spectacles
