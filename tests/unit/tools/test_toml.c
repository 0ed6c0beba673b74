/*
 * The daemon's reader of TOML: values, places, sentences and limits. tests/codec/test_toml.py holds it against the
 * public cases and against Python's reader.
 */
#include "toml.h"

#include "unit.h"

#include <spectacles/types.h>
#include <stdio.h>

static struct toml *read_text(const char *text)
{
    struct toml *toml = NULL;
    struct toml_problem problem = {.text = ""};
    int error = toml_read(&toml, text, strlen(text), &problem);
    if (error)
        fail_msg("%u:%u: %s", problem.place.line, problem.place.column, problem.text);
    return toml;
}

static const struct toml_value *child(const struct toml_value *table, const char *key)
{
    for (const struct toml_value *each = table->first; each; each = each->next) {
        if (strcmp(each->key, key) == 0)
            return each;
    }
    fail_msg("there is no %s", key);
    return NULL;
}

static void a_settings_file_is_read(void **state)
{
    (void)state;
    struct toml *toml = read_text("token = 'a\\b'\r\n"
                                  "events = [ \"A\", # first\n \"\\u00e9\", ]\n"
                                  "[shards]\ncount = 1_000\nids = [0x1f, -3]\n"
                                  "[presence]\nafk = false\nactivities = [{name = \"x\", type = 0}]\n"
                                  "[broker]\nratio = 6.25e-1\n");
    const struct toml_value *root = toml_root(toml);
    assert_string_equal(child(root, "token")->text, "a\\b");
    assert_string_equal(child(root, "events")->last->text, "\xc3\xa9");
    assert_int_equal(child(child(root, "shards"), "count")->integer, 1000);
    assert_int_equal(child(child(root, "shards"), "ids")->first->integer, 31);
    assert_int_equal(child(child(root, "shards"), "ids")->last->integer, -3);
    assert_false(child(child(root, "presence"), "afk")->boolean);
    assert_string_equal(child(child(child(root, "presence"), "activities")->first, "name")->text, "x");
    assert_true(child(child(root, "broker"), "ratio")->number == 0.625);
    toml_free(toml);
}

static void a_value_knows_where_its_key_stands(void **state)
{
    (void)state;
    struct toml *toml = read_text("a = 1\n[t]\n  'k\xc3\xa9' = 2\nl = ['\xc3\xa9', 5]\n");
    const struct toml_value *table = child(toml_root(toml), "t");
    assert_int_equal(child(table, "k\xc3\xa9")->place.line, 3);
    assert_int_equal(child(table, "k\xc3\xa9")->place.column, 3);
    assert_int_equal(child(table, "l")->last->place.line, 4);
    assert_int_equal(child(table, "l")->last->place.column, 11);
    toml_free(toml);
}

/* ---- Refusals ---- */

static const struct refusal {
    const char *text;
    uint32_t line, column;
    const char *says;
} refusals[] = {
    {"a = ", 1, 5, "a value is missing"},
    {"a", 1, 2, "a = is expected"},
    {"MTk4.GaB.xyz\n", 1, 13, "a = is expected"},
    {"a = 1 b = 2", 1, 7, "the line has to end"},
    {"a = hello", 1, 5, "quotation marks"},
    {"a = True", 1, 5, "this is no value"},
    {"a = 1979-05-27", 1, 5, "no setting is a date"},
    {"a = 07:32:00", 1, 5, "no setting is a date"},
    {"a = 012", 1, 5, "this is no value"},
    {"a = 1__0", 1, 5, "this is no value"},
    {"a = 9223372036854775808", 1, 5, "63 bits"},
    {"a = 0x8000000000000000", 1, 5, "63 bits"},
    {"a = .5", 1, 5, "this is no value"},
    {"a = \"x\nb = 1", 1, 5, "close it with \""},
    {"a = '''x\n", 1, 5, "close it with '''"},
    {"a = \"\\d\"", 1, 6, "does not know this escape"},
    {"a = \"\\e\"", 1, 6, "does not know this escape"},
    {"a = \"\\u12\"", 1, 8, "4 hexadecimal digits"},
    {"a = \"\\uD800\"", 1, 8, "no character"},
    {"a = [1 2]", 1, 8, "a , or a ] is expected"},
    {"a = [1,,2]", 1, 8, "a value is missing"},
    {"\n\na = [1,\n", 3, 5, "close it with ]"},
    {"a = {b = 1\n}", 1, 11, "stands on one line"},
    {"a = {b = 1,}", 1, 12, "name of a key"},
    {"a = 1\nb = 2\na = 3", 3, 1, "in line 1"},
    {"[a]\nb = 1\n[a]", 3, 2, "in line 1"},
    {"a = 1\n[a.b]", 2, 2, "nothing can be added"},
    {"a = {b = 1}\na.c = 2", 2, 1, "nothing can be added"},
    {"[a.b]\nc = 1\n[a]\nb.d = 2", 4, 1, "in line 1"},
    {"a = [1]\n[[a]]", 2, 3, "in line 1"},
    {"[a\n", 1, 3, "a ] is expected"},
    {"[[a]\n", 1, 4, "]] is expected"},
    {"= 1", 1, 1, "name of a key"},
    {"a = 1\r", 1, 6, "carriage return"},
    {"a = 'x\x01'", 1, 7, "control character (0x01)"},
    {"a = 'x\xff'", 1, 7, "not UTF-8"},
    {"# \xed\xa0\x80", 1, 3, "not UTF-8"},
};

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *each = &refusals[i];
        struct toml *toml = NULL;
        struct toml_problem problem = {.text = ""};
        int error = toml_read(&toml, each->text, strlen(each->text), &problem);
        if (error != SPECTACLES_E_PROTO || !strstr(problem.text, each->says) ||
            problem.place.line != each->line || problem.place.column != each->column)
            fail_msg("%zu: %d, %u:%u: %s", i, error, problem.place.line, problem.place.column, problem.text);
    }
}

/* ---- Limits ---- */

static int read_repeated(const char *head, const char *text, size_t count)
{
    struct toml *toml = NULL;
    struct toml_problem problem = {.text = ""};
    size_t length = strlen(text);
    size_t begin = strlen(head);
    char *document = calloc(1, begin + length * count + 1);
    memcpy(document, head, begin);
    for (size_t i = 0; i < count; i++)
        memcpy(document + begin + i * length, text, length);
    int error = toml_read(&toml, document, begin + length * count, &problem);
    assert_true(error == SPECTACLES_OK || problem.text[0]);
    toml_free(toml);
    free(document);
    return error;
}

static void limits_are_held_and_told(void **state)
{
    (void)state;
    assert_int_equal(read_repeated("a=", "[", TOML_DEPTH_MAX - 1), SPECTACLES_E_PROTO); /* it does not end */
    assert_int_equal(read_repeated("a=", "[", 100000), SPECTACLES_E_TOOBIG);
    assert_int_equal(read_repeated("a=", "{a=", 100000), SPECTACLES_E_TOOBIG);
    assert_int_equal(read_repeated("", "[[a.b]]\n", TOML_VALUES_MAX), SPECTACLES_E_TOOBIG);
    assert_int_equal(read_repeated("a=[", "1,", TOML_VALUES_MAX), SPECTACLES_E_TOOBIG);
    assert_int_equal(read_repeated("", "a.", TOML_DEPTH_MAX + 1), SPECTACLES_E_PROTO);
    assert_int_equal(read_repeated("", "#\n", TOML_BYTES_MAX / 2), SPECTACLES_OK);
    assert_int_equal(read_repeated("#", "#\n", TOML_BYTES_MAX / 2), SPECTACLES_E_TOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_settings_file_is_read),
        cmocka_unit_test(a_value_knows_where_its_key_stands),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(limits_are_held_and_told),
    };
    return cmocka_run_group_tests_name("tools/toml", tests, NULL, NULL);
}
