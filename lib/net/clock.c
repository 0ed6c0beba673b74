#include "core/export.h"

#include <spectacles/types.h>
#include <time.h>

static uint64_t milliseconds_of(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

SPECTACLES_EXPORT uint64_t spectacles_now(void)
{
    return milliseconds_of(CLOCK_MONOTONIC);
}

SPECTACLES_EXPORT uint64_t spectacles_unix_time(void)
{
    return milliseconds_of(CLOCK_REALTIME);
}
