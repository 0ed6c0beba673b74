/* Percent escapes of URLs. */
#include "core/percent.h"
#include "unit.h"

static void check(const char *text, const char *decoded)
{
    char out[8] = "";
    assert_int_equal(sp_percent_decode(out, sizeof out, text, strlen(text)), decoded != NULL);
    if (decoded)
        assert_string_equal(out, decoded);
}

static void escapes(void **state)
{
    (void)state;
    check("", "");
    check("a%20b", "a b");
    check("%41%6a%4A", "AjJ");
    check("%", NULL);
    check("%4", NULL);
    check("%4g", NULL);
    check("a%00", NULL);
    check("%7f", NULL);
    check("\n", NULL);
    check("%c3%A9", "\xc3\xa9");
}

static void what_does_not_fit(void **state)
{
    (void)state;
    check("1234567", "1234567");
    check("12345678", NULL);
    check("%31%32%33%34%35%36%37", "1234567");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(escapes), cmocka_unit_test(what_does_not_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
