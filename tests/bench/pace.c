/*
 * A clock for clients that publish at a pace: writes a byte to its standard output for each message that is due.
 *
 *     bench_pace RATE COUNT
 *
 * RATE: bytes a second, each a write of its own. tests/bench/broker.py puts it in front of each contender.
 */
#include "times.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        errx(2, "usage: bench_pace RATE COUNT");
    uint64_t rate = strtoull(argv[1], NULL, 10);
    uint64_t count = strtoull(argv[2], NULL, 10);
    uint64_t start = nanoseconds_now();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t due = start + i * 1000000000 / rate;
        struct timespec at = {(time_t)(due / 1000000000), (long)(due % 1000000000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        if (write(1, ".", 1) != 1)
            err(1, "write");
    }
    return 0;
}
