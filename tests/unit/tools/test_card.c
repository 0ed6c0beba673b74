/* Cards: there and back, the bot of a token, and what strangers publish under the same key. */
#include "card.h"
#include "unit.h"

#include <stdio.h>

#define TOKEN "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"

static void a_card_is_read_as_it_was_written(void **state)
{
    static const uint32_t ids[] = {9, 0, 1, 2, 7, 3};
    struct card card;
    struct card copy;
    enum card_kind kind;
    spectacles_bytes *bytes = NULL;
    (void)state;
    card_begin(&card, CARD_RUNNING, TOKEN);
    assert_true(card_serve(&card, 10, ids, 6));
    assert_int_equal(spectacles_bytes_new(&bytes), 0);
    assert_int_equal(card_write(&card, CARD_WHO, bytes), 0);
    assert_true(card_read(&copy, &kind, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes)));
    assert_int_equal(kind, CARD_WHO);
    assert_string_equal(copy.id, card.id);
    assert_string_equal(copy.bot, "198622483471925248");
    assert_string_equal(copy.host, card.host);
    assert_int_equal(copy.pid, card.pid);
    assert_int_equal(copy.state, CARD_RUNNING);
    assert_true(copy.started == card.started && card.started > 0);
    assert_int_equal(copy.shard_count, 10);
    assert_int_equal(copy.shard_id_count, 6);
    assert_int_equal(copy.shard_ids[4], 7);
    assert_int_equal(copy.shard_ids[5], 9);
    card_free(&copy);
    card_free(&card);
    spectacles_bytes_free(bytes);
}

static void nothing_of_the_token_but_the_bots_id_is_in_a_card(void **state)
{
    static const char *const unknown[] = {
        "test.token", "MTk4",
        "",           "MTk4NjIyNDgzNDcxOTI1MjQ4",
        "!!!.a.b",    "MTk4NjIyNDgzNDcxOTI1MjQ4MTk4NjIyNDgzNDcxOTI1MjQ4.a.b"};
    struct card card;
    char text[1024];
    spectacles_bytes *bytes = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        card_begin(&card, CARD_STARTING, unknown[i]);
        assert_string_equal(card.bot, "");
    }
    card_begin(&card, CARD_STARTING, TOKEN);
    assert_int_equal(spectacles_bytes_new(&bytes), 0);
    assert_int_equal(card_write(&card, CARD_HELLO, bytes), 0);
    snprintf(text, sizeof text, "%.*s", (int)spectacles_bytes_length(bytes),
             (const char *)spectacles_bytes_data(bytes));
    assert_non_null(strstr(text, "198622483471925248"));
    assert_null(strstr(text, "Cl2FMQ"));
    assert_null(strstr(text, "ZnCj"));
    assert_null(strstr(text, "MTk4"));
    spectacles_bytes_free(bytes);
    card_free(&card);
}

#define REST                                                                                                 \
    "\"id\":\"a\",\"bot\":\"1\",\"host\":\"h\",\"pid\":1,\"state\":\"running\",\"started\":1,\"shard_"       \
    "count\":4,"

static void what_is_no_card_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "[]",
        "\xff",
        "{\"kind\":\"hello\"}",
        "{\"kind\":\"other\"," REST "\"shard_ranges\":[0,3]}",
        "{\"kind\":7," REST "\"shard_ranges\":[0,3]}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":[0]}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":[3,0]}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":[0,3,3,4]}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":[0,65536]}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":[0,18446744073709551615]}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":\"0-3\"}",
        "{\"kind\":\"hello\"," REST "\"shard_ranges\":[\"0\",\"3\"]}",
        "{\"kind\":\"hello\",\"id\":\"a\",\"bot\":\"none\",\"state\":\"running\",\"shard_ranges\":[]}",
        "{\"kind\":\"hello\",\"id\":\"\",\"bot\":\"\",\"state\":\"running\",\"shard_ranges\":[]}",
    };
    struct card card;
    enum card_kind kind;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(card_read(&card, &kind, (const uint8_t *)wrong[i], strlen(wrong[i])));
        card_free(&card);
    }
}

static void fields_that_a_later_version_adds_are_passed_over(void **state)
{
    static const char body[] = "{\"kind\":\"here\",\"new\":{\"a\":[1]}," REST "\"shard_ranges\":[0,0,2,3]}";
    struct card card;
    enum card_kind kind;
    char shown[40];
    (void)state;
    assert_true(card_read(&card, &kind, (const uint8_t *)body, strlen(body)));
    card_write_shards(shown, sizeof shown, card.shard_ids, card.shard_id_count);
    assert_string_equal(shown, "0,2,3");
    card_free(&card);
}

static void a_host_of_strangers_is_printable(void **state)
{
    static const char body[] =
        "{\"kind\":\"here\",\"id\":\"a\",\"bot\":\"\",\"host\":\"a\\n\\u001b[31mb\",\"pid\":9,"
        "\"state\":\"running\",\"shard_ranges\":[]}";
    struct card card;
    enum card_kind kind;
    char name[CARD_HOST_SIZE + 32];
    (void)state;
    assert_true(card_read(&card, &kind, (const uint8_t *)body, strlen(body)));
    card_name(name, sizeof name, &card);
    assert_string_equal(name, "a??[31mb, process 9");
    card_free(&card);
}

static void many_shards_are_cut_with_dots(void **state)
{
    uint32_t ids[100];
    char shown[40];
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        ids[i] = i * 2;
    card_write_shards(shown, sizeof shown, ids, 100);
    assert_true(strlen(shown) < sizeof shown);
    assert_string_equal(shown + strlen(shown) - 4, ",...");
    assert_memory_equal(shown, "0,2,4", 5);
    card_write_shards(shown, sizeof shown, ids, 0);
    assert_string_equal(shown, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_is_read_as_it_was_written),
        cmocka_unit_test(nothing_of_the_token_but_the_bots_id_is_in_a_card),
        cmocka_unit_test(what_is_no_card_is_refused),
        cmocka_unit_test(fields_that_a_later_version_adds_are_passed_over),
        cmocka_unit_test(a_host_of_strangers_is_printable),
        cmocka_unit_test(many_shards_are_cut_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
