#include "core/random.h"
#include "unit.h"

#include <pthread.h>
#include <spectacles/codec.h>
#include <stdio.h>

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
static spectacles_bytes *again;

static int make(void **state)
{
    (void)state;
    return spectacles_bytes_new(&out) || spectacles_bytes_new(&again);
}

static int end(void **state)
{
    (void)state;
    spectacles_bytes_free(out);
    spectacles_bytes_free(again);
    return 0;
}

/* From memory of just its size, so that a sanitizer sees a byte read too many. */
static int convert(spectacles_bytes *to_bytes, uint32_t to, uint32_t from, const uint8_t *bytes,
                   size_t length, spectacles_problem *problem)
{
    uint8_t *exact = malloc(length ? length : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, length);
    int error = spectacles_transcode(to_bytes, to, from, 0, exact, length, problem);
    free(exact);
    return error;
}

static void becomes(uint32_t to, const uint8_t *expected, size_t expected_length, uint32_t from,
                    const uint8_t *bytes, size_t length)
{
    spectacles_problem problem = {.text = ""};
    int error = convert(out, to, from, bytes, length, &problem);
    if (error)
        fail_msg("%s at %zu, instead of %.60s", problem.text, problem.position, (const char *)expected);
    if (spectacles_bytes_length(out) != expected_length ||
        memcmp(spectacles_bytes_data(out), expected, expected_length) != 0)
        fail_msg("%.200s, instead of %.200s", (const char *)spectacles_bytes_data(out),
                 (const char *)expected);
}

static void reads(const uint8_t *bytes, size_t length, const char *json)
{
    becomes(JSON, (const uint8_t *)json, strlen(json), MSGPACK, bytes, length);
}

static void writes(const char *json, const uint8_t *expected, size_t length)
{
    becomes(MSGPACK, expected, length, JSON, (const uint8_t *)json, strlen(json));
}

/* Both ways. */
static void is(const char *json, const uint8_t *bytes, size_t length)
{
    reads(bytes, length, json);
    writes(json, bytes, length);
}

static void refused(int error, const char *why, size_t position, uint32_t to, uint32_t from,
                    const uint8_t *bytes, size_t length)
{
    spectacles_problem problem = {.text = ""};
    int found = convert(out, to, from, bytes, length, &problem);
    if (found != error || !strstr(problem.text, why) || problem.position != position)
        fail_msg("%d, '%s' at %zu, instead of %d, '%s' at %zu", found, problem.text, problem.position, error,
                 why, position);
    assert_int_equal(spectacles_bytes_length(out), 0);
}

/* ---- Reading and writing ---- */

static void scalars(void **state)
{
    (void)state;
    is("null", BODY("\xc0"));
    is("false", BODY("\xc2"));
    is("true", BODY("\xc3"));
    is("0", BODY("\0"));
    is("127", BODY("\x7f"));
    is("128", BODY("\xcc\x80"));
    is("255", BODY("\xcc\xff"));
    is("256", BODY("\xcd\1\0"));
    is("65535", BODY("\xcd\xff\xff"));
    is("65536", BODY("\xce\0\1\0\0"));
    is("4294967295", BODY("\xce\xff\xff\xff\xff"));
    is("4294967296", BODY("\xcf\0\0\0\1\0\0\0\0"));
    is("9007199254740992", BODY("\xcf\0\x20\0\0\0\0\0\0"));
    is("-1", BODY("\xff"));
    is("-32", BODY("\xe0"));
    is("-33", BODY("\xd0\xdf"));
    is("-128", BODY("\xd0\x80"));
    is("-129", BODY("\xd1\xff\x7f"));
    is("-32768", BODY("\xd1\x80\0"));
    is("-32769", BODY("\xd2\xff\xff\x7f\xff"));
    is("-2147483648", BODY("\xd2\x80\0\0\0"));
    is("-2147483649", BODY("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"));
    is("1.5", BODY("\xcb\x3f\xf8\0\0\0\0\0\0"));
    is("-0.0", BODY("\xcb\x80\0\0\0\0\0\0\0"));
    reads(BODY("\xca\x3f\xc0\0\0"), "1.5");
    reads(BODY("\xca\x3d\xcc\xcc\xcd"), "0.10000000149011612");
    reads(BODY("\xd3\0\0\0\0\0\0\0\1"), "1");
    reads(BODY("\xcf\0\0\0\0\0\0\0\1"), "1");
    writes("-0", BODY("\xcb\x80\0\0\0\0\0\0\0"));
    writes("1e2", BODY("\xcb\x40\x59\0\0\0\0\0\0"));
}

static void large_numbers_stay_exact(void **state)
{
    (void)state;
    reads(BODY("\xcf\0\x20\0\0\0\0\0\1"), "\"9007199254740993\"");
    reads(BODY("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "\"18446744073709551615\"");
    reads(BODY("\xd3\x80\0\0\0\0\0\0\0"), "\"-9223372036854775808\"");
    writes("9007199254740993", BODY("\xcf\0\x20\0\0\0\0\0\1"));
    writes("18446744073709551615", BODY("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
    writes("-9223372036854775808", BODY("\xd3\x80\0\0\0\0\0\0\0"));
    /* Beyond 64 bits. */
    writes("18446744073709551616", BODY("\xb4"
                                        "18446744073709551616"));
    writes("-9223372036854775809", BODY("\xb4"
                                        "-9223372036854775809"));
    /* From ETF they are for JavaScript; to ETF, Erlang has them all. */
    becomes(MSGPACK,
            BODY("\xb0"
                 "9007199254740993"),
            ETF, BODY("\x83n\7\0\1\0\0\0\0\0\x20"));
    becomes(MSGPACK, BODY("\xb1-9007199254740993"), ETF, BODY("\x83n\7\1\1\0\0\0\0\0\x20"));
    becomes(MSGPACK, BODY("\xb5-18446744073709551616"), ETF, BODY("\x83n\x09\1\0\0\0\0\0\0\0\0\1"));
    becomes(MSGPACK, BODY("\xcf\0\x20\0\0\0\0\0\0"), ETF, BODY("\x83n\7\0\0\0\0\0\0\0\x20"));
    becomes(ETF, BODY("\x83n\7\0\1\0\0\0\0\0\x20"), MSGPACK, BODY("\xcf\0\x20\0\0\0\0\0\1"));
}

static void texts(void **state)
{
    (void)state;
    char json[70003] = "\"";
    uint8_t bytes[70005];
    static const struct {
        size_t length;
        uint8_t head[5];
        size_t width;
    } heads[] = {{31, {0xbf}, 1},        {32, {0xd9, 32}, 2},          {255, {0xd9, 255}, 2},
                 {256, {0xda, 1, 0}, 3}, {65535, {0xda, 255, 255}, 3}, {65536, {0xdb, 0, 1, 0, 0}, 5}};
    is("\"\"", BODY("\xa0"));
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t length = heads[i].length;
        memset(json + 1, 'x', length);
        json[length + 1] = '"';
        json[length + 2] = '\0';
        memcpy(bytes, heads[i].head, heads[i].width);
        memset(bytes + heads[i].width, 'x', length);
        is(json, bytes, heads[i].width + length);
    }
    is("\"\xc3\xa4\\\"\\n\"", BODY("\xa4\xc3\xa4\"\n"));
    reads(BODY("\xc4\2hi"), "\"hi\"");
    reads(BODY("\xc5\0\2hi"), "\"hi\"");
    reads(BODY("\xc6\0\0\0\2hi"), "\"hi\"");
    reads(BODY("\xd9\2hi"), "\"hi\"");
    reads(BODY("\xdb\0\0\0\2hi"), "\"hi\"");
}

/* The head is guessed from what is written, and is shorter, or of Latin-1, longer. */
static void texts_whose_length_changes(void **state)
{
    (void)state;
    writes("\"\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\"", BODY("\xa6"
                                                                  "AAAAAA"));
    writes("\"\\ud83d\\ude00\"", BODY("\xa4\xf0\x9f\x98\x80"));
    becomes(MSGPACK,
            BODY("\xd9\x22\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
            ETF, BODY("\x83s\x11\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4"));
    writes("\"\\u0000\"", BODY("\xa1\0"));
}

static void containers(void **state)
{
    (void)state;
    is("[]", BODY("\x90"));
    is("{}", BODY("\x80"));
    is("[[],{},[[1]]]", BODY("\x93\x90\x80\x91\x91\1"));
    is("{\"a\":[1,{\"b\":null}],\"c\":{}}", BODY("\x82\xa1"
                                                 "a\x92\1\x81\xa1"
                                                 "b\xc0\xa1"
                                                 "c\x80"));
    is("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", BODY("\x9f\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"));
    is("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,[]]", BODY("\xdc\0\x10\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\x90"));
    reads(BODY("\xdd\0\0\0\1\1"), "[1]");
    reads(BODY("\xde\0\1\xa1"
               "a\1"),
          "{\"a\":1}");
    reads(BODY("\xdf\0\0\0\1\xa1"
               "a\1"),
          "{\"a\":1}");
    is("{\"a\":1,\"a\":2}", BODY("\x82\xa1"
                                 "a\1\xa1"
                                 "a\2"));
}

/* 65536 elements want four bytes of count, and so does what is around them. */
static void large_containers(void **state)
{
    (void)state;
    static char json[300000];
    size_t length = (size_t)snprintf(json, sizeof json, "[[0");
    for (int i = 1; i < 65536; i++)
        length += (size_t)snprintf(json + length, sizeof json - length, ",%d", i % 10);
    snprintf(json + length, sizeof json - length, "],{\"k\":[]}]");
    assert_int_equal(convert(out, MSGPACK, JSON, (const uint8_t *)json, strlen(json), NULL), 0);
    assert_int_equal(spectacles_bytes_length(out), 1 + 5 + 65536 + 4);
    assert_memory_equal(spectacles_bytes_data(out), "\x92\xdd\0\1\0\0\0\1\2", 9);
    assert_memory_equal(spectacles_bytes_data(out) + 6 + 65536, "\x81\xa1k\x90", 4);
    assert_int_equal(
        convert(again, JSON, MSGPACK, spectacles_bytes_data(out), spectacles_bytes_length(out), NULL), 0);
    assert_string_equal((const char *)spectacles_bytes_data(again), json);
}

static void keys(void **state)
{
    (void)state;
    reads(BODY("\x81\1\2"), "{\"1\":2}");
    reads(BODY("\x81\xff\2"), "{\"-1\":2}");
    reads(BODY("\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\2"), "{\"18446744073709551615\":2}");
    reads(BODY("\x81\xc4\1k\2"), "{\"k\":2}");
    refused(SPECTACLES_E_PROTO, "key", 1, JSON, MSGPACK, BODY("\x81\xc0\2"));
    refused(SPECTACLES_E_PROTO, "key", 1, JSON, MSGPACK, BODY("\x81\xc3\2"));
    refused(SPECTACLES_E_PROTO, "key", 1, JSON, MSGPACK, BODY("\x81\x90\2"));
    refused(SPECTACLES_E_PROTO, "key", 1, JSON, MSGPACK, BODY("\x81\xca\0\0\0\0\2"));
}

static void what_has_no_place_in_json_is_refused_where_it_stands(void **state)
{
    (void)state;
    refused(SPECTACLES_E_UNSUPPORTED, "extension", 1, JSON, MSGPACK, BODY("\x91\xd6\xff\0\0\0\0"));
    refused(SPECTACLES_E_UNSUPPORTED, "extension", 1, ETF, MSGPACK, BODY("\x91\xc7\x0c\xff\0\0\0\0"));
    refused(SPECTACLES_E_UNSUPPORTED, "extension", 0, MSGPACK, MSGPACK, BODY("\xd4\1\1"));
    refused(SPECTACLES_E_PROTO, "0xc1", 1, JSON, MSGPACK, BODY("\x91\xc1"));
    refused(SPECTACLES_E_PROTO, "not UTF-8", 3, JSON, MSGPACK, BODY("\x91\xa2x\xff"));
    refused(SPECTACLES_E_PROTO, "not UTF-8", 2, MSGPACK, MSGPACK, BODY("\xc4\2\xc3x"));
    refused(SPECTACLES_E_PROTO, "not UTF-8", 2, ETF, MSGPACK, BODY("\x81\xa1\x80\1"));
    refused(SPECTACLES_E_PROTO, "finite", 0, JSON, MSGPACK, BODY("\xca\x7f\x80\0\0"));
    refused(SPECTACLES_E_PROTO, "finite", 1, MSGPACK, MSGPACK, BODY("\x91\xcb\x7f\xf8\0\0\0\0\0\0"));
    refused(SPECTACLES_E_PROTO, "stands behind", 1, JSON, MSGPACK, BODY("\x90\x90"));
    refused(SPECTACLES_E_PROTO, "key twice", 7, ETF, MSGPACK, BODY("\x82\xa1k\1\xa1k\2"));
    refused(SPECTACLES_E_PROTO, "too large", 1, MSGPACK, JSON, BODY("[1e999]"));
    refused(SPECTACLES_E_PROTO, "surrogate", 2, MSGPACK, JSON, BODY("[\"\\ud800\"]"));
    refused(SPECTACLES_E_PROTO, "", 3, MSGPACK, JSON, BODY("[1,]"));
    refused(SPECTACLES_E_UNSUPPORTED, "kind", 1, MSGPACK, ETF, BODY("\x83g"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY(""));
}

static void lying_lengths_are_refused_before_anything_is_reserved(void **state)
{
    (void)state;
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY("\xdd\xff\xff\xff\xff\1\1\1"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY("\xdf\xff\xff\xff\xff\1\1\1"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY("\xdf\x80\0\0\0\1\1\1"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY("\xdb\xff\xff\xff\xffx"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY("\xc6\xff\xff\xff\xffx"));
    refused(SPECTACLES_E_PROTO, "cut off", 1, JSON, MSGPACK, BODY("\x92\xdc\xff\xff\1"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK, BODY("\x81\xa1"));
}

/* ---- JSON in MessagePack ---- */

static void json_is_wrapped_and_unwrapped(void **state)
{
    (void)state;
    becomes(JSON, BODY("{\"a\":1.0}"), MSGPACK_JSON, BODY("\xa9{\"a\":1.0}"));
    becomes(JSON, BODY("{\"a\":1.0}"), RAW, BODY("\xc4\x09{\"a\":1.0}"));
    becomes(JSON, BODY("[]"), MSGPACK_JSON, BODY("\xdb\0\0\0\4 [] "));
    becomes(MSGPACK_JSON, BODY("\xa9{\"a\":1.0}"), JSON, BODY(" {\"a\":1.0} "));
    becomes(MSGPACK_JSON, BODY("\xa2[]"), MSGPACK_JSON, BODY("\xc4\2[]"));
    becomes(MSGPACK_JSON, BODY("\xa5[1,2]"), MSGPACK, BODY("\x92\1\2"));
    becomes(MSGPACK_JSON, BODY("\xa5[1,2]"), ETF, BODY("\x83k\0\2\1\2"));
    becomes(MSGPACK, BODY("\x92\1\2"), MSGPACK_JSON, BODY("\xa5[1,2]"));
    becomes(ETF, BODY("\x83j"), MSGPACK_JSON, BODY("\xa2[]"));
    becomes(MSGPACK_JSON, BODY("\xd9\x20[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]"), JSON,
            BODY("[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]"));
}

static void what_is_wrapped_badly_is_refused(void **state)
{
    (void)state;
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK_JSON, BODY("\xa3{}"));
    refused(SPECTACLES_E_PROTO, "cut off", 0, JSON, MSGPACK_JSON, BODY("\xdb\xff\xff\xff\xff{}"));
    refused(SPECTACLES_E_PROTO, "stands behind", 0, JSON, MSGPACK_JSON, BODY("\xa2{}}"));
    refused(SPECTACLES_E_PROTO, "no MessagePack text", 0, JSON, MSGPACK_JSON, BODY("\x90"));
    refused(SPECTACLES_E_PROTO, "no MessagePack text", 0, JSON, MSGPACK_JSON, BODY(""));
    refused(SPECTACLES_E_PROTO, "no MessagePack text", 0, JSON, MSGPACK_JSON, BODY("\xda\0"));
    refused(SPECTACLES_E_PROTO, "no closing quote", 6, JSON, MSGPACK_JSON, BODY("\xd9\4{\"a}"));
    refused(SPECTACLES_E_PROTO, "", 2, ETF, MSGPACK_JSON, BODY("\xa2{]"));
}

/* ---- Hostile ---- */

static const char sample[] = "\x8a\xa1"
                             "a\xc0\xa1"
                             "b\xc2\xa1"
                             "c\x93\1\xff\xcd\1\1\xa1"
                             "d\xd9\x21"
                             "a text of more than 31 bytes: \xc3\xa4.\xa1"
                             "e\xcb\x3f\xf8\0\0\0\0\0\0\xa1"
                             "f\xca\x3f\xc0\0\0\xa1"
                             "g\xdc\0\2\x80\x90\xa1"
                             "h\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1"
                             "i\xd3\x80\0\0\0\0\0\0\0\xa1"
                             "j\xc4\3bin";

static const char sample_json[] =
    "{\"a\":null,\"b\":false,\"c\":[1,-1,257],\"d\":\"a text of more than 31 bytes: "
    "\xc3\xa4.\",\"e\":1.5,\"f\":1.5,"
    "\"g\":[{},[]],\"h\":\"18446744073709551615\",\"i\":\"-9223372036854775808\",\"j\":\"bin\"}";

static void every_truncation_is_refused(void **state)
{
    (void)state;
    reads(BODY(sample), sample_json);
    for (size_t length = 0; length < sizeof sample - 1; length++) {
        assert_int_equal(convert(out, JSON, MSGPACK, (const uint8_t *)sample, length, NULL),
                         SPECTACLES_E_PROTO);
        assert_int_equal(convert(out, MSGPACK, MSGPACK, (const uint8_t *)sample, length, NULL),
                         SPECTACLES_E_PROTO);
    }
}

static void check_round_trip(const uint8_t *bytes, size_t length)
{
    if (convert(out, JSON, MSGPACK, bytes, length, NULL))
        return;
    assert_int_equal(spectacles_json_check(spectacles_bytes_data(out), spectacles_bytes_length(out), NULL),
                     0);
    assert_int_equal(convert(again, MSGPACK, MSGPACK, bytes, length, NULL), 0);
    uint8_t json[4096];
    size_t json_length = spectacles_bytes_length(out);
    assert_true(json_length < sizeof json);
    memcpy(json, spectacles_bytes_data(out), json_length);
    becomes(JSON, json, json_length, MSGPACK, spectacles_bytes_data(again), spectacles_bytes_length(again));
}

static void every_corruption_of_a_byte_is_an_error_or_a_value(void **state)
{
    (void)state;
    uint8_t bytes[sizeof sample - 1];
    for (size_t place = 0; place < sizeof bytes; place++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(bytes, sample, sizeof bytes);
            bytes[place] = (uint8_t)value;
            check_round_trip(bytes, sizeof bytes);
            convert(out, JSON, MSGPACK_JSON, bytes, sizeof bytes, NULL);
            convert(out, JSON, RAW, bytes, sizeof bytes, NULL);
        }
    }
}

static void noise_is_an_error_or_a_value(void **state)
{
    (void)state;
    sp_random dice = {7};
    uint8_t bytes[48];
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)sp_random_upto(&dice, sizeof bytes);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)sp_random_upto(&dice, 255);
        check_round_trip(bytes, length);
    }
}

static void nests(uint32_t to, size_t depth, uint8_t tag, int expected)
{
    static uint8_t bytes[2000];
    size_t length = 0;
    for (size_t i = 0; i < depth; i++) {
        bytes[length++] = tag;
        if (tag == 0x81)
            bytes[length++] = 0xa0;
    }
    bytes[length++] = 0xc0;
    assert_int_equal(convert(out, to, MSGPACK, bytes, length, NULL), expected);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (uint32_t to = JSON; to <= MSGPACK_JSON; to++) {
        nests(to, SPECTACLES_DEPTH_MAX, 0x91, SPECTACLES_OK);
        nests(to, SPECTACLES_DEPTH_MAX + 1, 0x91, SPECTACLES_E_PROTO);
        nests(to, SPECTACLES_DEPTH_MAX, 0x81, SPECTACLES_OK);
        nests(to, SPECTACLES_DEPTH_MAX + 1, 0x81, SPECTACLES_E_PROTO);
    }
    static char json[1100];
    memset(json, '[', SPECTACLES_DEPTH_MAX);
    memset(json + SPECTACLES_DEPTH_MAX, ']', SPECTACLES_DEPTH_MAX);
    assert_int_equal(convert(out, MSGPACK, JSON, (const uint8_t *)json, 2 * SPECTACLES_DEPTH_MAX, NULL), 0);
    assert_int_equal(spectacles_bytes_length(out), SPECTACLES_DEPTH_MAX);
    becomes(JSON, (const uint8_t *)json, 2 * SPECTACLES_DEPTH_MAX, MSGPACK, spectacles_bytes_data(out),
            spectacles_bytes_length(out));
}

static void *work(void *argument)
{
    depth_is_bounded(NULL);
    containers(NULL);
    json_is_wrapped_and_unwrapped(NULL);
    return argument;
}

static void a_stack_of_64_kb_is_enough(void **state)
{
    pthread_t thread;
    pthread_attr_t small;
    (void)state;
    assert_int_equal(pthread_attr_init(&small), 0);
    if (pthread_attr_setstacksize(&small, 65536) != 0)
        skip(); /* AArch64 gives no thread less than 128 kB */
    assert_int_equal(pthread_create(&thread, &small, work, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(large_numbers_stay_exact),
        cmocka_unit_test(texts),
        cmocka_unit_test(texts_whose_length_changes),
        cmocka_unit_test(containers),
        cmocka_unit_test(large_containers),
        cmocka_unit_test(keys),
        cmocka_unit_test(what_has_no_place_in_json_is_refused_where_it_stands),
        cmocka_unit_test(lying_lengths_are_refused_before_anything_is_reserved),
        cmocka_unit_test(json_is_wrapped_and_unwrapped),
        cmocka_unit_test(what_is_wrapped_badly_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_corruption_of_a_byte_is_an_error_or_a_value),
        cmocka_unit_test(noise_is_an_error_or_a_value),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_stack_of_64_kb_is_enough),
    };
    return cmocka_run_group_tests_name("codec/msgpack", tests, make, end);
}
