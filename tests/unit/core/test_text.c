#include "core/text.h"
#include "unit.h"

static void foreign(sp_text *text, const char *bytes, size_t most)
{
    sp_text_set(text, "[");
    sp_text_add_foreign(text, bytes, strlen(bytes), most);
    sp_text_add(text, "]");
}

static void foreign_bytes_are_tamed(void **state)
{
    (void)state;
    sp_text text;
    foreign(&text, "a\x1b[31m\nb", 100);
    assert_string_equal(text.chars, "[a?[31m?b]");
    foreign(&text, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 100);
    assert_string_equal(text.chars, "[gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80]");
    foreign(&text, "\xc0\xaf \xed\xa0\x80 \xf5 \xe2\x82 \xc2\x9b", 100);
    assert_string_equal(text.chars, "[?? ??? ? ?? ??]");
    foreign(&text, "abcdef", 3);
    assert_string_equal(text.chars, "[abc...]");
}

static void long_text_is_cut(void **state)
{
    (void)state;
    sp_text text;
    sp_text_set(&text, "%s", "");
    for (int i = 0; i < 1000; i++)
        sp_text_add(&text, "%s", "0123456789");
    assert_int_equal(text.length, SP_TEXT_MAX - 1);
    assert_int_equal(strlen(text.chars), SP_TEXT_MAX - 1);
    sp_text_add_foreign(&text, "\xf0\x9f\x98\x80", 4, 4);
    assert_int_equal(strlen(text.chars), SP_TEXT_MAX - 1);
}

static void copies_end_with_nul(void **state)
{
    (void)state;
    char *copy = sp_text_copy("abc", 2);
    assert_string_equal(copy, "ab");
    free(copy);
    copy = sp_text_copy(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_bytes_are_tamed),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(copies_end_with_nul),
    };
    return cmocka_run_group_tests_name("core/text", tests, NULL, NULL);
}
