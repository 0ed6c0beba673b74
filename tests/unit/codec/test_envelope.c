#include "unit.h"

#include <spectacles/codec.h>
#include <stdio.h>

static int scan(spectacles_envelope *envelope, const char *text, spectacles_problem *problem)
{
    return spectacles_envelope_scan(envelope, SPECTACLES_FORMAT_JSON, (const uint8_t *)text, strlen(text),
                                    problem);
}

static void finds_members_in_any_order(void **state)
{
    (void)state;
    static const char odd[] = "{\"x\":[1,{\"op\":3}],\"\\u0064\":{\"t\":\"no\",\"s\":1,\"op"
                              "\":9,\"d\":2},\"\\u006fp\":0,\"s\":42,\"t\":\"A_B\",\"ops\":\"\\\"op\\\":5\"}";
    static const char *const texts[] = {
        "{\"t\":\"A_B\",\"s\":42,\"op\":0,\"d\":{\"t\":\"no\",\"s\":1,\"op\":9,\"d\":2}}",
        "{\"op\":0,\"t\":\"A_B\",\"d\":{\"t\":\"no\",\"s\":1,\"op\":9,\"d\":2},\"s\":42}",
        " { \"d\" : {\"t\":\"no\",\"s\":1,\"op\":9,\"d\":2} , \"op\" : 0 , \"s\" : 42 , \"t\" : \"A_B\" } ",
        odd,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        spectacles_envelope envelope;
        assert_int_equal(scan(&envelope, texts[i], NULL), SPECTACLES_OK);
        assert_int_equal(envelope.members, 15);
        assert_int_equal(envelope.op, 0);
        assert_int_equal(envelope.seq, 42);
        assert_int_equal(envelope.name_length, 3);
        assert_memory_equal(envelope.name, "A_B", 3);
        static const char d[] = "{\"t\":\"no\",\"s\":1,\"op\":9,\"d\":2}";
        assert_int_equal(envelope.data_length, sizeof d - 1);
        assert_memory_equal(envelope.data, d, sizeof d - 1);
    }
}

static void null_is_absent_but_for_d(void **state)
{
    (void)state;
    spectacles_envelope envelope;
    assert_int_equal(scan(&envelope, "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}", NULL), SPECTACLES_OK);
    assert_int_equal(envelope.members, SPECTACLES_ENVELOPE_OP | SPECTACLES_ENVELOPE_DATA);
    assert_int_equal(envelope.op, 11);
    assert_null(envelope.name);
    assert_memory_equal(envelope.data, "null", 4);
    assert_int_equal(scan(&envelope, "{}", NULL), SPECTACLES_OK);
    assert_int_equal(envelope.members, 0);
}

static void ambiguity_and_nonsense_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } table[] = {{"[]", "a JSON object"},
                 {"{\"op\":1,\"op\":1}", "twice"},
                 {"{\"d\":1,\"\\u0064\":1}", "twice"},
                 {"{\"op\":\"1\"}", "op is not"},
                 {"{\"op\":1.0}", "op is not"},
                 {"{\"op\":4294967296}", "op is not"},
                 {"{\"op\":null}", "op is not"},
                 {"{\"s\":-1}", "s is not"},
                 {"{\"s\":9223372036854775808}", "s is not"},
                 {"{\"s\":1e3}", "s is not"},
                 {"{\"t\":5}", "t is neither"},
                 {"{\"t\":\"a\\u0041\"}", "t is not"},
                 {"{\"t\":\"\xc3\xa9\"}", "t is not"},
                 {"{\"d\":[}", "a value"},
                 {"{\"op\":1}x", "behind"},
                 {"{\"op\":1,}", "a key"},
                 {"{\"op\":1 \"d\":2}", "comma"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_envelope envelope = {.op = 77};
        spectacles_problem problem = {.text = ""};
        int error = scan(&envelope, table[i].text, &problem);
        if (error != SPECTACLES_E_PROTO || !strstr(problem.text, table[i].why))
            fail_msg("%s: %d %s", table[i].text, error, problem.text);
        assert_int_equal(envelope.op, 77);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"t\":\"A\",\"s\":1,\"op\":0,\"d\":{\"a\":[\"\\n\",1.5]}}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        spectacles_envelope envelope;
        uint8_t *exact = malloc(length ? length : 1);
        memcpy(exact, text, length);
        assert_int_equal(spectacles_envelope_scan(&envelope, SPECTACLES_FORMAT_JSON, exact, length, NULL),
                         SPECTACLES_E_PROTO);
        free(exact);
    }
}

/* A d that the fast way gives up late, at a word or a negative number: the slow way has to begin where d does. */
static void a_mistake_found_late_is_found(void **state)
{
    static const char *const wrong[] = {"-?0", "nulx", "-", "-01"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[400];
        spectacles_envelope envelope;
        spectacles_problem problem = {.text = ""};
        int length =
            snprintf(text, sizeof text, "{\"op\":0,\"d\":{\"padding\":\"%0100d\",\"a\":%s}1}", 7, wrong[i]);
        assert_int_equal(spectacles_envelope_scan(&envelope, SPECTACLES_FORMAT_JSON, (const uint8_t *)text,
                                                  (size_t)length, &problem),
                         SPECTACLES_E_PROTO);
        assert_in_range(problem.position, 130, 140);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_found_late_is_found), cmocka_unit_test(finds_members_in_any_order),
        cmocka_unit_test(null_is_absent_but_for_d),      cmocka_unit_test(ambiguity_and_nonsense_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
    };
    return cmocka_run_group_tests_name("codec/envelope", tests, NULL, NULL);
}
