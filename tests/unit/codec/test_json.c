#include "codec/json.h"
#include "codec/suite.h"
#include "unit.h"

#include <dirent.h>
#include <spectacles/document.h>
#include <stdio.h>

static sp_slice slice(const char *text)
{
    return (sp_slice){(const uint8_t *)text, strlen(text)};
}

static int check(const char *text)
{
    return spectacles_json_check((const uint8_t *)text, strlen(text), NULL);
}

/* ---- JSONTestSuite ---- */

/*
 * What RFC 8259 leaves open, and what we do (doc/json.md has it as a table): numbers of any size and lone surrogate
 * escapes pass through, what is not UTF-8 or begins with a byte order mark does not, and 500 levels are within our 512.
 */
static const struct {
    const char *name;
    int accepted;
} left_open[] = {
    {"i_number_double_huge_neg_exp.json", 1},
    {"i_number_huge_exp.json", 1},
    {"i_number_neg_int_huge_exp.json", 1},
    {"i_number_pos_double_huge_exp.json", 1},
    {"i_number_real_neg_overflow.json", 1},
    {"i_number_real_pos_overflow.json", 1},
    {"i_number_real_underflow.json", 1},
    {"i_number_too_big_neg_int.json", 1},
    {"i_number_too_big_pos_int.json", 1},
    {"i_number_very_big_negative_int.json", 1},
    {"i_object_key_lone_2nd_surrogate.json", 1},
    {"i_string_1st_surrogate_but_2nd_missing.json", 1},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", 1},
    {"i_string_UTF-16LE_with_BOM.json", 0},
    {"i_string_UTF-8_invalid_sequence.json", 0},
    {"i_string_UTF8_surrogate_U+D800.json", 0},
    {"i_string_incomplete_surrogate_and_escape_valid.json", 1},
    {"i_string_incomplete_surrogate_pair.json", 1},
    {"i_string_incomplete_surrogates_escape_valid.json", 1},
    {"i_string_invalid_lonely_surrogate.json", 1},
    {"i_string_invalid_surrogate.json", 1},
    {"i_string_invalid_utf-8.json", 0},
    {"i_string_inverted_surrogates_U+1D11E.json", 1},
    {"i_string_iso_latin_1.json", 0},
    {"i_string_lone_second_surrogate.json", 1},
    {"i_string_lone_utf8_continuation_byte.json", 0},
    {"i_string_not_in_unicode_range.json", 0},
    {"i_string_overlong_sequence_2_bytes.json", 0},
    {"i_string_overlong_sequence_6_bytes.json", 0},
    {"i_string_overlong_sequence_6_bytes_null.json", 0},
    {"i_string_truncated-utf-8.json", 0},
    {"i_string_utf16BE_no_BOM.json", 0},
    {"i_string_utf16LE_no_BOM.json", 0},
    {"i_structure_500_nested_arrays.json", 1},
    {"i_structure_UTF-8_BOM_empty_object.json", 0},
};

static int expected_of(const char *name)
{
    if (name[0] == 'y' || name[0] == 'n')
        return name[0] == 'y';
    for (size_t i = 0; i < sizeof left_open / sizeof left_open[0]; i++) {
        if (strcmp(left_open[i].name, name) == 0)
            return left_open[i].accepted;
    }
    fail_msg("%s is in no table", name);
    return -1;
}

/* Legal JSON, but no text: what only passes it on may pass it on, a document refuses it. */
static int has_lone_surrogate(const char *name)
{
    return name[0] == 'i' && strstr(name, "surrogate") != NULL;
}

static size_t read_file(const char *folder, const char *name, uint8_t **bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    sp_buffer content = {0};
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        sp_buffer_append(&content, part, got);
    fclose(file);
    size_t length = sp_buffer_length(&content);
    /* Of exactly that size, so that a sanitizer sees a read behind the end. */
    *bytes = malloc(length ? length : 1);
    if (length > 0)
        memcpy(*bytes, sp_buffer_slice(&content).bytes, length);
    sp_buffer_free(&content);
    return length;
}

static void json_test_suite(void **state)
{
    (void)state;
    int seen = 0;
    DIR *folder = opendir(JSON_TEST_SUITE);
    if (!folder) {
        /* And not skip(): cmocka's TAP has "not ok" for that, which meson takes for a failure. */
        print_message("# %s is not there: skipped\n", JSON_TEST_SUITE);
        return;
    }
    spectacles_document *document;
    assert_int_equal(spectacles_document_new(&document), 0);
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *name = entry->d_name;
        uint8_t *bytes;
        if (!strstr(name, ".json"))
            continue;
        size_t length = read_file(JSON_TEST_SUITE, name, &bytes);
        int accepted = spectacles_json_check(bytes, length, NULL) == SPECTACLES_OK;
        if (accepted != expected_of(name))
            fail_msg("%s was %s", name, accepted ? "accepted" : "refused");
        int parsed = spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, 0, bytes, length, NULL) == 0;
        if (parsed != (accepted && !has_lone_surrogate(name)))
            fail_msg("%s was %s as a document", name, parsed ? "accepted" : "refused");
        free(bytes);
        seen++;
    }
    closedir(folder);
    spectacles_document_free(document);
    assert_true(seen > 300);
}

/* ---- Our own ---- */

static const char *const good[] = {"null",
                                   " true\n",
                                   "false",
                                   "0",
                                   "-0",
                                   "1e5",
                                   "-1.5E-10",
                                   "\"\"",
                                   "[]",
                                   "{}",
                                   "[1,[2,{\"a\":[]}]]",
                                   "{\"a\":1,\"a\":2}",
                                   "\"\\u0000\\ud800\"",
                                   "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
                                   "123456789012345678901234567890",
                                   "1e400",
                                   "\t[ 1 , 2 ]\r\n"};
static const struct {
    const char *text;
    const char *why;
    size_t position;
} bad[] = {
    {"", "ends where a value", 0},
    {"nul", "neither a value", 0},
    {"01", "behind the value", 1},
    {"1.", "lacks a digit", 2},
    {".5", "a value was expected", 0},
    {"1e", "lacks a digit", 2},
    {"+1", "a value was expected", 0},
    {"\"abc", "no closing quote", 4},
    {"\"a\nb\"", "control character", 2},
    {"\"\\x\"", "unknown escape", 1},
    {"\"\\u12g4\"", "four hexadecimal", 1},
    {"\"\\u12", "middle of an escape", 1},
    {"\"\xff\"", "not UTF-8", 1},
    {"\"\xc0\xaf\"", "not UTF-8", 1},
    {"\"\xed\xa0\x80\"", "not UTF-8", 1},
    {"\"\xf4\x90\x80\x80\"", "not UTF-8", 1},
    {"\"\xe2\x82", "not UTF-8", 1},
    {"[1,]", "a value was expected", 3},
    {"[1 2]", "closing bracket", 3},
    {"{\"a\"}", "a colon", 4},
    {"{a:1}", "a key in quotes", 1},
    {"{\"a\":1,}", "a key in quotes", 7},
    {"[1}", "closing bracket", 2},
    {"{\"a\":1]", "closing brace", 6},
    {"[] []", "behind the value", 3},
    {"\xef\xbb\xbf{}", "a value was expected", 0},
    {"-", "lacks a digit", 1},
    {"-01", "behind the value", 2},
    {"1e+", "lacks a digit", 3},
    {"1.e1", "lacks a digit", 2},
    {"[,1]", "a value was expected", 1},
    {"{,}", "a key in quotes", 1},
    {"{\"a\":}", "a value was expected", 5},
    {"{1:2}", "a key in quotes", 1},
    {"\"\t\"", "control character", 1},
    {"\x0c1", "a value was expected", 0},
    {"[1]/**/", "behind the value", 3},
    {"\"\xf5\x80\x80\x80\"", "not UTF-8", 1},
    {"\"\xe0\x9f\xbf\"", "not UTF-8", 1},
    {"TRUE", "a value was expected", 0},
    {"NaN", "a value was expected", 0},
    {"'a'", "a value was expected", 0},
};

static void accepts_and_refuses_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (check(good[i]) != SPECTACLES_OK)
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spectacles_problem problem = {.text = "", .position = 999};
        int error = spectacles_json_check((const uint8_t *)bad[i].text, strlen(bad[i].text), &problem);
        if (error != SPECTACLES_E_PROTO || !strstr(problem.text, bad[i].why) ||
            problem.position != bad[i].position)
            fail_msg("%s: %d %s at %zu", bad[i].text, error, problem.text, problem.position);
    }
    assert_int_equal(spectacles_json_check(NULL, 0, NULL), SPECTACLES_E_PROTO);
}

/*
 * Strings of every length around the eight bytes that are looked at at once, with what is special at every
 * place.
 */
static void finds_what_is_special_at_every_place(void **state)
{
    (void)state;
    static const struct {
        char byte;
        int fine;
    } bytes[] = {{'x', 1},    {' ', 1},    {'\x7f', 1}, {'\x1f', 0}, {'\n', 0}, {'\0', 0},
                 {'\x80', 0}, {'\xff', 0}, {'!', 1},    {'#', 1},    {'[', 1},  {']', 1}};
    for (size_t length = 1; length < 40; length++) {
        for (size_t place = 0; place < length; place++) {
            for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
                char *text = malloc(length + 2);
                memset(text, 'a', length + 2);
                text[0] = text[length + 1] = '"';
                text[1 + place] = bytes[i].byte;
                int error = spectacles_json_check((const uint8_t *)text, length + 2, NULL);
                assert_int_equal(error == SPECTACLES_OK, bytes[i].fine);
                free(text);
            }
        }
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5e3,\"\\ud83d\\ude00 \xf0\x9f\x98\x80\",{\"b\":null}],\"c\":true}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        uint8_t *exact = malloc(length ? length : 1);
        memcpy(exact, text, length);
        assert_int_equal(spectacles_json_check(exact, length, NULL), SPECTACLES_E_PROTO);
        free(exact);
    }
    assert_int_equal(check(text), SPECTACLES_OK);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    enum {
        MOST = 200000
    };
    char *text = malloc(2 * MOST);
    for (int depth = SPECTACLES_DEPTH_MAX - 1; depth <= SPECTACLES_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        int error = spectacles_json_check((const uint8_t *)text, 2 * (size_t)depth, NULL);
        assert_int_equal(error == SPECTACLES_OK, depth <= SPECTACLES_DEPTH_MAX);
    }
    memset(text, '[', MOST);
    assert_int_equal(spectacles_json_check((const uint8_t *)text, MOST, NULL), SPECTACLES_E_PROTO);
    free(text);
}

/* ---- Reading in place ---- */

static void finds_members(void **state)
{
    (void)state;
    sp_slice value;
    sp_slice object = slice("{\"a\":1,\"b\":{\"c\":[1,2]},\"\\u0063\":\"x\",\"twice\":1,\"twice\":2,\"\":0}");
    assert_int_equal(sp_json_find(object, "a", &value), 1);
    assert_memory_equal(value.bytes, "1", 1);
    assert_int_equal(sp_json_find(object, "b", &value), 1);
    assert_int_equal(value.length, strlen("{\"c\":[1,2]}"));
    assert_int_equal(sp_json_find(object, "c", &value), 1);
    assert_int_equal(sp_json_find(object, "", &value), 1);
    assert_int_equal(sp_json_find(object, "d", &value), 0);
    assert_int_equal(sp_json_find(object, "twice", &value), SPECTACLES_E_PROTO);
    assert_int_equal(sp_json_find(slice("[1]"), "a", &value), 0);
    assert_int_equal(sp_json_find(slice("{}"), "a", &value), 0);
    size_t cursor = 0;
    size_t count = 0;
    while (sp_json_next(slice("[1, [2] ,{},\"\"]"), &cursor, NULL, &value))
        count++;
    assert_int_equal(count, 4);
}

static void reads_texts_and_numbers(void **state)
{
    (void)state;
    char out[32];
    uint64_t number = 7;
    assert_int_equal(sp_json_text(slice("\"a\\n\\u00e9\\ud83d\\ude00\\/\""), out, sizeof out), 9);
    assert_string_equal(out, "a\n\xc3\xa9\xf0\x9f\x98\x80/");
    strcpy(out, "kept");
    assert_int_equal(sp_json_text(slice("\"12345\""), out, 5), SPECTACLES_E_TOOBIG);
    assert_int_equal(sp_json_text(slice("\"a\\u0000\""), out, sizeof out), SPECTACLES_E_PROTO);
    assert_int_equal(sp_json_text(slice("\"\\ud800x\""), out, sizeof out), SPECTACLES_E_PROTO);
    assert_int_equal(sp_json_text(slice("12"), out, sizeof out), SPECTACLES_E_PROTO);
    assert_int_equal(sp_json_text(slice("\"\""), out, 0), SPECTACLES_E_TOOBIG);
    assert_string_equal(out, "kept");
    assert_int_equal(sp_json_u64(slice("18446744073709551615"), &number), SPECTACLES_OK);
    assert_true(number == UINT64_MAX);
    assert_int_equal(sp_json_u64(slice("18446744073709551616"), &number), SPECTACLES_E_PROTO);
    assert_int_equal(sp_json_u64(slice("1.0"), &number), SPECTACLES_E_PROTO);
    assert_int_equal(sp_json_u64(slice("-1"), &number), SPECTACLES_E_PROTO);
    assert_true(number == UINT64_MAX);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    static const char text[] = "quote \" slash \\ newline \n nul-free \x01 \xc3\xa9";
    char out[64];
    sp_buffer buffer = {0};
    assert_int_equal(sp_json_write_text(&buffer, text, strlen(text)), SPECTACLES_OK);
    sp_slice value;
    assert_int_equal(sp_json_check(sp_buffer_slice(&buffer), &value, NULL), SPECTACLES_OK);
    assert_int_equal(sp_json_text(value, out, sizeof out), (int)strlen(text));
    assert_string_equal(out, text);
    sp_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_test_suite),
        cmocka_unit_test(accepts_and_refuses_strictly),
        cmocka_unit_test(finds_what_is_special_at_every_place),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(finds_members),
        cmocka_unit_test(reads_texts_and_numbers),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests_name("codec/json", tests, NULL, NULL);
}
