/*
 * Each allocation of what reads settings, cards, sessions, of the log and of the notifier fails once: the
 * call says so, and nothing is left behind.
 */
#include "card.h"
#include "failing.h"
#include "log_repeats.h"
#include "memory.h"
#include "notify.h"
#include "sessions_import.h"
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

/* Made, written and read. Returns false when a call said that memory ran out. */
static bool send_card(void)
{
    static const uint32_t ids[] = {0, 1, 5};
    struct card card;
    struct card copy = {.id = ""};
    enum card_kind kind;
    spectacles_bytes *bytes = NULL;
    card_begin(&card, CARD_RUNNING, "token");
    bool is_sent = card_serve(&card, 6, ids, 3) && spectacles_bytes_new(&bytes) == SPECTACLES_OK &&
                   card_write(&card, CARD_HERE, bytes) == SPECTACLES_OK &&
                   card_read(&copy, &kind, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes));
    assert_true(!is_sent || (kind == CARD_HERE && copy.shard_id_count == 3));
    card_free(&copy);
    card_free(&card);
    spectacles_bytes_free(bytes);
    return is_sent;
}

static void a_card_fails_cleanly(void **state)
{
    size_t nth = 0;
    bool failed = true;
    (void)state;
    while (failed) {
        failing_start(++nth);
        bool is_sent = send_card();
        failed = failing_count() >= nth;
        failing_start(0);
        assert_int_equal(is_sent, !failed);
    }
    assert_true(nth > 5);
}

static spectacles_state *new_state(void)
{
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    config.shard_count = 3;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

/* With lines of both kinds, and one that is wrong. */
static void an_import_fails_cleanly(void **state)
{
    static const char lines[] = "{\"shard\":[0,3],\"session\":\"a\",\"seq\":1,\"url\":\"wss://a\"}\n"
                                "gateway1session b\ngateway1seq 7\n{\n";
    const uint8_t *text = (const uint8_t *)lines;
    size_t nth = 0;
    bool failed = true;
    (void)state;
    while (failed) {
        struct problems problems = {0};
        spectacles_state *made = new_state();
        failing_start(++nth);
        size_t count = sessions_import_read(made, text, sizeof lines - 1, NULL, &problems);
        failed = failing_count() >= nth;
        failing_start(0);
        assert_int_equal(problems.out_of_memory, failed);
        assert_true(failed || (count == 2 && problems.first && problems.first == problems.last));
        problems_free(&problems);
        spectacles_state_free(made);
    }
    assert_true(nth > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(toml_fails_cleanly),    cmocka_unit_test(settings_fail_cleanly),
        cmocka_unit_test(the_log_fails_cleanly), cmocka_unit_test(the_notifier_fails_cleanly),
        cmocka_unit_test(a_card_fails_cleanly),  cmocka_unit_test(an_import_fails_cleanly),
    };
    return cmocka_run_group_tests_name("tools/nomem", tests, NULL, NULL);
}
