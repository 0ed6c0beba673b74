/* Chooses the walk over blocks of JSON for the processor that the program runs on. The scanner calls it. */
#include "codec/blocks.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define SP_BLOCKS_X86 1
#elif defined(__aarch64__) && defined(__ARM_NEON) && defined(__AARCH64EL__) && defined(__GNUC__)
#define SP_BLOCKS_NEON 1
#endif

/*
 * The fastest walk. The compiler's run-time library asks the processor once, when the program starts; it also asks
 * whether the system saves the registers.
 */
static sp_blocks_walk *best(void)
{
#ifdef SP_BLOCKS_X86
    bool wide = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    if (wide && __builtin_cpu_supports("avx512bw"))
        return sp_blocks_avx512;
    if (wide && __builtin_cpu_supports("avx2"))
        return sp_blocks_avx2;
    return sp_blocks_sse2;
#elif defined(SP_BLOCKS_NEON)
    return sp_blocks_neon;
#else
    return NULL;
#endif
}

sp_blocks_variant sp_blocks_variant_at(size_t n)
{
    static const sp_blocks_variant all[] = {
#ifdef SP_BLOCKS_X86
        {"avx512", sp_blocks_avx512}, {"avx2", sp_blocks_avx2},
        {"sse2", sp_blocks_sse2},
#elif defined(SP_BLOCKS_NEON)
        {"neon", sp_blocks_neon},
#endif
        {"portable", NULL},           {NULL, NULL},
    };
    size_t count = sizeof all / sizeof all[0];
    size_t first = 0;
    while (all[first].walk != best())
        first++;
    return all[n < count - 1 - first ? first + n : count - 1];
}

bool sp_blocks_pass(const uint8_t *at, const uint8_t *end, const uint8_t **behind)
{
    sp_blocks_walk *walk = best();
    return walk && walk(at, end, behind);
}
