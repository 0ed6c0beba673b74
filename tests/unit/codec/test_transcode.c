#include "codec/number.h"
#include "codec/suite.h"
#include "unit.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <spectacles/codec.h>
#include <spectacles/document.h>
#include <stdio.h>

enum {
    JSON = SPECTACLES_FORMAT_JSON,
    ETF = SPECTACLES_FORMAT_ETF
};

/* A term is written as C strings are, its length because of the NULs. */
#define TERM(text) (const uint8_t *)(text), sizeof(text) - 1

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

/* ---- ETF to JSON ---- */

static void reads(const uint8_t *term, size_t length, const char *json)
{
    spectacles_problem problem = {.text = ""};
    int error = spectacles_transcode(out, JSON, ETF, 0, term, length, &problem);
    if (error)
        fail_msg("%s at %zu, instead of %s", problem.text, problem.position, json);
    assert_string_equal((const char *)spectacles_bytes_data(out), json);
    assert_int_equal(spectacles_bytes_length(out), strlen(json));
}

static void atoms_have_their_json(void **state)
{
    (void)state;
    reads(TERM("\x83w\x03nil"), "null");
    reads(TERM("\x83s\x04null"), "null");
    reads(TERM("\x83"
               "d\0\x04true"),
          "true");
    reads(TERM("\x83v\0\x05"
               "false"),
          "false");
    reads(TERM("\x83s\x09undefined"), "\"undefined\"");
    reads(TERM("\x83s\x01\xff"), "\"\xc3\xbf\"");     /* Latin-1 */
    reads(TERM("\x83w\x02\xc3\xbf"), "\"\xc3\xbf\""); /* UTF-8 */
}

static void numbers_have_their_json(void **state)
{
    (void)state;
    reads(TERM("\x83"
               "a\xff"),
          "255");
    reads(TERM("\x83"
               "b\xff\xff\xff\xfe"),
          "-2");
    reads(TERM("\x83n\x01\0\x07"), "7");
    reads(TERM("\x83n\x08\0\0\0\0\0\0\0\x20\0"), "9007199254740992");       /* 2^53 */
    reads(TERM("\x83n\x08\0\x01\0\0\0\0\0\x20\0"), "\"9007199254740993\""); /* one more */
    reads(TERM("\x83n\x08\x01\x01\0\0\0\0\0\x20\0"), "\"-9007199254740993\"");
    reads(TERM("\x83n\x08\x01\0\0\0\0\0\0\0\x80"), "\"-9223372036854775808\"");
    reads(TERM("\x83n\x08\x01\x01\0\0\0\0\0\0\x80"), "\"-9223372036854775809\"");
    reads(TERM("\x83n\x08\0\xff\xff\xff\xff\xff\xff\xff\xff"), "\"18446744073709551615\"");
    reads(TERM("\x83n\x0a\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0"), "\"18446744073709551615\"");
    reads(TERM("\x83n\x09\0\0\0\0\0\0\0\0\0\x01"), "\"18446744073709551616\"");
    reads(TERM("\x83o\0\0\0\x01\0\x05"), "5");
    reads(TERM("\x83n\0\0"), "0");
    reads(TERM("\x83"
               "F\x3f\xf8\0\0\0\0\0\0"),
          "1.5");
    reads(TERM("\x83"
               "F\x80\0\0\0\0\0\0\0"),
          "-0.0");
    reads(TERM("\x83"
               "c1.50000000000000000000e+00\0\0\0\0\0"),
          "1.5");
}

static void containers_and_texts_have_their_json(void **state)
{
    (void)state;
    reads(TERM("\x83j"), "[]");
    reads(TERM("\x83k\0\x02\0\x01"), "[0,1]"); /* READY.shard */
    reads(TERM("\x83l\0\0\0\x02"
               "a\x01"
               "jj"),
          "[1,[]]");
    reads(TERM("\x83h\0"), "[]");
    reads(TERM("\x83h\x02"
               "a\x01s\x01x"),
          "[1,\"x\"]");
    reads(TERM("\x83i\0\0\0\x01"
               "a\x01"),
          "[1]");
    reads(TERM("\x83t\0\0\0\0"), "{}");
    reads(TERM("\x83t\0\0\0\x05"
               "m\0\0\0\x01"
               "aj"
               "s\x01"
               "bj"
               "a\x07j"
               "s\x03nilj"
               "b\xff\xff\xff\xffj"),
          "{\"a\":[],\"b\":[],\"7\":[],\"nil\":[],\"-1\":[]}");
    reads(TERM("\x83m\0\0\0\x05\"\\\n\0\x1f"), "\"\\\"\\\\\\n\\u0000\\u001f\"");
    reads(TERM("m\0\0\0\x02hi"), "\"hi\""); /* without a version byte */
}

static void cannot_read(const uint8_t *term, size_t length, int error, size_t position, const char *why)
{
    spectacles_problem problem = {.text = ""};
    assert_int_equal(spectacles_transcode(out, JSON, ETF, 0, term, length, &problem), error);
    if (!strstr(problem.text, why) || problem.position != position)
        fail_msg("\"%s\" at %zu, instead of %s at %zu", problem.text, problem.position, why, position);
    assert_int_equal(spectacles_bytes_length(out), 0);
}

static void what_json_has_no_place_for_is_refused(void **state)
{
    (void)state;
    cannot_read(TERM(""), SPECTACLES_E_PROTO, 0, "cut off");
    cannot_read(TERM("\x83"), SPECTACLES_E_PROTO, 1, "cut off");
    cannot_read(TERM("\x83jj"), SPECTACLES_E_PROTO, 2, "behind the term");
    cannot_read(TERM("\x83P\0\0\0\x01xx"), SPECTACLES_E_UNSUPPORTED, 1, "compressed");
    cannot_read(TERM("\x83g"), SPECTACLES_E_UNSUPPORTED, 1, "no place");
    cannot_read(TERM("\x83M\0\0\0\x01\x01\x80"), SPECTACLES_E_UNSUPPORTED, 1, "no place");
    cannot_read(TERM("\x83m\0\0\0\x03"
                     "a\xff"
                     "b"),
                SPECTACLES_E_PROTO, 7, "not UTF-8");
    cannot_read(TERM("\x83w\x01\xff"), SPECTACLES_E_PROTO, 3, "not UTF-8");
    cannot_read(TERM("\x83l\0\0\0\x01"
                     "a\x01"
                     "a\x02"),
                SPECTACLES_E_PROTO, 8, "tail");
    cannot_read(TERM("\x83"
                     "F\x7f\xf0\0\0\0\0\0\0"),
                SPECTACLES_E_PROTO, 1, "finite");
    cannot_read(TERM("\x83"
                     "c1,50000000000000000000e+00\0\0\0\0\0"),
                SPECTACLES_E_PROTO, 1, "float");
    cannot_read(TERM("\x83n\x01\x02\x01"), SPECTACLES_E_PROTO, 1, "sign");
    cannot_read(TERM("\x83t\0\0\0\x01jj"), SPECTACLES_E_PROTO, 6, "key");
    cannot_read(TERM("\x83t\0\0\0\x02s\x01"
                     "aj"),
                SPECTACLES_E_PROTO, 10, "cut off");
    cannot_read(TERM("\x83l\xff\xff\xff\xff"), SPECTACLES_E_PROTO, 1, "too large");
    assert_int_equal(spectacles_transcode(out, 9, JSON, 0, TERM("1"), NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_transcode(out, JSON, 9, 0, TERM("1"), NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_transcode(out, JSON, ETF, 4, TERM("1"), NULL), SPECTACLES_E_INVAL);
}

/* ---- Spoilt terms ---- */

enum {
    SAMPLE_MOST = 400
};

/* In memory of just that size, so that a sanitizer sees a byte read too many. */
static void survives(const uint8_t *term, size_t length)
{
    uint8_t *exact = malloc(length ? length : 1);
    spectacles_envelope envelope;
    assert_non_null(exact);
    memcpy(exact, term, length);
    if (spectacles_transcode(out, JSON, ETF, 0, exact, length, NULL) == SPECTACLES_OK)
        assert_int_equal(
            spectacles_json_check(spectacles_bytes_data(out), spectacles_bytes_length(out), NULL), 0);
    spectacles_envelope_scan(&envelope, ETF, exact, length, NULL);
    free(exact);
}

static void spoil(const char *path)
{
    uint8_t term[SAMPLE_MOST + 1];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(term, 1, sizeof term, file);
    fclose(file);
    if (length > SAMPLE_MOST)
        return;
    for (size_t shorter = 0; shorter <= length; shorter++)
        survives(term, shorter);
    for (size_t place = 0; place < length; place++) {
        uint8_t right = term[place];
        for (int wrong = 0; wrong < 256; wrong++) {
            term[place] = (uint8_t)wrong;
            survives(term, length);
        }
        term[place] = right;
    }
}

/* Every truncation and every value of every byte: an error or a value, never more. */
static void no_spoilt_term_does_harm(void **state)
{
    int samples = 0;
    DIR *folder = opendir(ETF_SAMPLES);
    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[2048];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", ETF_SAMPLES, entry->d_name);
        spoil(path);
        samples++;
    }
    closedir(folder);
    assert_true(samples >= 20);
}

/* ---- JSON to ETF ---- */

static void writes(const char *json, const uint8_t *term, size_t length)
{
    spectacles_problem problem = {.text = ""};
    if (spectacles_transcode(out, ETF, JSON, 0, (const uint8_t *)json, strlen(json), &problem))
        fail_msg("%s: %s at %zu", json, problem.text, problem.position);
    assert_int_equal(spectacles_bytes_length(out), length);
    assert_memory_equal(spectacles_bytes_data(out), term, length);
}

static void json_becomes_what_erlpack_writes(void **state)
{
    (void)state;
    writes("null", TERM("\x83s\x03nil"));
    writes(" true ", TERM("\x83s\x04true"));
    writes("255", TERM("\x83"
                       "a\xff"));
    writes("256", TERM("\x83"
                       "b\0\0\x01\0"));
    writes("-1", TERM("\x83"
                      "b\xff\xff\xff\xff"));
    writes("-2147483648", TERM("\x83"
                               "b\x80\0\0\0"));
    writes("2147483648", TERM("\x83n\x04\0\0\0\0\x80"));
    writes("-9223372036854775808", TERM("\x83n\x08\x01\0\0\0\0\0\0\0\x80"));
    writes("18446744073709551615", TERM("\x83n\x08\0\xff\xff\xff\xff\xff\xff\xff\xff"));
    writes("-18446744073709551616", TERM("\x83n\x09\x01\0\0\0\0\0\0\0\0\x01"));
    writes("-0", TERM("\x83"
                      "F\x80\0\0\0\0\0\0\0"));
    writes("15e-1", TERM("\x83"
                         "F\x3f\xf8\0\0\0\0\0\0"));
    writes("[]", TERM("\x83j"));
    writes("[1,\"a\"]", TERM("\x83l\0\0\0\x02"
                             "a\x01m\0\0\0\x01"
                             "aj"));
    writes("{}", TERM("\x83t\0\0\0\0"));
    writes("{\"a\":[[]]}", TERM("\x83t\0\0\0\x01m\0\0\0\x01"
                                "al\0\0\0\x01jj"));
    writes("\"\\u0000\\u00e9\\ud83d\\ude00\\n\\/\"", TERM("\x83m\0\0\0\x09\0\xc3\xa9\xf0\x9f\x98\x80\n/"));
}

static void cannot_write(const char *json, size_t position, const char *why)
{
    spectacles_problem problem = {.text = ""};
    assert_int_equal(spectacles_transcode(out, ETF, JSON, 0, (const uint8_t *)json, strlen(json), &problem),
                     SPECTACLES_E_PROTO);
    if (!strstr(problem.text, why) || problem.position != position)
        fail_msg("%s: \"%s\" at %zu, instead of %s at %zu", json, problem.text, problem.position, why,
                 position);
}

static void what_erlang_has_no_place_for_is_refused(void **state)
{
    char many[20000] = "{";
    (void)state;
    cannot_write("[1e400]", 1, "too large");
    cannot_write("\"a\\ud800b\"", 2, "surrogate");
    cannot_write("{\"a\":1,\"a\":2}", 12, "twice");
    cannot_write("{\"x\":{\"a\":1,\"\\u0061\":2}}", 22, "twice");
    cannot_write("[1", 2, "comma");
    cannot_write("", 0, "value");
    for (int i = 0; i < 1000; i++)
        snprintf(many + strlen(many), 20, "\"key%d\":%d,", i, i);
    size_t length = strlen(many);
    memcpy(many + length, "\"z\":1}", 7);
    assert_int_equal(spectacles_transcode(out, ETF, JSON, 0, (const uint8_t *)many, length + 6, NULL), 0);
    memcpy(many + length, "\"key0\":1}", 10);
    cannot_write(many, length + 8, "twice");
}

/* An object of `count` keys that are much alike; the key `again` stands once more behind them, or "" for none. */
static size_t alike(char *json, const char *ends, int count, int again)
{
    size_t length = (size_t)sprintf(json, "{");
    for (int i = 0; i < count; i++)
        length += (size_t)sprintf(json + length, "\"%s%c%s\":%d,", ends, '0' + i, ends, i);
    if (again < 0)
        return length + (size_t)sprintf(json + length, "\"\":0}");
    return length + (size_t)sprintf(json + length, "\"%s%c%s\":0}", ends, '0' + again, ends);
}

/* Short or long, alike at both ends or not. Neither a quote nor a backslash is among the 43 from '0' on. */
static void a_key_that_repeats_is_found_wherever_it_stands(void **state)
{
    static const char *const ends[] = {"", "a", "\xc3\xa9", "alike"};
    char json[2000];
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        for (int count = 1; count < 44; count++) {
            size_t length = alike(json, ends[i], count, -1);
            assert_int_equal(spectacles_transcode(out, ETF, JSON, 0, (const uint8_t *)json, length, NULL), 0);
            for (int again = 0; again < count; again++) {
                length = alike(json, ends[i], count, again);
                cannot_write(json, length - 1, "twice");
            }
        }
    }
}

/* Texts of every length around the steps in which they are copied, with what is special at every place. */
static void texts_of_every_length_survive(void **state)
{
    static const char *const special[] = {"x",        "\\u0000",         "\\\"", "\\\\", "\x7f",
                                          "\xc3\xa9", "\xf0\x9f\x98\x80"};
    static const size_t takes[] = {1, 1, 1, 1, 1, 2, 4};
    spectacles_bytes *etf;
    (void)state;
    assert_int_equal(spectacles_bytes_new(&etf), 0);
    for (size_t length = 1; length < 40; length++) {
        for (size_t place = 0; place < length; place++) {
            for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
                char json[80];
                int size = snprintf(json, sizeof json, "\"%.*s%s%.*s\"", (int)place,
                                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN", special[i],
                                    (int)(length - place - 1), "0123456789abcdefghijklmnopqrstuvwxyzABCD");
                assert_int_equal(spectacles_transcode(etf, ETF, JSON, 0, (uint8_t *)json, (size_t)size, NULL),
                                 0);
                assert_int_equal(spectacles_bytes_length(etf), 6 + length - 1 + takes[i]);
                reads(spectacles_bytes_data(etf), spectacles_bytes_length(etf), json);
            }
        }
    }
    spectacles_bytes_free(etf);
}

/* ---- Numbers ---- */

static double from_text(const char *text)
{
    return sp_number_real((sp_slice){(const uint8_t *)text, strlen(text)});
}

static void numbers_are_read_to_the_nearest_double(void **state)
{
    static const char *const texts[] = {"0",
                                        "-0.0",
                                        "1",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "9007199254740993",
                                        "5e-324",
                                        "2e-324",
                                        "3e-324",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "2.2250738585072011e-308",
                                        "123456789012345678901234567890",
                                        "0.000000000000000001e30",
                                        "1000000000000000000000e-21",
                                        "9007199254740992.5",
                                        "9007199254740993.00000000000000000000001",
                                        "6929495644600919.5",
                                        "7.2057594037927933e16",
                                        "1e0",
                                        "0.1",
                                        "123E-5",
                                        "0e999999999999999999999"};
    char halfway[1200];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(from_text(texts[i]) == strtod(texts[i], NULL));
    assert_true(isinf(from_text("1e400")) && isinf(from_text("-1e99999999999999999999")));
    /* Half-way between two doubles, decided by the thousandth digit. */
    snprintf(halfway, sizeof halfway, "9007199254740993.%01000d1", 0);
    assert_true(from_text(halfway) == 9007199254740994.0);
    halfway[strlen(halfway) - 1] = '0';
    assert_true(from_text(halfway) == 9007199254740992.0);
}

static void doubles_are_written_as_people_write_them(void **state)
{
    static const struct {
        double real;
        const char *text;
    } cases[] = {{0, "0.0"},
                 {-0.0, "-0.0"},
                 {1, "1.0"},
                 {0.1, "0.1"},
                 {1e21, "1.0e21"},
                 {1e20, "100000000000000000000.0"},
                 {123456.789, "123456.789"},
                 {1e-5, "0.00001"},
                 {1e-7, "1.0e-7"},
                 {5e-324, "5.0e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {-2.5e-10, "-2.5e-10"},
                 {5.684341886080802e-14, "5.684341886080802e-14"},
                 {9007199254740993.0, "9007199254740992.0"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char chars[SP_REAL_CHARS + 1];
        chars[sp_number_print(cases[i].real, chars)] = '\0';
        assert_string_equal(chars, cases[i].text);
    }
}

/* ---- Depth, and a small stack ---- */

static void nest_and_check(char *text, size_t depth, int fine)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    assert_int_equal(spectacles_transcode(out, ETF, JSON, 0, (const uint8_t *)text, 2 * depth, NULL) == 0,
                     fine);
    for (size_t i = 0; i < depth; i++)
        memcpy(text + 2 * i, "h\x01", 2);
    text[2 * depth] = 'j';
    assert_int_equal(spectacles_transcode(out, JSON, ETF, 0, (const uint8_t *)text, 2 * depth + 1, NULL) == 0,
                     depth < SPECTACLES_DEPTH_MAX);
}

/* Everything there is, on a stack of 64 kB. */
static void *work(void *unused)
{
    static char text[400000];
    spectacles_document *document;
    (void)unused;
    for (size_t depth = SPECTACLES_DEPTH_MAX - 1; depth <= SPECTACLES_DEPTH_MAX + 1; depth++)
        nest_and_check(text, depth, depth <= SPECTACLES_DEPTH_MAX);
    nest_and_check(text, 100000, 0);
    assert_int_equal(spectacles_document_new(&document), 0);
    memset(text, '[', SPECTACLES_DEPTH_MAX);
    memset(text + SPECTACLES_DEPTH_MAX, ']', SPECTACLES_DEPTH_MAX);
    assert_int_equal(
        spectacles_document_parse(document, JSON, 0, (uint8_t *)text, 2 * SPECTACLES_DEPTH_MAX, NULL), 0);
    assert_int_equal(spectacles_value_write(spectacles_document_root(document), ETF, out, NULL), 0);
    assert_int_equal(spectacles_value_write(spectacles_document_root(document), JSON, out, NULL), 0);
    assert_memory_equal(spectacles_bytes_data(out), text, 2 * SPECTACLES_DEPTH_MAX);
    spectacles_document_free(document);
    memset(text, '1', 2466);
    assert_int_equal(spectacles_transcode(out, ETF, JSON, 0, (uint8_t *)text, 2466, NULL), 0);
    spectacles_envelope envelope;
    assert_int_equal(
        spectacles_envelope_scan(&envelope, JSON, TERM("{\"op\":0,\"d\":[1.5e3,{\"a\":[]}]}"), NULL), 0);
    memset(text, 'x', 5000); /* long enough for the walk over blocks */
    memcpy(text, "{\"d\": [true, \"", 14);
    memcpy(text + 5000, "\"]}", 3);
    assert_int_equal(spectacles_envelope_scan(&envelope, JSON, (uint8_t *)text, 5003, NULL), 0);
    assert_int_equal(spectacles_json_check((uint8_t *)text, 5003, NULL), 0);
    return NULL;
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

static void json_to_json_keeps_what_is_written(void **state)
{
    static const char spaced[] =
        " { \"a\" : [ 1.10 , 1e400 , 12345678901234567890123 , \"\\ud800\\/\" ] , \"a\" : null } ";
    (void)state;
    assert_int_equal(spectacles_transcode(out, JSON, JSON, SPECTACLES_COMPACT, TERM(spaced), NULL), 0);
    assert_string_equal((const char *)spectacles_bytes_data(out),
                        "{\"a\":[1.10,1e400,12345678901234567890123,\"\\ud800\\/\"],\"a\":null}");
}

static void nothing_is_inflated_that_was_not_asked_for(void **state)
{
    static const char compressed[] =
        "\x83P\x00\x00\x00\x07\x78\x9c\xcb\x65\x60\x60\x60\xca\x48\x04\x00\x08\x6a\x01\xd8";
    (void)state;
    assert_int_equal(spectacles_transcode(out, JSON, ETF, 0, TERM(compressed), NULL),
                     SPECTACLES_E_UNSUPPORTED);
    assert_int_equal(spectacles_etf_inflate(out, TERM(compressed), 6, NULL), SPECTACLES_E_TOOBIG);
    assert_int_equal(spectacles_etf_inflate(out, TERM("\x83P\xff\xff\xff\xff\x78\x9c\xcb"), SIZE_MAX, NULL),
                     SPECTACLES_E_PROTO);
    assert_int_equal(spectacles_etf_inflate(out, TERM("\x83j"), 2, NULL), 0);
    assert_int_equal(spectacles_bytes_length(out), 2);
    assert_int_equal(spectacles_etf_inflate(out, TERM("\x83j"), 1, NULL), SPECTACLES_E_TOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(atoms_have_their_json),
        cmocka_unit_test(numbers_have_their_json),
        cmocka_unit_test(containers_and_texts_have_their_json),
        cmocka_unit_test(what_json_has_no_place_for_is_refused),
        cmocka_unit_test(no_spoilt_term_does_harm),
        cmocka_unit_test(json_becomes_what_erlpack_writes),
        cmocka_unit_test(what_erlang_has_no_place_for_is_refused),
        cmocka_unit_test(a_key_that_repeats_is_found_wherever_it_stands),
        cmocka_unit_test(texts_of_every_length_survive),
        cmocka_unit_test(numbers_are_read_to_the_nearest_double),
        cmocka_unit_test(doubles_are_written_as_people_write_them),
        cmocka_unit_test(a_stack_of_64_kb_is_enough),
        cmocka_unit_test(json_to_json_keeps_what_is_written),
        cmocka_unit_test(nothing_is_inflated_that_was_not_asked_for),
    };
    return cmocka_run_group_tests_name("codec/transcode", tests, make_out, free_out);
}
