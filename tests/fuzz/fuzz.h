#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

enum {
    FUZZ_JSON = SPECTACLES_FORMAT_JSON,
    FUZZ_ETF = SPECTACLES_FORMAT_ETF
};

/* What libFuzzer calls, and replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define must(truth) ((truth) ? (void)0 : abort())

/* What the head says of a payload that was scanned is what the scan says. */
static inline void fuzz_head(const spectacles_envelope *scanned, uint32_t encoding, const uint8_t *bytes,
                             size_t length)
{
    spectacles_envelope head;
    int found = spectacles_envelope_head(&head, encoding, bytes, length, NULL);
    must(found >= 0);
    if (found == 1)
        must(head.op == scanned->op && head.seq == scanned->seq && head.name == scanned->name &&
             head.name_length == scanned->name_length && !head.data);
}

static inline void must_equal(const spectacles_bytes *one, const spectacles_bytes *two)
{
    must(spectacles_bytes_length(one) == spectacles_bytes_length(two));
    must(!memcmp(spectacles_bytes_data(one), spectacles_bytes_data(two), spectacles_bytes_length(one)));
}

#endif
