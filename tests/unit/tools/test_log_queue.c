/* The lines that wait: bounded, in order, with room for the errors behind a flood of infos, and a count of the rest. */
#include "log_queue.h"

#include "unit.h"

enum {
    LENGTH = 100,
    SIZE = sizeof(struct log_entry) + LENGTH,
    ROOM = 40 * SIZE
};

static bool put(struct log_queue *queue, enum setting_log_level level, char mark)
{
    char *bytes = malloc(LENGTH);
    assert_non_null(bytes);
    memset(bytes, mark, LENGTH);
    return log_queue_put(queue, level, bytes, LENGTH);
}

static size_t fill(struct log_queue *queue, enum setting_log_level level)
{
    size_t count = 0;
    while (put(queue, level, 'x'))
        count++;
    return count;
}

static void take(struct log_queue *queue, char mark)
{
    struct log_entry *entry = log_queue_take(queue);
    assert_non_null(entry);
    assert_int_equal(entry->length, LENGTH);
    assert_int_equal(entry->bytes[0], mark);
    log_entry_free(entry);
}

static void lines_keep_their_order(void **state)
{
    struct log_queue queue = {.room = ROOM};
    (void)state;
    assert_null(log_queue_take(&queue));
    for (char mark = 'a'; mark < 'f'; mark++)
        assert_true(put(&queue, LOG_LEVEL_INFO, mark));
    for (char mark = 'a'; mark < 'f'; mark++)
        take(&queue, mark);
    assert_null(log_queue_take(&queue));
    assert_int_equal(queue.bytes, 0);
    assert_false(log_queue_is_back(&queue));
}

static void infos_leave_room_for_warnings_and_both_for_errors(void **state)
{
    struct log_queue queue = {.room = ROOM};
    uint64_t dropped[LOG_LEVEL_DEBUG + 1];
    (void)state;
    assert_int_equal(fill(&queue, LOG_LEVEL_INFO), 20);
    assert_false(put(&queue, LOG_LEVEL_DEBUG, 'x'));
    assert_int_equal(fill(&queue, LOG_LEVEL_WARN), 10);
    assert_int_equal(fill(&queue, LOG_LEVEL_ERROR), 10);
    assert_int_equal(log_queue_take_dropped(&queue, dropped), 4);
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        assert_int_equal(dropped[level], 1);
    log_queue_clear(&queue);
}

/* The line that tells what is missing is to stand where it is missing, and once. */
static void after_the_first_dropped_info_all_are_until_there_is_room(void **state)
{
    struct log_queue queue = {.room = ROOM};
    uint64_t dropped[LOG_LEVEL_DEBUG + 1];
    (void)state;
    fill(&queue, LOG_LEVEL_INFO);
    for (size_t left = 20; left > 10; left--) {
        assert_false(log_queue_is_back(&queue));
        take(&queue, 'x');
        assert_false(put(&queue, LOG_LEVEL_INFO, 'y'));
    }
    assert_true(log_queue_is_back(&queue));
    assert_int_equal(log_queue_take_dropped(&queue, dropped), 11);
    assert_false(log_queue_is_back(&queue));
    assert_true(put(&queue, LOG_LEVEL_INFO, 'z'));
    log_queue_clear(&queue);
    assert_int_equal(queue.bytes, 0);
}

static void a_line_larger_than_the_room_is_dropped(void **state)
{
    struct log_queue queue = {.room = ROOM};
    (void)state;
    assert_false(log_queue_put(&queue, LOG_LEVEL_ERROR, malloc(1), ROOM));
    assert_false(log_queue_put(&queue, LOG_LEVEL_ERROR, malloc(1), SIZE_MAX));
    assert_int_equal(queue.dropped[LOG_LEVEL_ERROR], 2);
    assert_true(log_queue_is_back(&queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_keep_their_order),
        cmocka_unit_test(infos_leave_room_for_warnings_and_both_for_errors),
        cmocka_unit_test(after_the_first_dropped_info_all_are_until_there_is_room),
        cmocka_unit_test(a_line_larger_than_the_room_is_dropped),
    };
    return cmocka_run_group_tests_name("tools/log_queue", tests, NULL, NULL);
}
