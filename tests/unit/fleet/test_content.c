/* Contents merge in any order, any number of times, and whoever knows a shard since later is right. */
#include "records.h"
#include "unit.h"

#include <stdio.h>

enum {
    ROUNDS = 100,
    PARTS = 6,
    SHARDS = 3
};

static void expect(const sp_fleet_content *content, uint32_t shard_id, const char *session, uint64_t seq)
{
    const sp_fleet_shard *found = sp_fleet_content_find(content, shard_id);
    assert_non_null(found);
    assert_string_equal(found->record->session_id, session);
    assert_int_equal(found->record->seq, seq);
}

static void the_later_session_holds(void **state)
{
    sp_fleet_content content = {0};
    (void)state;
    content_add(&content, 3, "new", 2, 5, 9);
    content_add(&content, 3, "old", 900, 5, 8);
    content_add(&content, 3, "older", 900, 4, 99);
    expect(&content, 3, "new", 2);
    content_add(&content, 3, "newer", 1, 6, 1);
    expect(&content, 3, "newer", 1);
    sp_fleet_content_free(&content);
}

static void the_greatest_sequence_of_a_session_holds(void **state)
{
    sp_fleet_content content = {0};
    (void)state;
    content_add(&content, 3, "s", 23, 6, 1);
    content_add(&content, 3, "s", 24, 5, 7); /* of a zombie, or of the record that came second */
    expect(&content, 3, "s", 24);
    assert_int_equal(sp_fleet_content_find(&content, 3)->since.epoch, 6);
    content_add(&content, 3, "s", 7, 7, 1);
    expect(&content, 3, "s", 24);
    sp_fleet_content_free(&content);
}

static void a_session_that_ended_is_not_the_session_again(void **state)
{
    sp_fleet_content content = {0};
    (void)state;
    content_add(&content, 3, "s", 24, 5, 7);
    content_add(&content, 3, NULL, 0, 5, 8);
    content_add(&content, 3, "s", 30, 5, 6);
    assert_null(sp_fleet_content_find(&content, 3)->record->session_id);
    sp_fleet_content_free(&content);
}

static void shards_are_in_order(void **state)
{
    static const uint32_t ids[] = {131, 3, 67, 195, 35};
    sp_fleet_content content = {0};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        content_add(&content, ids[i], "s", i, 1, 1);
    assert_int_equal(content.count, 5);
    for (size_t i = 1; i < 5; i++)
        assert_true(content.shards[i - 1].record->shard_id < content.shards[i].record->shard_id);
    assert_null(sp_fleet_content_find(&content, 4));
    sp_fleet_content_free(&content);
}

static void the_later_plan_holds(void **state)
{
    sp_fleet_content one = {.control = strdup("{\"a\":1}"), .control_since = {2, 1}};
    sp_fleet_content two = {.control = strdup("{\"b\":1}"), .control_since = {1, 9}};
    (void)state;
    assert_int_equal(sp_fleet_content_merge(&one, &two), 0);
    assert_string_equal(one.control, "{\"a\":1}");
    two = (sp_fleet_content){.control = strdup("{\"c\":1}"), .control_since = {2, 2}};
    assert_false(sp_fleet_content_covers(&one, &two));
    assert_int_equal(sp_fleet_content_merge(&one, &two), 0);
    assert_string_equal(one.control, "{\"c\":1}");
    sp_fleet_content_free(&one);
}

/* ---- Any order ---- */

static uint32_t drawn;

static uint32_t chance(uint32_t below)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (drawn >> 8) % below;
}

/* A part of a history in which session n of a shard came with version (n, ..). */
static void make_part(sp_fleet_content *part)
{
    char session[16];
    uint32_t count = 1 + chance(SHARDS);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t shard = chance(SHARDS);
        uint32_t epoch = 1 + chance(4);
        snprintf(session, sizeof session, "s%u", epoch);
        content_add(part, shard, session, chance(50), epoch, chance(3));
    }
}

static void merge_copy(sp_fleet_content *into, const sp_fleet_content *part)
{
    sp_fleet_content copy;
    content_copy(&copy, part);
    assert_int_equal(sp_fleet_content_merge(into, &copy), 0);
}

/* Each part at least once, some more often, in an order of chance. */
static void merge_shuffled(sp_fleet_content *into, const sp_fleet_content parts[PARTS])
{
    for (int i = 0; i < 2 * PARTS; i++)
        merge_copy(into, parts + chance(PARTS));
    uint32_t first = chance(PARTS);
    for (uint32_t i = 0; i < PARTS; i++)
        merge_copy(into, parts + (first + i) % PARTS);
}

static void any_order_gives_the_same(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        sp_fleet_content parts[PARTS] = {0}, one = {0}, other = {0};
        for (int i = 0; i < PARTS; i++)
            make_part(parts + i);
        merge_shuffled(&one, parts);
        merge_shuffled(&other, parts);
        char *text = content_text(&one);
        char *again = content_text(&other);
        assert_string_equal(text, again);
        for (int i = 0; i < PARTS; i++) {
            assert_true(sp_fleet_content_covers(&one, parts + i));
            sp_fleet_content_free(parts + i);
        }
        free(text);
        free(again);
        sp_fleet_content_free(&one);
        sp_fleet_content_free(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_later_session_holds),
        cmocka_unit_test(the_greatest_sequence_of_a_session_holds),
        cmocka_unit_test(a_session_that_ended_is_not_the_session_again),
        cmocka_unit_test(shards_are_in_order),
        cmocka_unit_test(the_later_plan_holds),
        cmocka_unit_test(any_order_gives_the_same),
    };
    return cmocka_run_group_tests_name("fleet/content", tests, NULL, NULL);
}
