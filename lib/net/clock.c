#include "core/export.h"

#include <spectacles/types.h>
#include <time.h>

SPECTACLES_EXPORT uint64_t spectacles_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
