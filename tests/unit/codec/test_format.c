#include "unit.h"

#include <spectacles/format.h>

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
    int error = spectacles_format_convert(out, to, from, in, in_length, &problem);
    if (error)
        fail_msg("%s at %zu", problem.text, problem.position);
    assert_int_equal(spectacles_bytes_length(out), length);
    assert_memory_equal(spectacles_bytes_data(out), bytes, length);
}

static void refused(int error, const char *why, size_t position, uint32_t to, uint32_t from,
                    const uint8_t *in, size_t in_length)
{
    spectacles_problem problem = {.text = ""};
    assert_int_equal(spectacles_format_convert(out, to, from, in, in_length, &problem), error);
    assert_int_equal(spectacles_bytes_length(out), 0);
    if (!strstr(problem.text, why))
        fail_msg("'%s' does not say '%s'", problem.text, why);
    assert_int_equal(problem.position, position);
    assert_int_equal(spectacles_format_convert(out, to, from, in, in_length, NULL), error);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_known_by_its_first_byte),
        cmocka_unit_test(the_second_byte_tells_etf_from_a_map_of_three),
        cmocka_unit_test(messagepack_is_known_by_its_first_byte),
        cmocka_unit_test(a_scalar_has_to_be_all_there_is),
        cmocka_unit_test(json_may_hide_in_messagepack),
        cmocka_unit_test(every_format_has_a_content_type),
        cmocka_unit_test(json_and_etf_become_each_other),
        cmocka_unit_test(what_is_in_no_format_is_refused),
        cmocka_unit_test(a_build_without_messagepack_says_so),
    };
    return cmocka_run_group_tests_name("codec/format", tests, make_out, free_out);
}
