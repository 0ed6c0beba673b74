// spectacles/connection.hpp - a shard or a broker with all that it needs to run: a link, a poller, a resolver.
//
// SPDX-License-Identifier: MIT
//
// The loop of a program that has no other loop:
//
//     spectacles::connection<spectacles::broker> connection(spectacles::broker(config));
//     while (!connection->is_final()) {
//         connection.turn();
//         for (auto event : connection->events())
//             ...
//     }
//
// In a loop of somebody else (epoll, libuv, Asio): watch fd() for reading. When it is readable, or deadline() has
// passed: process(), the events, flush(), and set the timer to deadline().
#pragma once

#include <algorithm>

#include <spectacles/broker.hpp>
#include <spectacles/poller.hpp>
#include <spectacles/resolver.hpp>
#include <spectacles/shard.hpp>

namespace spectacles
{

/// An engine, which is reached by -> and *, and what moves its bytes.
template <typename Engine>
class connection
{
public:
    explicit connection(Engine engine, const link_config &config = {})
        : engine_(std::move(engine)), link_(engine_.stream(), config)
    {
        poller_.add(link_, 0);
        poller_.view().watch(resolver_.fd());
    }
    connection(connection &&) = default;
    connection &operator=(connection &&) = delete;

    [[nodiscard]] Engine &operator*() noexcept { return engine_; }
    [[nodiscard]] const Engine &operator*() const noexcept { return engine_; }
    [[nodiscard]] Engine *operator->() noexcept { return &engine_; }
    [[nodiscard]] const Engine *operator->() const noexcept { return &engine_; }
    /// For descriptors of the owner: the pipe of his signals.
    [[nodiscard]] poller_view watcher() const noexcept { return poller_.view(); }
    /// The address that the engine is connected to, or tried last.
    [[nodiscard]] std::string_view peer() const noexcept { return link_.peer(); }

    /// One turn: writes what the owner's calls have led to, waits until there is something to do or `until` has passed,
    /// and moves bytes. Pull the events after it. Blocks, for at most five seconds.
    void turn(time_point until = never)
    {
        time_point now = clock::now();
        poller_.flush(now);
        poller_.wait(std::min(until, resolver_.deadline()), now);
        process();
    }

    // The parts of a turn, for other loops.
    [[nodiscard]] int fd() const noexcept { return poller_.fd(); }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return std::min(poller_.deadline(), resolver_.deadline());
    }
    void process(time_point now = clock::now())
    {
        poller_.process(now);
        const char *host = link_.wants_address();
        if (host && asked_ != host) {
            asked_ = host;
            resolver_.ask(host, true, now);
        }
        if (poller_.view().is_readable(resolver_.fd()) || resolver_.deadline() <= now)
            take_answers(now);
    }
    void flush(time_point now = clock::now()) { poller_.flush(now); }

private:
    void take_answers(time_point now)
    {
        asked_.clear();
        while (answer found = resolver_.next_answer(now)) {
            const char *host = link_.wants_address();
            if (!host || found.host() != host)
                continue;
            if (found.addresses().empty())
                link_.set_no_address(found.why());
            else
                link_.set_address(found.addresses());
        }
        poller_.process(now);
    }

    // In this order, so that the poller ends before what it watches.
    resolver resolver_;
    Engine engine_;
    link link_;
    poller poller_;
    std::string asked_; // the name that is being looked up
};

} // namespace spectacles
