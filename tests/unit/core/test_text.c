#include "core/text.h"
#include "unit.h"

#include <spectacles/types.h>
#include <stdio.h>

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
    assert_string_equal(text.chars, "[?? ??? ? ?? ?]");
    foreign(&text, "abcdef", 3);
    assert_string_equal(text.chars, "[abc...]");
}

/* All of Bidi_Control, the separators, C0, DEL and C1; and that their neighbours are shown. */
static void characters_that_act_on_their_line_are_not_shown(void **state)
{
    static const struct {
        uint32_t first, last;
    } acting[] = {{0x01, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
                  {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    sp_text text;
    (void)state;
    for (uint32_t code = 1; code < 0x3000; code++) {
        char utf8[5] = {(char)code};
        if (code >= 0x80 && code < 0x800)
            sprintf(utf8, "%c%c", (char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f)));
        else if (code >= 0x800)
            sprintf(utf8, "%c%c%c", (char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
                    (char)(0x80 | (code & 0x3f)));
        int acts = 0;
        for (size_t i = 0; i < sizeof acting / sizeof acting[0]; i++)
            acts |= code >= acting[i].first && code <= acting[i].last;
        sp_text_set(&text, "%s", "");
        sp_text_add_foreign(&text, utf8, strlen(utf8), 100);
        if (strcmp(text.chars, acts ? "?" : utf8) != 0)
            fail_msg("U+%04X became \"%s\"", (unsigned)code, text.chars);
    }
}

static void names_of_strangers_can_be_made_printable(void **state)
{
    char out[8];
    (void)state;
    assert_int_equal(spectacles_printable(out, sizeof out, "a\n\xe2\x80\xae!", 6), 4);
    assert_string_equal(out, "a?\?!");
    assert_int_equal(spectacles_printable(out, sizeof out, "\0b", 2), 2);
    assert_string_equal(out, "?b");
    assert_int_equal(spectacles_printable(out, sizeof out, "abcdefghi", 9), 7);
    assert_string_equal(out, "abcdefg");
    /* Not half of a character. */
    assert_int_equal(spectacles_printable(out, 4, "ab\xc3\xbc", 4), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(spectacles_printable(out, 1, "ab", 2), 0);
    assert_int_equal(spectacles_printable(out, sizeof out, NULL, 0), 0);
    assert_string_equal(out, "");
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
        cmocka_unit_test(characters_that_act_on_their_line_are_not_shown),
        cmocka_unit_test(names_of_strangers_can_be_made_printable),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(copies_end_with_nul),
    };
    return cmocka_run_group_tests_name("core/text", tests, NULL, NULL);
}
