/* In which order the addresses of a host are tried. */
#include "net/addresses.h"

#include "unit.h"

#include <stdio.h>

static void read_all(sp_addresses *addresses, const char *text)
{
    sp_addresses_free(addresses);
    assert_int_equal(sp_addresses_parse(addresses, text, strlen(text)), SPECTACLES_OK);
}

/* The addresses in their order, as one text. */
static const char *order(sp_addresses *addresses, const char *text, const sp_history *history)
{
    static char out[1024];
    size_t length = 0;
    read_all(addresses, text);
    assert_int_equal(sp_addresses_order(addresses, history), SPECTACLES_OK);
    for (size_t i = 0; i < addresses->count; i++) {
        char one[SP_ADDRESS_TEXT_MAX];
        sp_address_text(&addresses->list[i], one);
        length += (size_t)snprintf(out + length, sizeof out - length, "%s%s", i ? " " : "", one);
    }
    return out;
}

static void note(sp_history *history, const char *text, bool worked)
{
    sp_address address;
    assert_true(sp_address_parse(&address, text, strlen(text)));
    if (worked)
        sp_history_note_worked(history, &address);
    else
        sp_history_note_failed(history, &address);
}

static void families_take_turns(void **state)
{
    (void)state;
    sp_addresses addresses = {0};
    const sp_history none = {0};
    assert_string_equal(order(&addresses, "::1 ::2 ::3 10.0.0.1 10.0.0.2", &none),
                        "::1 10.0.0.1 ::2 10.0.0.2 ::3");
    assert_string_equal(order(&addresses, "10.0.0.1 ::1 ::2 ::3", &none), "10.0.0.1 ::1 ::2 ::3");
    assert_string_equal(order(&addresses, "10.0.0.1 10.0.0.2 10.0.0.3", &none), "10.0.0.1 10.0.0.2 10.0.0.3");
    assert_string_equal(order(&addresses, "::1", &none), "::1");
    sp_addresses_free(&addresses);
}

static void what_worked_is_first_and_what_failed_is_last(void **state)
{
    (void)state;
    sp_addresses addresses = {0};
    sp_history history = {0};
    note(&history, "10.0.0.2", false);
    assert_string_equal(order(&addresses, "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", &history),
                        "10.0.0.3 10.0.0.4 10.0.0.1 10.0.0.2");
    note(&history, "10.0.0.3", false);
    note(&history, "10.0.0.4", true);
    assert_string_equal(order(&addresses, "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", &history),
                        "10.0.0.4 10.0.0.1 10.0.0.2 10.0.0.3");
    /* Also when the name server answers in another order. */
    assert_string_equal(order(&addresses, "10.0.0.3 10.0.0.1 10.0.0.2 10.0.0.4", &history),
                        "10.0.0.4 10.0.0.1 10.0.0.2 10.0.0.3");
    note(&history, "10.0.0.2", true);
    note(&history, "10.0.0.4", false);
    assert_string_equal(order(&addresses, "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", &history),
                        "10.0.0.2 10.0.0.1 10.0.0.3 10.0.0.4");
    sp_addresses_free(&addresses);
}

/* Whatever fails, each address is the first one within as many attempts as there are addresses. */
static void no_address_waits_for_ever(void **state)
{
    (void)state;
    enum {
        COUNT = 40
    };
    char text[COUNT * 16] = "";
    bool was_first[COUNT + 1] = {false};
    sp_addresses addresses = {0};
    sp_history history = {0};
    for (int i = 1; i <= COUNT; i++)
        snprintf(text + strlen(text), 16, "10.0.0.%d ", i);
    for (int i = 0; i < COUNT; i++) {
        order(&addresses, text, &history);
        was_first[addresses.list[0].bytes[3]] = true;
        sp_history_note_failed(&history, &addresses.list[0]);
    }
    for (int i = 1; i <= COUNT; i++)
        assert_true(was_first[i]);
    sp_addresses_free(&addresses);
}

static void one_family_alone(void **state)
{
    (void)state;
    sp_addresses addresses = {0};
    read_all(&addresses, "::1 10.0.0.1 ::2");
    sp_addresses_keep_family(&addresses, 0);
    assert_int_equal(addresses.count, 3);
    sp_addresses_keep_family(&addresses, AF_INET6);
    assert_int_equal(addresses.count, 2);
    assert_int_equal(addresses.list[1].bytes[15], 2);
    sp_addresses_keep_family(&addresses, AF_INET);
    assert_int_equal(addresses.count, 0);
    sp_addresses_free(&addresses);
}

static void a_word_that_is_no_address_is_refused(void **state)
{
    (void)state;
    sp_addresses addresses = {0};
    assert_int_equal(sp_addresses_parse(&addresses, "10.0.0.1 10.0.0", 15), SPECTACLES_E_INVAL);
    sp_addresses_free(&addresses);
    assert_int_equal(sp_addresses_parse(&addresses, "  ::1   ::2 ", 12), SPECTACLES_OK);
    assert_int_equal(addresses.count, 2);
    sp_addresses_free(&addresses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(what_worked_is_first_and_what_failed_is_last),
        cmocka_unit_test(no_address_waits_for_ever),
        cmocka_unit_test(one_family_alone),
        cmocka_unit_test(a_word_that_is_no_address_is_refused),
    };
    return cmocka_run_group_tests_name("net/addresses", tests, NULL, NULL);
}
