/* Any one allocation may fail: the call fails cleanly, and the next one works. */
#include "failing.h"
#include "unit.h"

#include <spectacles/codec.h>
#include <spectacles/document.h>
#include <stdio.h>

enum {
    JSON = SPECTACLES_FORMAT_JSON,
    ETF = SPECTACLES_FORMAT_ETF,
    MANY = 200
};

static char text[40000];

static void make_text(void)
{
    size_t length =
        (size_t)snprintf(text, sizeof text, "{\"list\":[1,2.5,\"x\",null,12345678901234567890123]");
    for (int i = 0; i < MANY; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, ",\"key%d\":\"%0100d\"", i, i);
    snprintf(text + length, sizeof text - length, "}");
}

static uint32_t most_formats(void)
{
    return spectacles_feature_supported("msgpack") ? SPECTACLES_FORMAT_MSGPACK_JSON : SPECTACLES_FORMAT_ETF;
}

/* From JSON to each format, from there to each. Returns how many calls failed. */
static int rewrite(spectacles_bytes *one, spectacles_bytes *other)
{
    uint32_t most = most_formats();
    int failures = 0;
    for (uint32_t from = SPECTACLES_FORMAT_JSON; from <= most; from++) {
        failures += spectacles_transcode(one, from, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)text,
                                         strlen(text), NULL) != 0;
        for (uint32_t to = SPECTACLES_FORMAT_JSON; to <= most && !failures; to++)
            failures += spectacles_transcode(other, to, from, 0, spectacles_bytes_data(one),
                                             spectacles_bytes_length(one), NULL) != 0;
    }
    return failures;
}

/* 1 when everything worked. */
static int live(void)
{
    spectacles_bytes *etf = NULL;
    spectacles_bytes *json = NULL;
    spectacles_document *document = NULL;
    spectacles_value *value = NULL;
    int failures = 0;
    failures +=
        spectacles_bytes_new(&etf) || spectacles_bytes_new(&json) || spectacles_document_new(&document);
    if (!failures)
        failures += rewrite(etf, json);
    spectacles_bytes_free(etf);
    spectacles_bytes_free(json);
    etf = json = NULL;
    failures += spectacles_bytes_new(&etf) || spectacles_bytes_new(&json);
    if (!failures) {
        failures += spectacles_transcode(etf, ETF, JSON, 0, (const uint8_t *)text, strlen(text), NULL) != 0;
        failures += spectacles_transcode(json, JSON, ETF, 0, spectacles_bytes_data(etf),
                                         spectacles_bytes_length(etf), NULL) != 0;
        failures +=
            spectacles_document_parse(document, JSON, 0, (const uint8_t *)text, strlen(text), NULL) != 0;
        failures += spectacles_value_write(spectacles_document_root(document), ETF, etf, NULL) != 0;
        failures += spectacles_document_parse(document, ETF, 0, spectacles_bytes_data(etf),
                                              spectacles_bytes_length(etf), NULL) != 0;
        for (uint32_t to = SPECTACLES_FORMAT_MSGPACK; to <= most_formats() && !failures; to++) {
            failures += spectacles_value_write(spectacles_document_root(document), to, etf, NULL) != 0;
            failures += spectacles_document_parse(document, to, 0, spectacles_bytes_data(etf),
                                                  spectacles_bytes_length(etf), NULL) != 0;
        }
        failures += spectacles_document_text(document, text, strlen(text), &value) != 0;
        failures += value && spectacles_value_set(spectacles_document_root(document), "new", 3, value) != 0;
        failures +=
            spectacles_etf_inflate(
                json,
                (const uint8_t *)"\x83P\0\0\0\7\x78\x9c\xcb\x65\x60\x60\x60\xca\x48\x04\0\x08\x6a\x01\xd8",
                21, 100, NULL) == SPECTACLES_E_NOMEM;
    }
    spectacles_document_free(document);
    spectacles_bytes_free(json);
    spectacles_bytes_free(etf);
    return failures == 0;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    make_text();
    failing_start(0);
    assert_true(live());
    size_t count = failing_count();
    assert_in_range(count, 10, 1000);
    for (size_t nth = 1; nth <= count; nth++) {
        failing_start(nth);
        live();
    }
    failing_start(0);
    assert_true(live());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};
    return cmocka_run_group_tests_name("codec/nomem", tests, NULL, NULL);
}
