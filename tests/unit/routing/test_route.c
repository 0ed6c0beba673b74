#include "unit.h"

#include <spectacles/routing.h>

static void guilds_have_their_shard(void **state)
{
    (void)state;
    const struct {
        uint64_t guild;
        uint32_t count;
        uint32_t shard;
    } rows[] = {
        {0, 1, 0},
        {1, 16, 0},
        {(1u << 22) - 1, 16, 0},
        {1u << 22, 16, 1},
        {(uint64_t)17 << 22, 16, 1},
        {197038439483310086, 1, 0},
        {197038439483310086, 2, 0},
        {41771983423143937, 10, 4},
        {613425648685547541, 16, 8},
        {UINT64_MAX, 16, 15},
        {UINT64_MAX, UINT32_MAX, 1023},
        {UINT64_MAX, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(spectacles_route_shard(rows[i].guild, rows[i].count), rows[i].shard);
}

static void shards_have_their_bucket(void **state)
{
    (void)state;
    assert_int_equal(spectacles_route_identify_bucket(0, 16), 0);
    assert_int_equal(spectacles_route_identify_bucket(15, 16), 15);
    assert_int_equal(spectacles_route_identify_bucket(16, 16), 0);
    assert_int_equal(spectacles_route_identify_bucket(70001, 16), 1);
    assert_int_equal(spectacles_route_identify_bucket(7, 1), 0);
    assert_int_equal(spectacles_route_identify_bucket(7, 0), 0);
}

/* A name, or an error with `out` left alone. */
static void names(const char *group, const char *subgroup, const char *event, const char *expected, int error)
{
    char out[SPECTACLES_ROUTE_MAX + 1] = "untouched";
    int length = spectacles_route_queue(out, sizeof out, group, strlen(group), subgroup,
                                        subgroup ? strlen(subgroup) : 0, event, strlen(event));
    assert_string_equal(out, expected ? expected : "untouched");
    assert_int_equal(length, expected ? (int)strlen(expected) : error);
}

static void queues_are_named_as_specified(void **state)
{
    (void)state;
    names("gateway", NULL, "MESSAGE_CREATE", "gateway:MESSAGE_CREATE", 0);
    names("gateway", "", "SEND", "gateway:SEND", 0);
    names("gateway", NULL, "3", "gateway:3", 0);
    names("gateway", "logs", "MESSAGE_CREATE", "gateway:logs:MESSAGE_CREATE", 0);
    names("g", "a:b", "c d", "g:a:b:c d", 0);
    names("gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
          "gr\xc3\xbc\xc3\x9f:\xe2\x82\xac:\xf0\x9f\x98\x80", 0);
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a\n",
        "\x01",
        "\x1f",
        "a\x7f",
        "\xff",
        "\x80",
        "\xc3",
        "\xc0\xaf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
    };
    names("", NULL, "E", NULL, SPECTACLES_E_INVAL);
    names("g", NULL, "", NULL, SPECTACLES_E_INVAL);
    names("g", "s", "", NULL, SPECTACLES_E_INVAL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        names(bad[i], NULL, "E", NULL, SPECTACLES_E_INVAL);
        names("g", bad[i], "E", NULL, SPECTACLES_E_INVAL);
        names("g", NULL, bad[i], NULL, SPECTACLES_E_INVAL);
    }
    char out[8] = "";
    assert_int_equal(spectacles_route_queue(out, sizeof out, "g\0g", 3, NULL, 0, "E", 1), SPECTACLES_E_INVAL);
}

static int sized(char *out, size_t size, size_t group, size_t subgroup, size_t event)
{
    static char part[600];
    memset(part, 'x', sizeof part);
    return spectacles_route_queue(out, size, part, group, part, subgroup, part, event);
}

static void a_name_is_at_most_255_bytes(void **state)
{
    (void)state;
    char out[600];
    assert_int_equal(sized(out, sizeof out, 127, 0, 127), 255);
    assert_int_equal(strlen(out), 255);
    assert_int_equal(sized(out, 256, 127, 0, 127), 255);
    assert_int_equal(sized(out, 255, 127, 0, 127), SPECTACLES_E_TOOBIG);
    assert_int_equal(sized(out, sizeof out, 127, 0, 128), SPECTACLES_E_TOOBIG);
    assert_int_equal(sized(out, sizeof out, 100, 53, 100), 255);
    assert_int_equal(sized(out, sizeof out, 100, 54, 100), SPECTACLES_E_TOOBIG);
    assert_int_equal(sized(out, sizeof out, 1, 0, 256), SPECTACLES_E_TOOBIG);
    assert_int_equal(sized(NULL, 0, 1, 0, 1), SPECTACLES_E_TOOBIG);
    assert_int_equal(sized(out, 3, 1, 0, 1), SPECTACLES_E_TOOBIG);
    assert_int_equal(sized(out, 4, 1, 0, 1), 3);
    assert_int_equal(spectacles_route_queue(out, sizeof out, "g", 1, "s", SIZE_MAX - 1, "e", 1),
                     SPECTACLES_E_TOOBIG);
    /* Counted in bytes: 128 characters of two are one too many. */
    char wide[256];
    for (size_t i = 0; i < sizeof wide; i += 2)
        memcpy(wide + i, "\xc3\xbc", 2);
    assert_int_equal(spectacles_route_queue(out, sizeof out, "g", 1, NULL, 0, wide, 252), 254);
    assert_int_equal(spectacles_route_queue(out, sizeof out, "g", 1, NULL, 0, wide, 254),
                     SPECTACLES_E_TOOBIG);
}

static void shard_keys_are_decimal(void **state)
{
    (void)state;
    const struct {
        uint32_t id;
        const char *key;
    } rows[] = {{0, "0"}, {3, "3"}, {10, "10"}, {70000, "70000"}, {UINT32_MAX, "4294967295"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[11];
        uint32_t id = 77;
        int length = spectacles_route_shard_key(out, sizeof out, rows[i].id);
        assert_int_equal(length, strlen(rows[i].key));
        assert_string_equal(out, rows[i].key);
        assert_int_equal(spectacles_route_parse_shard_key(&id, out, (size_t)length), 0);
        assert_int_equal(id, rows[i].id);
        strcpy(out, "untouched");
        assert_int_equal(spectacles_route_shard_key(out, (size_t)length, rows[i].id), SPECTACLES_E_TOOBIG);
        assert_string_equal(out, "untouched");
    }
}

static void other_shard_keys_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",  " 1", "1 ",   "+1",  "-1",  "01",         "00",          "1.0",
        "a", "1a", "SEND", "0x1", "1e3", "4294967296", "10000000000", "18446744073709551617",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t id = 77;
        assert_int_equal(spectacles_route_parse_shard_key(&id, bad[i], strlen(bad[i])), SPECTACLES_E_INVAL);
        assert_int_equal(id, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guilds_have_their_shard),       cmocka_unit_test(shards_have_their_bucket),
        cmocka_unit_test(queues_are_named_as_specified), cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(a_name_is_at_most_255_bytes),   cmocka_unit_test(shard_keys_are_decimal),
        cmocka_unit_test(other_shard_keys_are_refused),
    };
    return cmocka_run_group_tests_name("routing/route", tests, NULL, NULL);
}
