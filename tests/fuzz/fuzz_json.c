/* JSON: the fast check and the scanner agree; what is read and written again means the same. */
#include "codec/blocks.h"
#include "codec/scanner.h"
#include "fuzz.h"

#include <spectacles/document.h>

static void ways_agree(const uint8_t *bytes, size_t length)
{
    if (length == 0 || (bytes[0] != '{' && bytes[0] != '['))
        return;
    sp_scanner scanner = sp_scanner_of((sp_slice){bytes, length});
    const uint8_t *end = sp_scanner_walk(&scanner) ? scanner.at : NULL;
    for (size_t n = 0; sp_blocks_variant_at(n).walk; n++) {
        const uint8_t *behind = NULL;
        if (sp_blocks_variant_at(n).walk(bytes, bytes + length, &behind))
            must(behind == end);
    }
}

/* Through ETF and back: what ETF can carry is the same the second time round. */
static void round_trip(const uint8_t *bytes, size_t length)
{
    spectacles_bytes *etf, *json, *again;
    must(!spectacles_bytes_new(&etf) && !spectacles_bytes_new(&json) && !spectacles_bytes_new(&again));
    if (!spectacles_transcode(etf, FUZZ_ETF, FUZZ_JSON, 0, bytes, length, NULL)) {
        must(!spectacles_transcode(json, FUZZ_JSON, FUZZ_ETF, 0, spectacles_bytes_data(etf),
                                   spectacles_bytes_length(etf), NULL));
        must(!spectacles_transcode(etf, FUZZ_ETF, FUZZ_JSON, 0, spectacles_bytes_data(json),
                                   spectacles_bytes_length(json), NULL));
        must(!spectacles_transcode(again, FUZZ_JSON, FUZZ_ETF, 0, spectacles_bytes_data(etf),
                                   spectacles_bytes_length(etf), NULL));
        must_equal(json, again);
    }
    spectacles_bytes_free(etf);
    spectacles_bytes_free(json);
    spectacles_bytes_free(again);
}

/* A document writes what the transcoder writes, but for the way in which strings are escaped. */
static void documents_agree(const uint8_t *bytes, size_t length, int valid)
{
    spectacles_document *document;
    spectacles_bytes *one, *two;
    must(!spectacles_document_new(&document) && !spectacles_bytes_new(&one) && !spectacles_bytes_new(&two));
    int parsed = !spectacles_document_parse(document, FUZZ_JSON, 0, bytes, length, NULL);
    must(valid || !parsed);
    if (parsed) {
        must(!spectacles_value_write(spectacles_document_root(document), FUZZ_JSON, one, NULL));
        must(!spectacles_transcode(two, FUZZ_JSON, FUZZ_JSON, SPECTACLES_COMPACT, spectacles_bytes_data(one),
                                   spectacles_bytes_length(one), NULL));
        must_equal(one, two);
        must(!spectacles_document_parse(document, FUZZ_JSON, 0, spectacles_bytes_data(two),
                                        spectacles_bytes_length(two), NULL));
    }
    spectacles_document_free(document);
    spectacles_bytes_free(one);
    spectacles_bytes_free(two);
}

static void envelopes_agree(const uint8_t *bytes, size_t length, int valid)
{
    spectacles_envelope envelope;
    if (spectacles_envelope_scan(&envelope, FUZZ_JSON, bytes, length, NULL))
        return;
    must(valid);
    must(!envelope.data || !spectacles_json_check(envelope.data, envelope.data_length, NULL));
    fuzz_head(&envelope, FUZZ_JSON, bytes, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    sp_scanner scanner = sp_scanner_of((sp_slice){bytes, length});
    sp_scanner_space(&scanner);
    int valid = sp_scanner_walk(&scanner) && sp_scanner_end(&scanner);
    must(valid == !spectacles_json_check(bytes, length, NULL));
    ways_agree(bytes, length);
    envelopes_agree(bytes, length, valid);
    round_trip(bytes, length);
    documents_agree(bytes, length, valid);
    return 0;
}
