#ifndef SP_CORE_SIPHASH_H
#define SP_CORE_SIPHASH_H

#include "core/buffer.h"

/*
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012; the reference implementation's second output): a hash for
 * tables, which nobody can aim at who does not know the key. For what has to be secret, it is too short.
 */
void sp_siphash(const uint64_t key[2], sp_slice bytes, uint64_t out[2]);

#endif
