/* The clocks of the system. Called by owners, who hand the time to the engines, which know no clock. */
#include "core/export.h"

#include <spectacles/types.h>
#include <stdbool.h>
#include <time.h>

static bool read_clock(clockid_t clock, uint64_t *milliseconds)
{
    struct timespec now = {0};
    if (clock_gettime(clock, &now) != 0)
        return false;
    *milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    return true;
}

SPECTACLES_EXPORT uint64_t spectacles_now(void)
{
    uint64_t now = 0;
#if defined(CLOCK_BOOTTIME)
    /* On Linux CLOCK_MONOTONIC stands still while the machine is suspended: every deadline would be late by that. */
    if (read_clock(CLOCK_BOOTTIME, &now))
        return now;
#endif
    read_clock(CLOCK_MONOTONIC, &now);
    return now;
}

SPECTACLES_EXPORT uint64_t spectacles_unix_time(void)
{
    uint64_t now = 0;
    read_clock(CLOCK_REALTIME, &now);
    return now;
}
