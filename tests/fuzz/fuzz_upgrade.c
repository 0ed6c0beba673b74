/* The answer to the upgrade: any bytes are refused, accepted or incomplete, and reading them in pieces is the same. */
#include "fuzz.h"
#include "shard/handshake.h"

static int look(const uint8_t *bytes, size_t length, bool all, size_t *used)
{
    sp_handshake handshake = {.accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="};
    sp_text why;
    int got = sp_handshake_response(&handshake, (sp_slice){bytes, length}, all, used, &why);
    must(got <= 1);
    must(got != 1 || *used <= length);
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t used = 0;
    size_t again = 0;
    int got = look(bytes, length, false, &used);
    must(look(bytes, length, true, &again) == got || got == 0);
    /* A head that is complete stays what it is when more comes behind it. */
    for (size_t shorter = 0; shorter < length && length < 2000; shorter++) {
        int part = look(bytes, shorter, false, &again);
        must(part == 0 || got != 0);
        must(part != 1 || (got == 1 && again == used));
    }
    return 0;
}
