#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

enum {
    FUZZ_JSON = SPECTACLES_ENCODING_JSON,
    FUZZ_ETF = SPECTACLES_ENCODING_ETF
};

/* What libFuzzer calls, and replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define must(truth) ((truth) ? (void)0 : abort())

static inline void must_equal(const spectacles_bytes *one, const spectacles_bytes *two)
{
    must(spectacles_bytes_length(one) == spectacles_bytes_length(two));
    must(!memcmp(spectacles_bytes_data(one), spectacles_bytes_data(two), spectacles_bytes_length(one)));
}

#endif
