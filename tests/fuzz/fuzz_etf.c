/* ETF: readers, transcoder and documents agree, and what is written reads back. */
#include "fuzz.h"

#include <spectacles/document.h>

static void documents_agree(const uint8_t *bytes, size_t length, int fine)
{
    spectacles_document *document;
    spectacles_bytes *out;
    must(!spectacles_document_new(&document) && !spectacles_bytes_new(&out));
    int parsed = !spectacles_document_parse(document, FUZZ_ETF, 0, bytes, length, NULL);
    must(parsed == fine);
    if (parsed)
        must(!spectacles_value_write(spectacles_document_root(document), FUZZ_JSON, out, NULL));
    if (parsed && !spectacles_value_write(spectacles_document_root(document), FUZZ_ETF, out, NULL))
        must(!spectacles_document_parse(document, FUZZ_ETF, 0, spectacles_bytes_data(out),
                                        spectacles_bytes_length(out), NULL));
    spectacles_document_free(document);
    spectacles_bytes_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    spectacles_envelope envelope;
    spectacles_bytes *json, *etf, *again;
    must(!spectacles_bytes_new(&json) && !spectacles_bytes_new(&etf) && !spectacles_bytes_new(&again));
    int fine = !spectacles_transcode(json, FUZZ_JSON, FUZZ_ETF, 0, bytes, length, NULL);
    if (fine)
        must(!spectacles_json_check(spectacles_bytes_data(json), spectacles_bytes_length(json), NULL));
    if (!spectacles_transcode(etf, FUZZ_ETF, FUZZ_ETF, 0, bytes, length, NULL)) {
        must(fine);
        must(!spectacles_transcode(again, FUZZ_JSON, FUZZ_ETF, 0, spectacles_bytes_data(etf),
                                   spectacles_bytes_length(etf), NULL));
        must_equal(json, again);
        must(!spectacles_transcode(again, FUZZ_ETF, FUZZ_ETF, 0, spectacles_bytes_data(etf),
                                   spectacles_bytes_length(etf), NULL));
        must_equal(etf, again);
    }
    if (!spectacles_envelope_scan(&envelope, FUZZ_ETF, bytes, length, NULL)) {
        if (envelope.data && fine)
            must(!spectacles_transcode(again, FUZZ_JSON, FUZZ_ETF, 0, envelope.data, envelope.data_length,
                                       NULL));
        fuzz_head(&envelope, FUZZ_ETF, bytes, length);
    }
    spectacles_etf_inflate(again, bytes, length, 1 << 20, NULL);
    documents_agree(bytes, length, fine);
    spectacles_bytes_free(json);
    spectacles_bytes_free(etf);
    spectacles_bytes_free(again);
    return 0;
}
