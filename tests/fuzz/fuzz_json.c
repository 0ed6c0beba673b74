/* JSON: the fast way and the slow one agree; what is read and written again means the same. */
#include "codec/blocks.h"
#include "codec/scanner.h"
#include "fuzz.h"

#include <spectacles/document.h>

static void ways_agree(const uint8_t *bytes, size_t length, int valid)
{
    if (length == 0 || (bytes[0] != '{' && bytes[0] != '['))
        return;
    for (size_t n = 0; sp_blocks_way_at(n).walk; n++) {
        const uint8_t *behind = NULL;
        if (sp_blocks_way_at(n).walk(bytes, bytes + length, &behind) && behind == bytes + length)
            must(valid);
    }
}

/* Through ETF and back: what ETF can carry is the same the second time round. */
static void round_trip(const uint8_t *bytes, size_t length)
{
    spectacles_bytes *one, *two;
    if (spectacles_bytes_new(&one))
        return;
    must(!spectacles_bytes_new(&two));
    if (!spectacles_transcode(one, FUZZ_ETF, FUZZ_JSON, bytes, length, NULL)) {
        must(!spectacles_transcode(two, FUZZ_JSON, FUZZ_ETF, spectacles_bytes_data(one),
                                   spectacles_bytes_length(one), NULL));
        must(!spectacles_transcode(one, FUZZ_ETF, FUZZ_JSON, spectacles_bytes_data(two),
                                   spectacles_bytes_length(two), NULL));
    }
    spectacles_bytes_free(one);
    spectacles_bytes_free(two);
}

/* A document writes what the transcoder writes, but for the way in which strings are escaped. */
static void documents_agree(const uint8_t *bytes, size_t length, int valid)
{
    spectacles_document *document;
    spectacles_bytes *one, *two;
    must(!spectacles_document_new(&document) && !spectacles_bytes_new(&one) && !spectacles_bytes_new(&two));
    int parsed = !spectacles_document_parse(document, FUZZ_JSON, bytes, length, NULL);
    must(valid || !parsed);
    if (parsed) {
        must(!spectacles_value_write(spectacles_document_root(document), FUZZ_JSON, one, NULL));
        must(!spectacles_transcode(two, FUZZ_JSON, FUZZ_JSON, spectacles_bytes_data(one),
                                   spectacles_bytes_length(one), NULL));
        must_equal(one, two);
        must(!spectacles_document_parse(document, FUZZ_JSON, spectacles_bytes_data(two),
                                        spectacles_bytes_length(two), NULL));
    }
    spectacles_document_free(document);
    spectacles_bytes_free(one);
    spectacles_bytes_free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    spectacles_envelope envelope;
    sp_scanner scanner = sp_scanner_of((sp_slice){bytes, length});
    int valid = sp_scanner_walk(&scanner) && scanner.at == scanner.end;
    int checked = spectacles_json_check(bytes, length, NULL) == SPECTACLES_OK;
    must(checked || !valid);
    if (!spectacles_envelope_scan(&envelope, FUZZ_JSON, bytes, length, NULL)) {
        must(checked);
        must(!envelope.data || !spectacles_json_check(envelope.data, envelope.data_length, NULL));
        must(spectacles_envelope_head(&envelope, FUZZ_JSON, bytes, length, NULL) >= 0);
    }
    ways_agree(bytes, length, valid);
    round_trip(bytes, length);
    documents_agree(bytes, length, checked);
    return 0;
}
