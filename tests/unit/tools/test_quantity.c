/* Sizes and durations: there and back, and what is none. */
#include "quantity.h"
#include "unit.h"

static bool read_size(const char *text, uint64_t expected)
{
    uint64_t value = 0;
    return quantity_size(&value, text, strlen(text)) && value == expected;
}

static bool read_duration(const char *text, uint64_t expected)
{
    uint64_t value = 0;
    return quantity_duration(&value, text, strlen(text)) && value == expected;
}

static void sizes_have_units(void **state)
{
    static const char *const wrong[] = {"", "M", "1T", "1 M", "-1", "1.5M", "1KM", "17179869184G", "0x10"};
    uint64_t value;
    (void)state;
    assert_true(read_size("0", 0));
    assert_true(read_size("1048576", 1048576));
    assert_true(read_size("64K", 65536));
    assert_true(read_size("1m", 1048576));
    assert_true(read_size("1MiB", 1048576));
    assert_true(read_size("2GB", 2147483648));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(quantity_size(&value, wrong[i], strlen(wrong[i])));
}

static void durations_are_written_as_in_go(void **state)
{
    static const char *const wrong[] = {"",
                                        "10",
                                        "m",
                                        "2 m",
                                        "-2m",
                                        "1h30",
                                        "1.m",
                                        ".5s",
                                        "1d",
                                        "2M",
                                        "1e3s",
                                        "1.1234567s",
                                        "99999999999999999999h"};
    uint64_t value;
    (void)state;
    assert_true(read_duration("0", 0));
    assert_true(read_duration("0s", 0));
    assert_true(read_duration("500ms", 500));
    assert_true(read_duration("2m", 120000));
    assert_true(read_duration("1h30m", 5400000));
    assert_true(read_duration("1.5s", 1500));
    assert_true(read_duration("0.0001ms", 1)); /* never 0, which would mean something else */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(quantity_duration(&value, wrong[i], strlen(wrong[i])));
}

static void numbers_are_decimal_or_hexadecimal(void **state)
{
    static const char *const wrong[] = {"", "0x", "1_000", "+1", "18446744073709551616", "12a", "0xg"};
    uint64_t value;
    (void)state;
    assert_true(quantity_number(&value, "18446744073709551615", 20) && value == UINT64_MAX);
    assert_true(quantity_number(&value, "0x1F", 4) && value == 31);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(quantity_number(&value, wrong[i], strlen(wrong[i])));
}

static void what_is_written_is_read_again(void **state)
{
    static const uint64_t values[] = {0,     1,     999,     1000,    1024,     1500,
                                      60000, 65536, 5400000, 1048576, 86400000, 1 << 30};
    char text[QUANTITY_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        quantity_write_size(text, values[i]);
        assert_true(read_size(text, values[i]));
        quantity_write_duration(text, values[i]);
        assert_true(read_duration(text, values[i]));
    }
    quantity_write_duration(text, 120000);
    assert_string_equal(text, "2m");
    quantity_write_size(text, 1048576);
    assert_string_equal(text, "1M");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(durations_are_written_as_in_go),
        cmocka_unit_test(numbers_are_decimal_or_hexadecimal),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests_name("tools/quantity", tests, NULL, NULL);
}
