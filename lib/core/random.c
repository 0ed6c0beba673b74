/* Random numbers for jitter, masks and keys. The shard, the broker, the link and the back-off call it. */
#include "core/random.h"

uint64_t sp_random_next(sp_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t sp_random_upto(sp_random *random, uint64_t max)
{
    uint64_t value = sp_random_next(random);
    return max == UINT64_MAX ? value : value % (max + 1);
}

uint64_t sp_random_backoff(sp_random *random, uint32_t attempt, uint64_t base, uint64_t cap)
{
    uint64_t max = base;
    for (uint32_t i = 0; i < attempt && max < cap; i++)
        max = max > cap / 2 ? cap : max * 2;
    return sp_random_upto(random, max < cap ? max : cap);
}
