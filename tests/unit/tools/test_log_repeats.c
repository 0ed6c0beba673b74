/* Lines that repeat: the first at once, the others as one line a minute, in bounded memory. */
#include "log_repeats.h"

#include "unit.h"

#include <stdio.h>
#include <unistd.h>

enum {
    START = 1000,
    PATIENCE = 60000
};

/* A log into a file, and what repeats in it. */
struct fixture {
    FILE *file;
    struct log *log;
    struct log_repeats *repeats;
};

static void begin(struct fixture *fixture, enum setting_log_level level)
{
    struct log_config config;
    spectacles_problem problem;
    fixture->file = tmpfile();
    assert_non_null(fixture->file);
    log_config_init(&config);
    config.fd = fileno(fixture->file);
    config.level = level;
    config.format = LOG_FORMAT_JOURNAL;
    config.journal_stream = NULL;
    assert_int_equal(log_new(&fixture->log, &config, &problem), SPECTACLES_OK);
    assert_int_equal(log_repeats_new(&fixture->repeats, fixture->log), SPECTACLES_OK);
}

/* Ends the log, and gives what it has written. */
static char *end(struct fixture *fixture)
{
    enum {
        SIZE = 1 << 20
    };
    char *text = calloc(1, SIZE);
    assert_non_null(text);
    log_repeats_free(fixture->repeats);
    log_free(fixture->log, PATIENCE);
    rewind(fixture->file);
    assert_true(fread(text, 1, SIZE - 1, fixture->file) < SIZE - 1);
    fclose(fixture->file);
    return text;
}

static void end_with(struct fixture *fixture, const char *expected)
{
    char *text = end(fixture);
    assert_string_equal(text, expected);
    free(text);
}

static void lose(struct fixture *fixture, uint32_t shard_id, const char *text, uint64_t now)
{
    log_repeats_write(
        fixture->repeats,
        &(struct log_line){
            .level = LOG_LEVEL_WARN, .event = "LOST", .text = text, .has_shard = true, .shard_id = shard_id},
        now);
}

static void repeats_are_one_line_a_minute(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    lose(&fixture, 3, "first", START);
    for (uint64_t i = 1; i <= 37; i++)
        lose(&fixture, 3, i == 37 ? "last" : "again", START + i);
    assert_int_equal(log_repeats_deadline(fixture.repeats), START + LOG_REPEATS_WINDOW);
    log_repeats_process(fixture.repeats, START + LOG_REPEATS_WINDOW - 1);
    log_repeats_process(fixture.repeats, START + LOG_REPEATS_WINDOW);
    /* They go on: the next minute is summed up as well. */
    lose(&fixture, 3, "one more", START + LOG_REPEATS_WINDOW + 1);
    log_repeats_process(fixture.repeats, START + 2 * LOG_REPEATS_WINDOW);
    /* A minute of rest, and then it is news again. */
    log_repeats_process(fixture.repeats, START + 3 * LOG_REPEATS_WINDOW);
    assert_int_equal(log_repeats_deadline(fixture.repeats), SPECTACLES_NEVER);
    lose(&fixture, 3, "anew", START + 3 * LOG_REPEATS_WINDOW);
    end_with(&fixture, "<4>first [LOST shard=3]\n"
                       "<4>37 times in the last 60 s, the last: last [LOST shard=3]\n"
                       "<4>1 time in the last 60 s, the last: one more [LOST shard=3]\n"
                       "<4>anew [LOST shard=3]\n");
}

static void different_things_are_told_apart(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    lose(&fixture, 3, "three", START);
    lose(&fixture, 4, "four", START);
    struct log_line line = {.level = LOG_LEVEL_WARN, .event = "LOST", .text = "queue", .subject = "a"};
    log_repeats_write(fixture.repeats, &line, START);
    line.subject = "b";
    log_repeats_write(fixture.repeats, &line, START);
    line.event = "FOUND";
    log_repeats_write(fixture.repeats, &line, START);
    end_with(&fixture, "<4>three [LOST shard=3]\n<4>four [LOST shard=4]\n<4>queue [LOST subject=\"a\"]\n"
                       "<4>queue [LOST subject=\"b\"]\n<4>queue [FOUND subject=\"b\"]\n");
}

static void what_was_counted_is_told_at_the_end(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    lose(&fixture, 3, "first", START);
    lose(&fixture, 3, "second", START);
    end_with(&fixture,
             "<4>first [LOST shard=3]\n<4>1 time in the last 60 s, the last: second [LOST shard=3]\n");
}

/* Five thousand shards lose their connections, twice. */
static void many_things_are_few_lines(void **state)
{
    struct fixture fixture;
    char sum[120];
    size_t lines = 0;
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    for (uint32_t shard = 0; shard < 5000; shard++)
        lose(&fixture, shard, "gone", START);
    log_repeats_process(fixture.repeats, START + LOG_REPEATS_WINDOW);
    char *text = end(&fixture);
    for (char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, LOG_REPEATS_MAX + 2);
    snprintf(sum, sizeof sum,
             "<4>%d times in the last 60 s, for several shards or queues, the last: gone [LOST]\n",
             5000 - LOG_REPEATS_MAX - 1);
    assert_non_null(strstr(text, sum));
    free(text);
}

static void at_the_level_debug_nothing_is_summed_up(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, LOG_LEVEL_DEBUG);
    lose(&fixture, 3, "first", START);
    lose(&fixture, 3, "second", START);
    end_with(&fixture, "<4>first [LOST shard=3]\n<4>second [LOST shard=3]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_are_one_line_a_minute),
        cmocka_unit_test(different_things_are_told_apart),
        cmocka_unit_test(what_was_counted_is_told_at_the_end),
        cmocka_unit_test(many_things_are_few_lines),
        cmocka_unit_test(at_the_level_debug_nothing_is_summed_up),
    };
    return cmocka_run_group_tests_name("tools/log_repeats", tests, NULL, NULL);
}
