#include "unit.h"

#include <spectacles/codec.h>
#include <spectacles/document.h>

enum {
    RAW = SPECTACLES_FORMAT_RAW,
    JSON = SPECTACLES_FORMAT_JSON,
    ETF = SPECTACLES_FORMAT_ETF,
    MSGPACK = SPECTACLES_FORMAT_MSGPACK,
    MSGPACK_JSON = SPECTACLES_FORMAT_MSGPACK_JSON
};

/* A body is written as C strings are, its length because of the NULs. */
#define BODY(text) (const uint8_t *)(text), sizeof(text) - 1

static spectacles_bytes *out;

static int make_out(void **state)
{
    (void)state;
    return spectacles_bytes_new(&out);
}

static int free_out(void **state)
{
    (void)state;
    spectacles_bytes_free(out);
    return 0;
}

/* ---- Recognising ---- */

static void is(uint32_t format, const uint8_t *bytes, size_t length)
{
    uint8_t *exact = malloc(length ? length : 1);
    memcpy(exact, bytes, length);
    uint32_t found = spectacles_format_of(exact, length);
    free(exact);
    if (found != format)
        fail_msg("0x%02x 0x%02x .. (%zu bytes) is %u, not %u", bytes[0], length > 1 ? bytes[1] : 0, length,
                 found, format);
}

static void json_is_known_by_its_first_byte(void **state)
{
    (void)state;
    static const char first[] = "{[\"-0123456789tfn";
    for (size_t i = 0; i < sizeof first - 1; i++) {
        const char body[] = {first[i], 'x'};
        is(JSON, (const uint8_t *)body, 2);
    }
    is(JSON, BODY(" \r\n\t{}"));
    is(JSON, BODY("5"));
    is(RAW, BODY("\xef\xbb\xbf{}"));
    is(RAW, BODY("hello"));
    is(RAW, BODY(""));
    is(RAW, BODY("+1"));
}

static void the_second_byte_tells_etf_from_a_map_of_three(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 256; second++) {
        const uint8_t body[] = {131, (uint8_t)second, 0};
        is(second < 128 ? ETF : second < 160 ? RAW : MSGPACK, body, sizeof body);
    }
    is(ETF, BODY("\x83"));
}

static void messagepack_is_known_by_its_first_byte(void **state)
{
    (void)state;
    is(MSGPACK, BODY("\x80"));
    is(MSGPACK, BODY("\x82\xa1"
                     "a\1"));
    is(MSGPACK, BODY("\x8f"));
    is(MSGPACK, BODY("\x90"));
    is(MSGPACK, BODY("\x9f"));
    is(MSGPACK, BODY("\xdc\0\1\1"));
    is(MSGPACK, BODY("\xdf\0\0\0\0"));
    is(MSGPACK, BODY("\xa0"));
    is(MSGPACK, BODY("\xa5hello"));
    is(MSGPACK, BODY("\xc4\1x"));
    is(MSGPACK, BODY("\xd6\xff\0\0\0\0"));
    is(RAW, BODY("\xc1"));
}

static void a_scalar_has_to_be_all_there_is(void **state)
{
    (void)state;
    is(MSGPACK, BODY("\xc0"));
    is(MSGPACK, BODY("\x07"));
    is(MSGPACK, BODY("\xff"));
    is(MSGPACK, BODY("\xcd\1\1"));
    is(MSGPACK, BODY("\xcb\0\0\0\0\0\0\0\0"));
    is(RAW, BODY("\xc3\xa4"));
    is(RAW, BODY("\xcd\1"));
    is(RAW, BODY("\xd0\x9f\xd1\x80\xd0\xb8"));
    is(RAW, BODY("\xe2\x82\xac"));
}

static void json_may_hide_in_messagepack(void **state)
{
    (void)state;
    is(MSGPACK_JSON, BODY("\xa2{}"));
    is(MSGPACK_JSON, BODY("\xa2[]"));
    is(MSGPACK_JSON, BODY("\xd9\2{}"));
    is(MSGPACK_JSON, BODY("\xda\0\2{}"));
    is(MSGPACK_JSON, BODY("\xdb\0\0\0\2{}"));
    is(MSGPACK_JSON, BODY("\xc4\2{}"));
    is(MSGPACK_JSON, BODY("\xc5\0\2{}"));
    is(MSGPACK_JSON, BODY("\xc6\0\0\0\2[]"));
    is(MSGPACK, BODY("\xa2 {"));
    is(MSGPACK, BODY("\xa3\"a\""));
    is(MSGPACK, BODY("\xdb\0\0{"));
}

static void names_are_read_as_settings_have_them(void **state)
{
    static const struct {
        const char *name;
        uint32_t format;
    } rows[] = {{"json", JSON},
                {"ETF", ETF},
                {"msgpack", MSGPACK},
                {"msgpack-json", MSGPACK_JSON},
                {"MsgPack_JSON", MSGPACK_JSON}};
    static const char *const wrong[] = {"", "raw", "RAW", "jso", "jsonx", "json ", "msgpackjson", "unknown"};
    uint32_t format = 77;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(spectacles_format_parse(&format, rows[i].name, strlen(rows[i].name)), SPECTACLES_OK);
        assert_int_equal(format, rows[i].format);
    }
    for (uint32_t each = JSON; each <= MSGPACK_JSON; each++) {
        const char *name = spectacles_format_name(each);
        assert_int_equal(spectacles_format_parse(&format, name, strlen(name)), SPECTACLES_OK);
        assert_int_equal(format, each);
    }
    format = 77;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(spectacles_format_parse(&format, wrong[i], strlen(wrong[i])), SPECTACLES_E_INVAL);
    assert_int_equal(format, 77);
    assert_int_equal(spectacles_format_parse(&format, "jsonx", 4), SPECTACLES_OK);
}

static void every_format_has_a_content_type(void **state)
{
    (void)state;
    assert_string_equal(spectacles_format_content_type(JSON), "application/json");
    assert_string_equal(spectacles_format_content_type(ETF), "application/x-erlang-binary");
    assert_string_equal(spectacles_format_content_type(MSGPACK), "application/msgpack");
    assert_string_equal(spectacles_format_content_type(MSGPACK_JSON), "application/msgpack");
    assert_string_equal(spectacles_format_content_type(RAW), "application/octet-stream");
    assert_string_equal(spectacles_format_content_type(99), "application/octet-stream");
}

/* ---- Converting ---- */

static void becomes(uint32_t to, const uint8_t *bytes, size_t length, uint32_t from, const uint8_t *in,
                    size_t in_length)
{
    spectacles_problem problem = {.text = ""};
    int error = spectacles_transcode(out, to, from, 0, in, in_length, &problem);
    if (error)
        fail_msg("%s at %zu", problem.text, problem.position);
    assert_int_equal(spectacles_bytes_length(out), length);
    assert_memory_equal(spectacles_bytes_data(out), bytes, length);
}

static void refused(int error, const char *why, size_t position, uint32_t to, uint32_t from,
                    const uint8_t *in, size_t in_length)
{
    spectacles_problem problem = {.text = ""};
    assert_int_equal(spectacles_transcode(out, to, from, 0, in, in_length, &problem), error);
    assert_int_equal(spectacles_bytes_length(out), 0);
    if (!strstr(problem.text, why))
        fail_msg("'%s' does not say '%s'", problem.text, why);
    assert_int_equal(problem.position, position);
    assert_int_equal(spectacles_transcode(out, to, from, 0, in, in_length, NULL), error);
}

static void json_and_etf_become_each_other(void **state)
{
    (void)state;
    becomes(JSON, BODY("{\"a\":1}"), ETF, BODY("\x83t\0\0\0\1m\0\0\0\1aa\1"));
    becomes(JSON, BODY("{\"a\":1}"), RAW, BODY("\x83t\0\0\0\1m\0\0\0\1aa\1"));
    becomes(ETF, BODY("\x83t\0\0\0\1m\0\0\0\1aa\1"), JSON, BODY("{\"a\":1}"));
    becomes(ETF, BODY("\x83t\0\0\0\1m\0\0\0\1aa\1"), ETF, BODY("t\0\0\0\1s\1aa\1"));
    becomes(JSON, BODY("{\"a\": 1}"), JSON, BODY(" {\"a\": 1}\n"));
    refused(SPECTACLES_E_PROTO, "", 5, JSON, JSON, BODY("{\"a\":}"));
    refused(SPECTACLES_E_PROTO, "cut off", 1, JSON, ETF, BODY("\x83t\0\0\0\1m"));
}

static void what_is_in_no_format_is_refused(void **state)
{
    (void)state;
    refused(SPECTACLES_E_PROTO, "no format", 0, JSON, RAW, BODY("hello"));
    refused(SPECTACLES_E_PROTO, "no format", 0, JSON, RAW, BODY(""));
    refused(SPECTACLES_E_INVAL, "no such format", 0, RAW, JSON, BODY("{}"));
    refused(SPECTACLES_E_INVAL, "no such format", 0, 5, JSON, BODY("{}"));
    refused(SPECTACLES_E_INVAL, "no such format", 0, JSON, 5, BODY("{}"));
}

static void a_build_without_messagepack_says_so(void **state)
{
    (void)state;
    if (spectacles_feature_supported("msgpack"))
        return;
    refused(SPECTACLES_E_UNSUPPORTED, "no MessagePack", 0, JSON, MSGPACK, BODY("\x80"));
    refused(SPECTACLES_E_UNSUPPORTED, "no MessagePack", 0, JSON, RAW, BODY("\xa2{}"));
    refused(SPECTACLES_E_UNSUPPORTED, "no MessagePack", 0, MSGPACK, JSON, BODY("{}"));
    refused(SPECTACLES_E_UNSUPPORTED, "no MessagePack", 0, MSGPACK_JSON, ETF, BODY("\x83j"));
}

/* ---- Documents, and half of a surrogate pair ---- */

static uint32_t last_format(void)
{
    return spectacles_feature_supported("msgpack") ? MSGPACK_JSON : ETF;
}

/* Whatever a document is read from, it writes what transcoding writes. */
static void a_document_reads_and_writes_every_format(void **state)
{
    static const char json[] = "{\"id\":\"123\",\"list\":[1,-2,2.5,null,true,false,\"x\",{}]}";
    spectacles_document *document;
    spectacles_bytes *body;
    spectacles_bytes *written;
    (void)state;
    assert_int_equal(spectacles_document_new(&document), 0);
    assert_int_equal(spectacles_bytes_new(&body) | spectacles_bytes_new(&written), 0);
    for (uint32_t from = JSON; from <= last_format(); from++) {
        assert_int_equal(spectacles_transcode(body, from, JSON, 0, BODY(json), NULL), 0);
        for (uint32_t told = RAW; told <= from; told += from) {
            assert_int_equal(spectacles_document_parse(document, told, 0, spectacles_bytes_data(body),
                                                       spectacles_bytes_length(body), NULL),
                             0);
            for (uint32_t to = JSON; to <= last_format(); to++) {
                assert_int_equal(spectacles_transcode(out, to, JSON, 0, BODY(json), NULL), 0);
                assert_int_equal(
                    spectacles_value_write(spectacles_document_root(document), to, written, NULL), 0);
                assert_int_equal(spectacles_bytes_length(written), spectacles_bytes_length(out));
                assert_memory_equal(spectacles_bytes_data(written), spectacles_bytes_data(out),
                                    spectacles_bytes_length(out));
            }
        }
    }
    spectacles_document_free(document);
    spectacles_bytes_free(body);
    spectacles_bytes_free(written);
}

static void a_document_refuses_what_is_no_format_or_flag(void **state)
{
    spectacles_document *document;
    spectacles_problem problem;
    (void)state;
    assert_int_equal(spectacles_document_new(&document), 0);
    assert_int_equal(spectacles_document_parse(document, 5, 0, BODY("{}"), &problem), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_parse(document, RAW, 0, BODY("hello"), &problem),
                     SPECTACLES_E_PROTO);
    assert_int_equal(spectacles_document_parse(document, JSON, SPECTACLES_COMPACT, BODY("{}"), &problem),
                     SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_parse(document, JSON, 0, BODY("{}"), &problem), 0);
    assert_int_equal(spectacles_value_write(spectacles_document_root(document), RAW, out, &problem),
                     SPECTACLES_E_INVAL);
    spectacles_document_free(document);
}

static const struct {
    const char *json;
    const char *text; /* read with U+FFFD in the place of each half */
} halves[] = {
    {"[\"\\ud800\"]", "[\"\xef\xbf\xbd\"]"},
    {"[\"\\udc00\"]", "[\"\xef\xbf\xbd\"]"},
    {"[\"a\\uD83Db\"]", "[\"a\xef\xbf\xbd"
                        "b\"]"},
    {"[\"\\ud83d\\ud83d\\ude00\"]", "[\"\xef\xbf\xbd\xf0\x9f\x98\x80\"]"},
    {"[\"\\ud83d\\n\"]", "[\"\xef\xbf\xbd\\n\"]"},
    {"[\"\\ud83d\\u0041\"]", "[\"\xef\xbf\xbd"
                             "A\"]"},
    {"{\"\\ude00\":\"\\ude00\\ud83d\"}", "{\"\xef\xbf\xbd\":\"\xef\xbf\xbd\xef\xbf\xbd\"}"},
};

static void half_a_surrogate_pair_becomes_the_replacement_character_where_asked(void **state)
{
    spectacles_document *document;
    spectacles_bytes *body;
    (void)state;
    assert_int_equal(spectacles_document_new(&document) | spectacles_bytes_new(&body), 0);
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
        const uint8_t *json = (const uint8_t *)halves[i].json;
        size_t length = strlen(halves[i].json);
        assert_int_equal(spectacles_document_parse(document, JSON, 0, json, length, NULL),
                         SPECTACLES_E_PROTO);
        assert_int_equal(
            spectacles_document_parse(document, JSON, SPECTACLES_REPLACE_SURROGATES, json, length, NULL), 0);
        assert_int_equal(spectacles_value_write(spectacles_document_root(document), JSON, out, NULL), 0);
        assert_string_equal((const char *)spectacles_bytes_data(out), halves[i].text);
        for (uint32_t to = ETF; to <= last_format() && to != MSGPACK_JSON; to++) {
            assert_int_equal(spectacles_transcode(body, to, JSON, 0, json, length, NULL), SPECTACLES_E_PROTO);
            assert_int_equal(
                spectacles_transcode(body, to, JSON, SPECTACLES_REPLACE_SURROGATES, json, length, NULL), 0);
            becomes(JSON, (const uint8_t *)halves[i].text, strlen(halves[i].text), to,
                    spectacles_bytes_data(body), spectacles_bytes_length(body));
        }
        /* JSON carries it as it is. */
        becomes(JSON, json, length, JSON, json, length);
    }
    spectacles_document_free(document);
    spectacles_bytes_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_known_by_its_first_byte),
        cmocka_unit_test(the_second_byte_tells_etf_from_a_map_of_three),
        cmocka_unit_test(messagepack_is_known_by_its_first_byte),
        cmocka_unit_test(a_scalar_has_to_be_all_there_is),
        cmocka_unit_test(json_may_hide_in_messagepack),
        cmocka_unit_test(names_are_read_as_settings_have_them),
        cmocka_unit_test(every_format_has_a_content_type),
        cmocka_unit_test(json_and_etf_become_each_other),
        cmocka_unit_test(what_is_in_no_format_is_refused),
        cmocka_unit_test(a_build_without_messagepack_says_so),
        cmocka_unit_test(a_document_reads_and_writes_every_format),
        cmocka_unit_test(a_document_refuses_what_is_no_format_or_flag),
        cmocka_unit_test(half_a_surrogate_pair_becomes_the_replacement_character_where_asked),
    };
    return cmocka_run_group_tests_name("codec/format", tests, make_out, free_out);
}
