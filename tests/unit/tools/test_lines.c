/* The lines of the events of a gateway: each has its level and its fields, and failures in numbers are summed up. */
#include "lines.h"

#include "unit.h"

#include <spectacles/spectacles.h>
#include <stdio.h>

enum {
    NOW = 1000,
    TYPES = 64, /* more than there are */
    PATIENCE = 60000,
    SIZE = 1 << 16
};

#define EVENT(name) SPECTACLES_RELAY_EVENT_##name

/* A log into a file. */
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

/* Ends the log, and gives what it has written; valid until the next call. */
static const char *end(struct fixture *fixture)
{
    static char text[SIZE];
    log_repeats_free(fixture->repeats);
    log_free(fixture->log, PATIENCE);
    rewind(fixture->file);
    text[fread(text, 1, SIZE - 1, fixture->file)] = '\0';
    fclose(fixture->file);
    return text;
}

static spectacles_relay_event event_of(uint32_t type)
{
    return (spectacles_relay_event){.type = type,
                                    .shard_id = 1,
                                    .shard_count = 4,
                                    .op = 8,
                                    .name = "NAME",
                                    .name_length = 4,
                                    .text = "the text",
                                    .text_length = 8,
                                    .session_id = "0123456789",
                                    .session_id_length = 10};
}

static const char *line_of(const spectacles_relay_event *event, enum setting_log_level level)
{
    struct fixture fixture;
    begin(&fixture, level);
    lines_event(fixture.log, fixture.repeats, event, NOW);
    return end(&fixture);
}

static void check(uint32_t type, const char *expected)
{
    const spectacles_relay_event event = event_of(type);
    assert_string_equal(line_of(&event, LOG_LEVEL_DEBUG), expected);
}

static void each_event_has_its_level_and_fields(void **state)
{
    (void)state;
    check(EVENT(SHARD_CONNECTING),
          "<7>shard 1/4 connecting to the text [SHARD_CONNECTING shard=1 subject=\"NAME\"]\n");
    check(EVENT(SHARD_FATAL), "<3>shard 1/4 FATAL: the text [SHARD_FATAL shard=1 subject=\"NAME\"]\n");
    check(EVENT(SHARD_GAP), "<4>shard 1/4 GAP: the text [SHARD_GAP shard=1 subject=\"NAME\"]\n");
    check(EVENT(BROKER_BLOCKED),
          "<4>broker events blocked: the text [BROKER_BLOCKED subject=\"broker events\"]\n");
    check(EVENT(SUBSCRIBED), "<6>queue the text stands [SUBSCRIBED subject=\"NAME\"]\n");
    check(EVENT(COMMAND_SENT), "<7>op 8 sent on shard 1/4 [COMMAND_SENT shard=1 subject=\"NAME\"]\n");
    check(EVENT(COMMAND_REJECTED),
          "<4>command under NAME rejected: the text [COMMAND_REJECTED subject=\"NAME\"]\n");
    check(EVENT(COMMAND_LIMITED), "<4>shard 1/4: the text (nonce NAME) [COMMAND_LIMITED shard=1]\n");
    check(EVENT(MESSAGE), "");
    check(0, "");
    check(UINT32_MAX, "");
}

static void every_type_but_messages_is_a_line(void **state)
{
    (void)state;
    for (uint32_t type = 1; type < TYPES; type++) {
        const spectacles_relay_event event = event_of(type);
        bool exists = strcmp(spectacles_relay_event_type_name(type), "UNKNOWN") != 0;
        bool is_line = line_of(&event, LOG_LEVEL_DEBUG)[0] != '\0';
        assert_int_equal(is_line, exists && type != EVENT(MESSAGE));
    }
}

/* Commands and heartbeats are many. */
static void commands_are_lines_at_debug_alone(void **state)
{
    static const uint32_t types[] = {EVENT(COMMAND_ROUTED), EVENT(COMMAND_SENT), EVENT(SHARD_LATENCY)};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const spectacles_relay_event event = event_of(types[i]);
        assert_string_equal(line_of(&event, LOG_LEVEL_INFO), "");
    }
}

static void a_close_of_discord_is_no_warning_and_its_code_is_a_field(void **state)
{
    spectacles_relay_event event = event_of(EVENT(SHARD_DISCONNECTED));
    (void)state;
    event.name = NULL;
    event.code = 4000;
    event.error = SPECTACLES_E_CLOSED;
    event.until = NOW + 1500;
    assert_string_equal(line_of(&event, LOG_LEVEL_INFO),
                        "<6>shard 1/4 disconnected: the text; again in 1500 ms [SHARD_DISCONNECTED shard=1 "
                        "code=4000]\n");
    event.error = SPECTACLES_E_UNREACHABLE;
    event.code = 0;
    assert_string_equal(
        line_of(&event, LOG_LEVEL_INFO),
        "<4>shard 1/4 disconnected: the text; again in 1500 ms [SHARD_DISCONNECTED shard=1]\n");
}

static void what_holds_all_shards_is_one_line(void **state)
{
    spectacles_relay_event event = event_of(EVENT(SHARD_DISCONNECTED));
    (void)state;
    event.hold_until = NOW + 1;
    assert_string_equal(line_of(&event, LOG_LEVEL_DEBUG), "");
}

static void the_queues_of_shards_are_no_news(void **state)
{
    spectacles_relay_event event = event_of(EVENT(SUBSCRIBED));
    (void)state;
    event.name = "17";
    assert_string_equal(line_of(&event, LOG_LEVEL_INFO), "");
    event.name = "SEND";
    assert_string_equal(line_of(&event, LOG_LEVEL_INFO),
                        "<6>queue the text stands [SUBSCRIBED subject=\"SEND\"]\n");
}

static void failures_in_numbers_are_summed_up(void **state)
{
    struct fixture fixture;
    spectacles_relay_event event = event_of(EVENT(COMMAND_REJECTED));
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    for (int i = 0; i < 50; i++)
        lines_event(fixture.log, fixture.repeats, &event, NOW);
    assert_string_equal(end(&fixture),
                        "<4>command under NAME rejected: the text [COMMAND_REJECTED subject=\"NAME\"]\n"
                        "<4>49 times in the last 60 s, the last: command under NAME rejected: the text "
                        "[COMMAND_REJECTED subject=\"NAME\"]\n");
}

/* Whoever has read of a lost connection waits for the word that it is back. */
static void the_end_of_a_failure_that_was_told_is_told(void **state)
{
    struct fixture fixture;
    spectacles_relay_event lost = event_of(EVENT(SHARD_DISCONNECTED));
    spectacles_relay_event back = event_of(EVENT(SHARD_RESUMED));
    size_t times = 0;
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    lines_event(fixture.log, fixture.repeats, &back, NOW); /* at the start */
    for (int i = 0; i < 10; i++) {
        lines_event(fixture.log, fixture.repeats, &lost, NOW);
        lines_event(fixture.log, fixture.repeats, &back, NOW);
    }
    for (const char *at = end(&fixture); (at = strstr(at, "[SHARD_RESUMED")); at++)
        times++;
    /* Two at once; one more when failures begin to be counted; and the sum. */
    assert_int_equal(times, 4);
}

/* A gap is a loss, and a READY has cost an identify: each is told. */
static void gaps_and_new_sessions_are_never_summed_up(void **state)
{
    struct fixture fixture;
    spectacles_relay_event gap = event_of(EVENT(SHARD_GAP));
    spectacles_relay_event ready = event_of(EVENT(SHARD_READY));
    size_t lines = 0;
    (void)state;
    begin(&fixture, LOG_LEVEL_INFO);
    for (int i = 0; i < 10; i++) {
        lines_event(fixture.log, fixture.repeats, &gap, NOW);
        lines_event(fixture.log, fixture.repeats, &ready, NOW);
    }
    for (const char *at = end(&fixture); (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_has_its_level_and_fields),
        cmocka_unit_test(every_type_but_messages_is_a_line),
        cmocka_unit_test(commands_are_lines_at_debug_alone),
        cmocka_unit_test(a_close_of_discord_is_no_warning_and_its_code_is_a_field),
        cmocka_unit_test(what_holds_all_shards_is_one_line),
        cmocka_unit_test(the_queues_of_shards_are_no_news),
        cmocka_unit_test(failures_in_numbers_are_summed_up),
        cmocka_unit_test(the_end_of_a_failure_that_was_told_is_told),
        cmocka_unit_test(gaps_and_new_sessions_are_never_summed_up),
    };
    return cmocka_run_group_tests_name("tools/lines", tests, NULL, NULL);
}
