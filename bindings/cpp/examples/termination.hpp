// SIGTERM and SIGINT as a descriptor, for the loops of the examples.
#pragma once

#include <csignal>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

class termination
{
public:
    termination()
    {
        if (pipe(ends_) < 0)
            throw std::system_error(errno, std::generic_category(), "pipe");
        fcntl(ends_[1], F_SETFL, O_NONBLOCK);
        write_end() = ends_[1];
        struct sigaction action = {};
        action.sa_handler = [](int) { [[maybe_unused]] ssize_t written = write(write_end(), "", 1); };
        sigaction(SIGTERM, &action, nullptr);
        sigaction(SIGINT, &action, nullptr);
    }
    termination(const termination &) = delete;
    termination &operator=(const termination &) = delete;
    ~termination()
    {
        std::signal(SIGTERM, SIG_DFL);
        std::signal(SIGINT, SIG_DFL);
        close(ends_[0]);
        close(ends_[1]);
    }

    /// Readable once a signal has come.
    [[nodiscard]] int fd() const noexcept { return ends_[0]; }
    /// Empties the pipe.
    void take() const noexcept
    {
        char byte;
        [[maybe_unused]] ssize_t count = read(ends_[0], &byte, 1);
    }

private:
    // A handler of signals has no argument of its own.
    static int &write_end() noexcept
    {
        static int descriptor = -1;
        return descriptor;
    }

    int ends_[2] = {-1, -1};
};
