// What the programs have in common.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

inline std::string setting(const char *name)
{
    const char *value = std::getenv(name);
    if (!value)
        throw std::runtime_error(std::string(name) + " is not set");
    return value;
}

/// Counts events, and says so after each tenth of them.
class counter
{
public:
    explicit counter(const char *total) : total_(std::stoull(total)) {}
    void add(std::size_t length)
    {
        bytes_ += length;
        if (++count_ % (total_ / 10) == 0)
            std::cout << "EVENTS " << count_ << std::endl;
    }
    [[nodiscard]] bool is_done() const noexcept { return count_ >= total_; }

private:
    std::uint64_t total_, count_ = 0, bytes_ = 0;
};

/// The main function of a program with one argument.
template <typename Run>
int run(int argc, char **argv, Run program)
{
    try {
        program(argc > 1 ? argv[1] : "10");
        return 0;
    } catch (const std::exception &trouble) {
        std::cerr << trouble.what() << '\n';
        return 1;
    }
}
