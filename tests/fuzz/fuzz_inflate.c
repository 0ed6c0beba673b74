/*
 * Compressed messages, up to the envelope. The first byte says which compression and encoding; then messages,
 * each behind two bytes of length.
 */
#include "fuzz.h"
#include "shard/inflate.h"

enum {
    CAP = 100000
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    sp_inflate inflate = {0};
    sp_reader reader = sp_reader_of((sp_slice){bytes, length});
    uint8_t first = sp_reader_u8(&reader);
    uint32_t kind = 1 + first % 3;
    if (!sp_inflate_has(kind))
        return 0;
    must(!sp_inflate_open(&inflate, kind, CAP, 100));
    while (sp_reader_left(&reader) > 2) {
        size_t size = sp_reader_u16(&reader);
        size_t left = sp_reader_left(&reader);
        sp_slice payload;
        spectacles_envelope envelope;
        int got = sp_inflate_feed(&inflate, sp_reader_take(&reader, size < left ? size : left), &payload);
        if (got < 0)
            break;
        must(got == 0 || payload.length <= CAP);
        must(sp_buffer_length(&inflate.message) <= CAP);
        if (got == 1)
            spectacles_envelope_scan(&envelope, first / 3 % 2, payload.bytes, payload.length, NULL);
    }
    sp_inflate_free(&inflate);
    return 0;
}
