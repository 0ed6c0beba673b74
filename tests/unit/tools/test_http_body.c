/* The body of an answer as it grows: numbers, and texts of JSON from bytes of any kind. */
#include "http_body.h"

#include "unit.h"

static struct http_body body;

static void expect(const char *text)
{
    assert_false(body.is_short);
    assert_int_equal(body.length, strlen(text));
    assert_memory_equal(body.data, text, body.length);
    http_body_free(&body);
}

static void numbers_are_written_in_decimal(void **state)
{
    (void)state;
    http_body_number(&body, 0);
    http_body_text(&body, " ");
    http_body_number(&body, 18446744073709551615u);
    http_body_format(&body, " %d", -1);
    expect("0 18446744073709551615 -1");
}

static void it_grows(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++)
        http_body_text(&body, "0123456789");
    assert_int_equal(body.length, 1000000);
    assert_memory_equal(body.data + 999990, "0123456789", 10);
    http_body_free(&body);
}

static void texts_are_escaped_for_json(void **state)
{
    (void)state;
    http_body_json(&body, "a \"b\" \\ \n\x01\x7f");
    expect("\"a \\\"b\\\" \\\\ \\u000a\\u0001\\u007f\"");
    http_body_json(&body, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    expect("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

/* A text that ends in the middle of a character is not read beyond its end. */
static void what_is_not_utf8_is_replaced(void **state)
{
    static const char *const broken[] = {"\xff",     "\xc3",         "\xe2\x82",     "\xf0\x9f\x98",
                                         "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80", "\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        http_body_json(&body, broken[i]);
        http_body_bytes(&body, "", 1);
        assert_non_null(strstr(body.data, "\\ufffd"));
        for (size_t j = 0; j + 1 < body.length; j++)
            assert_in_range(body.data[j], 1, 0x7e);
        http_body_free(&body);
    }
}

static void what_is_too_long_is_told(void **state)
{
    char text[2000];
    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    http_body_format(&body, "%s", text);
    assert_true(body.is_short);
    http_body_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_in_decimal), cmocka_unit_test(it_grows),
        cmocka_unit_test(texts_are_escaped_for_json),     cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(what_is_too_long_is_told),
    };
    return cmocka_run_group_tests_name("tools/http_body", tests, NULL, NULL);
}
