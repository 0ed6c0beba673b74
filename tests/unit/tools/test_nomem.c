/* Each allocation of the TOML reader and of the settings fails once: the call says so, and nothing is left behind. */
#include "failing.h"
#include "log_repeats.h"
#include "memory.h"
#include "notify.h"
#include "toml.h"
#include "unit.h"

#include <spectacles/types.h>
#include <stdio.h>
#include <unistd.h>

enum {
    PATIENCE = 60000
};

static void toml_fails_cleanly(void **state)
{
    static const char text[] = "a = 'x'\n[b.c]\nd = [1, {e = \"f\"}]\n[[g]]\n'h' = 1.5\n";
    size_t nth = 0;
    bool failed = true;
    (void)state;
    while (failed) {
        struct toml *toml = NULL;
        struct toml_problem problem;
        failing_start(++nth);
        int error = toml_read(&toml, text, sizeof text - 1, &problem);
        failed = failing_count() >= nth;
        failing_start(0);
        assert_int_equal(error, failed ? SPECTACLES_E_NOMEM : SPECTACLES_OK);
        assert_int_equal(toml == NULL, failed);
        toml_free(toml);
    }
    assert_true(nth > 2);
}

/* With every kind of value, and with a problem. */
static void begin(struct memory *memory)
{
    memory_begin(memory);
    memory_set(memory, "DISCORD_EVENTS=READY,MESSAGE_CREATE");
    memory_set(memory, "DISCORD_SHARD_COUNT=4");
    memory_set(memory, "DISCORD_SHARD_IDS=1-3");
    memory_set(memory, "CREDENTIALS_DIRECTORY=/run");
    memory_set(memory, "LOG_LEVEL=loud");
    memory_add_file(memory, "/run/amqp-url", "amqp://a,amqp://b", 0);
    memory_add_file(memory, "gateway.toml", "[presence]\nstatus = \"dnd\"\n[broker]\nwindow_bytes = \"2M\"\n",
                    0);
}

/* That memory ran out is noticed; a file that could not be read for it is told as one that may be read later. */
static bool is_noticed(const struct problems *problems)
{
    bool may_pass = problems->out_of_memory;
    for (const struct problem *each = problems->first; each; each = each->next)
        may_pass |= each->code == PROBLEM_MAY_PASS;
    return may_pass;
}

static void settings_fail_cleanly(void **state)
{
    struct memory memory;
    size_t nth = 0;
    bool failed = true;
    (void)state;
    begin(&memory);
    while (failed) {
        struct settings settings;
        struct problems problems = {0};
        failing_start(++nth);
        int code = memory_read(&memory, &settings, &problems);
        failed = failing_count() >= nth;
        failing_start(0);
        /*
         * Without memory, what is wrong with LOG_LEVEL may not be told any more: then it is told that memory ran out.
         */
        assert_int_equal(is_noticed(&problems), failed);
        assert_int_equal(code, problems_exit_code(&problems));
        assert_true(code == 75 || code == 78);
        problems_free(&problems);
        settings_free(&settings);
    }
    assert_true(nth > 100);
}

/* A log, and what is written through it: either a line is there, or it was counted as missing. */
static void write_log(struct log *log)
{
    struct log_repeats *repeats = NULL;
    const struct log_line line = {
        .level = LOG_LEVEL_WARN, .event = "LINE", .text = "a line", .subject = "it"};
    log_hide(log, "s3cret-token", 12);
    log_say(log, LOG_LEVEL_WARN, "LINE", "%s", "a line");
    log_write(log, &line);
    if (log_repeats_new(&repeats, log) == SPECTACLES_OK) {
        for (int i = 0; i < 3; i++)
            log_repeats_write(repeats, &line, 0);
    }
    log_repeats_free(repeats);
}

static void the_log_fails_cleanly(void **state)
{
    size_t nth = 0;
    bool failed = true;
    (void)state;
    while (failed) {
        struct log *log = NULL;
        struct log_config config;
        spectacles_problem problem;
        FILE *file = tmpfile();
        assert_non_null(file);
        log_config_init(&config);
        config.fd = fileno(file);
        failing_start(++nth);
        int error = log_new(&log, &config, &problem);
        write_log(log);
        failed = failing_count() >= nth;
        failing_start(0);
        assert_int_equal(error, log ? SPECTACLES_OK : SPECTACLES_E_NOMEM);
        log_free(log, PATIENCE);
        assert_true(!log || lseek(fileno(file), 0, SEEK_END) > 0);
        fclose(file);
    }
    assert_true(nth > 8);
}

static void the_notifier_fails_cleanly(void **state)
{
    struct notify *notify = NULL;
    spectacles_problem problem;
    const struct notify_environment environment = {.socket = "/nowhere"};
    (void)state;
    failing_start(1);
    int error = notify_new(&notify, &environment, 0, &problem);
    failing_start(0);
    assert_int_equal(error, SPECTACLES_E_NOMEM);
    assert_null(notify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(toml_fails_cleanly),
        cmocka_unit_test(settings_fail_cleanly),
        cmocka_unit_test(the_log_fails_cleanly),
        cmocka_unit_test(the_notifier_fails_cleanly),
    };
    return cmocka_run_group_tests_name("tools/nomem", tests, NULL, NULL);
}
