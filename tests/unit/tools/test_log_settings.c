/* The log of the settings: its level, and the secrets of the settings, which are in no line. */
#include "log_settings.h"

#include "memory.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

enum {
    PATIENCE = 60000,
    SIZE = 4096
};

/* What a log of such settings writes on stderr for one line. Valid until the next call. */
static const char *written(struct memory *memory, const char *text)
{
    static char out[SIZE];
    struct settings settings;
    struct problems problems = {0};
    struct log *log = NULL;
    spectacles_problem problem;
    int ends[2];
    int stderr_kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    memory_read(memory, &settings, &problems);
    dup2(ends[1], STDERR_FILENO);
    assert_int_equal(log_settings_new(&log, &settings, &problem), SPECTACLES_OK);
    log_say(log, LOG_LEVEL_WARN, "X", "%s", text);
    log_free(log, PATIENCE);
    dup2(stderr_kept, STDERR_FILENO);
    close(stderr_kept);
    close(ends[1]);
    ssize_t length = read(ends[0], out, SIZE - 1);
    assert_true(length >= 0);
    out[length] = '\0';
    close(ends[0]);
    settings_free(&settings);
    problems_free(&problems);
    return out;
}

static void check(struct memory *memory, const char *text, const char *expected)
{
    assert_non_null(strstr(written(memory, text), expected));
}

static void token_and_passwords_are_hidden(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    const char *line = written(&memory, "token " MEMORY_TOKEN ", password " MEMORY_PASSWORD " end");
    assert_null(strstr(line, MEMORY_TOKEN));
    assert_null(strstr(line, MEMORY_PASSWORD));
    assert_non_null(strstr(line, "*, password *************** end"));
    memory_set(&memory,
               "AMQP_URL=amqp://me:one-password@a/v,amqp://[::1]:5672/x@y:nothing,amqps://user@c:5671");
    check(&memory, "one-password 5672/x@y:nothing 5671", "************ 5672/x@y:nothing 5671");
    memory_set(&memory, "AMQP_URL=amqp://me:with%40in-it@a");
    check(&memory, "with%40in-it", "************");
}

static void the_level_is_that_of_the_settings(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "LOG_LEVEL=error");
    assert_string_equal(written(&memory, "a warning"), "");
    memory_set(&memory, "LOG_LEVEL=warn");
    memory_set(&memory, "LOG_FORMAT=json");
    check(&memory, "a warning", "\"message\":\"a warning\"}\n");
}

/* The mistake itself has to be told. */
static void a_wrong_level_is_the_default(void **state)
{
    struct memory memory;
    (void)state;
    memory_begin(&memory);
    memory_set(&memory, "LOG_LEVEL=loud");
    memory_set(&memory, "LOG_FORMAT=xml");
    check(&memory, "a warning", " warn  a warning [X]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_and_passwords_are_hidden),
        cmocka_unit_test(the_level_is_that_of_the_settings),
        cmocka_unit_test(a_wrong_level_is_the_default),
    };
    return cmocka_run_group_tests_name("tools/log_settings", tests, NULL, NULL);
}
