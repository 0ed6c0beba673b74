#include "unit.h"

#include <math.h>
#include <spectacles/document.h>

enum {
    JSON = SPECTACLES_FORMAT_JSON,
    ETF = SPECTACLES_FORMAT_ETF
};

typedef struct desk {
    spectacles_document *document;
    spectacles_bytes *out;
} desk;

static int set_up(void **state)
{
    static desk all;
    *state = &all;
    return spectacles_document_new(&all.document) || spectacles_bytes_new(&all.out);
}

static int tear_down(void **state)
{
    desk *all = *state;
    spectacles_document_free(all->document);
    spectacles_bytes_free(all->out);
    return 0;
}

static const spectacles_value *parse(desk *all, const char *text)
{
    assert_int_equal(
        spectacles_document_parse(all->document, JSON, 0, (const uint8_t *)text, strlen(text), NULL), 0);
    return spectacles_document_root(all->document);
}

static const char *json(desk *all, const spectacles_value *value)
{
    assert_int_equal(spectacles_value_write(value, JSON, all->out, NULL), 0);
    return (const char *)spectacles_bytes_data(all->out);
}

static void what_cjson_loses_survives(void **state)
{
    static const char text[] =
        "{\"id\":1234567890123456789,\"max\":18446744073709551615,\"big\":123456789012345678901234567890,"
        "\"huge\":1e400,\"price\":1.10,\"nul\":\"a\\u0000b\",\"zero\":-0,\"min\":-9223372036854775808}";
    const spectacles_value *root = parse(*state, text);
    int64_t whole;
    uint64_t natural;
    double real;
    size_t length;
    assert_int_equal(spectacles_value_int64(spectacles_value_get(root, "id"), &whole), 0);
    assert_int_equal(whole, INT64_C(1234567890123456789));
    assert_int_equal(spectacles_value_uint64(spectacles_value_get(root, "max"), &natural), 0);
    assert_true(natural == UINT64_MAX);
    assert_int_equal(spectacles_value_int64(spectacles_value_get(root, "max"), &whole), SPECTACLES_E_TOOBIG);
    assert_int_equal(spectacles_value_int64(spectacles_value_get(root, "min"), &whole), 0);
    assert_true(whole == INT64_MIN);
    assert_int_equal(spectacles_value_uint64(spectacles_value_get(root, "min"), &natural),
                     SPECTACLES_E_TOOBIG);
    assert_int_equal(spectacles_value_uint64(spectacles_value_get(root, "big"), &natural),
                     SPECTACLES_E_TOOBIG);
    assert_string_equal(spectacles_value_text(spectacles_value_get(root, "big"), &length),
                        "123456789012345678901234567890");
    assert_int_equal(spectacles_value_double(spectacles_value_get(root, "big"), &real), 0);
    assert_true(real == 0x1.8ee90ff6c373ep+96);
    assert_int_equal(spectacles_value_double(spectacles_value_get(root, "huge"), &real), SPECTACLES_E_TOOBIG);
    assert_int_equal(spectacles_value_double(spectacles_value_get(root, "zero"), &real), 0);
    assert_true(signbit(real));
    assert_memory_equal(spectacles_value_text(spectacles_value_get(root, "nul"), &length), "a\0b", 4);
    assert_int_equal(length, 3);
    assert_string_equal(json(*state, root), text);
}

/* Each is rounded wrongly by a processor that computes in 80 bits and rounds to 64 afterwards. */
static void numbers_are_the_nearest_doubles_on_every_processor(void **state)
{
    static const struct {
        const char *text;
        double nearest;
    } cases[] = {
        {"5193560465217060e-21", 0x1.5c88b07bf82c1p-18}, {"6822814995834557e-21", 0x1.c9df11b036ef1p-18},
        {"1164859060897349e-6", 0x1.15b95ad396e2bp+30},  {"1614464930339123e-16", 0x1.4aa4757d138c7p-3},
        {"3722501064747125e17", 0x1.25a74f718c02fp+108}, {"2345847990454731e18", 0x1.cea30ea6cd72dp+110},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double real;
        assert_int_equal(spectacles_value_double(parse(*state, cases[i].text), &real), 0);
        assert_true(real == cases[i].nearest);
    }
}

static void looks_and_walks(void **state)
{
    const spectacles_value *root =
        parse(*state, "{\"a\":[null,true,false,1,2.5,\"x\",{}],\"k\":1,\"k\":2,\"\":3}");
    static const uint32_t types[] = {
        SPECTACLES_VALUE_NULL,   SPECTACLES_VALUE_TRUE, SPECTACLES_VALUE_FALSE, SPECTACLES_VALUE_INTEGER,
        SPECTACLES_VALUE_NUMBER, SPECTACLES_VALUE_TEXT, SPECTACLES_VALUE_OBJECT};
    const spectacles_value *a = spectacles_value_get(root, "a");
    const spectacles_value *each = spectacles_value_first(a);
    int64_t whole;
    size_t length = 9;
    assert_int_equal(spectacles_value_count(a), 7);
    for (size_t i = 0; i < 7; i++, each = spectacles_value_next(each)) {
        assert_int_equal(spectacles_value_type(each), types[i]);
        assert_ptr_equal(spectacles_value_at(a, i), each);
    }
    assert_null(each);
    assert_null(spectacles_value_at(a, 7));
    assert_true(spectacles_value_is_true(spectacles_value_at(a, 1)));
    assert_int_equal(spectacles_value_int64(spectacles_value_get(root, "k"), &whole), 0);
    assert_int_equal(whole, 2); /* the last one */
    assert_int_equal(spectacles_value_count(root), 4);
    assert_string_equal(spectacles_value_key(spectacles_value_get(root, ""), &length), "");
    assert_int_equal(length, 0);
    assert_null(spectacles_value_key(root, NULL));
    /* Nothing answers with nothing. */
    assert_null(
        spectacles_value_get(spectacles_value_get(spectacles_value_get(root, "no"), "such"), "thing"));
    assert_int_equal(spectacles_value_type(NULL), SPECTACLES_VALUE_NONE);
    assert_int_equal(spectacles_value_count(NULL), 0);
    assert_int_equal(spectacles_value_int64(NULL, &whole), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_int64(a, &whole), SPECTACLES_E_INVAL);
    assert_null(spectacles_value_text(a, NULL));
}

static void ids_come_as_text_and_as_numbers(void **state)
{
    const spectacles_value *root = parse(
        *state, "[\"1099511627776000000\",1099511627776000000,\"\",\"1x\",-1,1.0,\"18446744073709551616\"]");
    uint64_t id;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(spectacles_value_snowflake(spectacles_value_at(root, i), &id), 0);
        assert_true(id == UINT64_C(1099511627776000000));
    }
    for (size_t i = 2; i < 8; i++)
        assert_int_equal(spectacles_value_snowflake(spectacles_value_at(root, i), &id), SPECTACLES_E_INVAL);
}

static spectacles_value *text_of(desk *all, const char *text)
{
    spectacles_value *value = NULL;
    assert_int_equal(spectacles_document_text(all->document, text, strlen(text), &value), 0);
    return value;
}

static void builds(void **state)
{
    desk *all = *state;
    spectacles_document *document = all->document;
    spectacles_value *root = NULL, *list = NULL, *value = NULL;
    spectacles_document_clear(document);
    assert_int_equal(spectacles_document_object(document, &root), 0);
    assert_int_equal(spectacles_document_array(document, &list), 0);
    assert_int_equal(spectacles_document_set_root(document, root), 0);
    assert_int_equal(spectacles_value_set(root, "list", 4, list), 0);
    assert_int_equal(spectacles_document_null(document, &value) || spectacles_value_append(list, value), 0);
    assert_int_equal(spectacles_document_bool(document, 1, &value) || spectacles_value_append(list, value),
                     0);
    assert_int_equal(
        spectacles_document_int64(document, INT64_MIN, &value) || spectacles_value_append(list, value), 0);
    assert_int_equal(
        spectacles_document_uint64(document, UINT64_MAX, &value) || spectacles_value_append(list, value), 0);
    assert_int_equal(
        spectacles_document_double(document, 0.1, &value) || spectacles_value_append(list, value), 0);
    assert_int_equal(
        spectacles_document_number(document, "1e400", 5, &value) || spectacles_value_append(list, value), 0);
    assert_int_equal(spectacles_value_append(list, text_of(all, "q\"\n")), 0);
    assert_int_equal(spectacles_value_set(root, "a", 1, text_of(all, "old")), 0);
    assert_int_equal(spectacles_value_set(root, "a", 1, text_of(all, "new")), 0);
    assert_string_equal(json(all, root), "{\"list\":[null,true,-9223372036854775808,18446744073709551615,0.1,"
                                         "1e400,\"q\\\"\\n\"],\"a\":\"new\"}");
    value = spectacles_value_at(list, 0);
    spectacles_value_detach(value);
    assert_int_equal(spectacles_value_set(root, "b", 1, value), 0);
    spectacles_value_detach(list);
    assert_string_equal(json(all, root), "{\"a\":\"new\",\"b\":null}");
    spectacles_value_detach(root);
    assert_null(spectacles_document_root(document));
}

static void what_makes_no_tree_is_refused(void **state)
{
    desk *all = *state;
    spectacles_document *document = all->document;
    spectacles_document *other = NULL;
    spectacles_value *outer = NULL, *inner = NULL, *value = NULL, *foreign = NULL;
    spectacles_document_clear(document);
    assert_int_equal(spectacles_document_new(&other), 0);
    assert_int_equal(spectacles_document_null(other, &foreign), 0);
    assert_int_equal(spectacles_document_array(document, &outer) ||
                         spectacles_document_array(document, &inner) ||
                         spectacles_document_null(document, &value),
                     0);
    assert_int_equal(spectacles_value_append(outer, foreign), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_append(outer, outer), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_append(outer, inner), 0);
    assert_int_equal(spectacles_value_append(inner, outer), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_append(outer, inner), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_append(value, outer), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_append(outer, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_set(outer, "a", 1, value), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_set_root(document, inner), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_set_root(document, foreign), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_double(document, (double)INFINITY, &value), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_text(document, "\xff", 1, &value), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_number(document, "01", 2, &value), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_number(document, "1 2", 3, &value), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_document_number(document, "\"1\"", 3, &value), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_value_write(NULL, JSON, all->out, NULL), SPECTACLES_E_INVAL);
    spectacles_document_free(other);
}

/* As deep as may be read, and one more, built by hand. */
static void depth_is_bounded_when_written(void **state)
{
    desk *all = *state;
    spectacles_value *top = NULL;
    spectacles_document_clear(all->document);
    for (int depth = 1; depth <= SPECTACLES_DEPTH_MAX + 1; depth++) {
        spectacles_value *outer;
        assert_int_equal(spectacles_document_array(all->document, &outer), 0);
        if (top)
            assert_int_equal(spectacles_value_append(outer, top), 0);
        top = outer;
        if (depth < SPECTACLES_DEPTH_MAX)
            continue;
        int fine = depth == SPECTACLES_DEPTH_MAX;
        assert_int_equal(spectacles_value_write(top, JSON, all->out, NULL) == 0, fine);
        assert_int_equal(spectacles_value_write(top, ETF, all->out, NULL) == 0, fine);
    }
}

static void a_failed_parse_leaves_nothing(void **state)
{
    desk *all = *state;
    spectacles_problem problem = {.text = ""};
    parse(all, "[1]");
    assert_int_equal(
        spectacles_document_parse(all->document, JSON, 0, (const uint8_t *)"[1,\"\\udc00\"]", 12, &problem),
        SPECTACLES_E_PROTO);
    assert_int_equal(problem.position, 4);
    assert_null(spectacles_document_root(all->document));
    assert_int_equal(spectacles_document_parse(all->document, 7, 0, (const uint8_t *)"1", 1, &problem),
                     SPECTACLES_E_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cjson_loses_survives),
        cmocka_unit_test(numbers_are_the_nearest_doubles_on_every_processor),
        cmocka_unit_test(looks_and_walks),
        cmocka_unit_test(ids_come_as_text_and_as_numbers),
        cmocka_unit_test(builds),
        cmocka_unit_test(what_makes_no_tree_is_refused),
        cmocka_unit_test(depth_is_bounded_when_written),
        cmocka_unit_test(a_failed_parse_leaves_nothing),
    };
    return cmocka_run_group_tests_name("codec/document", tests, set_up, tear_down);
}
