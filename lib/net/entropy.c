/*
 * A seed from the random numbers of the system. Called by owners, who give it to the engines.
 */
#include "core/export.h"

#include <spectacles/types.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif
#include <unistd.h>

SPECTACLES_EXPORT uint64_t spectacles_random_seed(void)
{
    uint64_t seed = 0;
    /* One zero in 2^64 is no reason to give up. */
    for (int i = 0; i < 3 && seed == 0; i++) {
        if (getentropy(&seed, sizeof seed) != 0)
            return 0;
    }
    return seed;
}
