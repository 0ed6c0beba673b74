/* The command line: commands, options, and what the Go daemon has in their place. */
#include "arguments.h"

#include "unit.h"

static struct arguments arguments;
static struct problems problems;

/* Reads a command line behind the name of the program. Returns the exit code. */
static int read_line(const char *const *line)
{
    const char *argv[8] = {"spectacles-gateway"};
    int argc = 1;
    problems_free(&problems);
    for (; line[argc - 1]; argc++)
        argv[argc] = line[argc - 1];
    arguments_read(&arguments, argc, argv, &problems);
    return problems_exit_code(&problems);
}

#define LINE(...) ((const char *const[]){__VA_ARGS__, NULL})

static void commands_have_options(void **state)
{
    (void)state;
    assert_int_equal(read_line(LINE("check", "--config", "a.toml", "--json")), 0);
    assert_int_equal(arguments.command, COMMAND_CHECK);
    assert_string_equal(arguments.config, "a.toml");
    assert_true(arguments.json);
    assert_int_equal(read_line(LINE("--config=b.toml")), 0);
    assert_int_equal(arguments.command, COMMAND_RUN);
    assert_string_equal(arguments.config, "b.toml");
    assert_int_equal(read_line(LINE("settings", "--markdown")), 0);
    assert_true(arguments.markdown);
    assert_int_equal(read_line(LINE("--help")), 0);
    assert_int_equal(arguments.command, COMMAND_HELP);
    assert_int_equal(read_line(LINE("doctor", "--json", "--help")), 0);
    assert_int_equal(arguments.command, COMMAND_HELP);
    assert_int_equal(read_line(LINE("fleet", "move", "0-3", "web-1")), 0);
    assert_int_equal(arguments.command, COMMAND_FLEET);
    assert_int_equal(arguments.word_count, 3);
    assert_string_equal(arguments.words[2], "web-1");
    assert_int_equal(read_line(LINE("fleet", "status", "--json")), 0);
    assert_true(arguments.json);
    assert_int_equal(read_line((const char *const[]){NULL}), 0);
    assert_int_equal(arguments.command, COMMAND_RUN);
}

static void check_refused(const char *const *line, const char *where, const char *says)
{
    assert_int_equal(read_line(line), 78);
    assert_string_equal(problems.first->where, where);
    assert_non_null(strstr(problems.first->text, says));
    assert_null(problems.first->next);
}

static void what_is_wrong_is_one_sentence(void **state)
{
    (void)state;
    check_refused(LINE("-config", "gateway.toml"), "-config", "--config FILE");
    check_refused(LINE("-config=gateway.toml"), "-config", "--config FILE");
    check_refused(LINE("-loglevel", "debug"), "-loglevel", "LOG_LEVEL");
    check_refused(LINE("--loglevel=debug"), "--loglevel", "LOG_LEVEL");
    check_refused(LINE("--config"), "--config", "a file is expected");
    check_refused(LINE("--config="), "--config", "a file is expected");
    check_refused(LINE("chek"), "chek", "no such command");
    check_refused(LINE("check", "run"), "run", "no place here");
    check_refused(LINE("--json"), "--json", "`spectacles-gateway check`");
    check_refused(LINE("check", "--markdown"), "--markdown", "`spectacles-gateway settings`");
    check_refused(LINE("--token=secret"), "--token", "no such command or option");
}

static int free_problems(void **state)
{
    (void)state;
    problems_free(&problems);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_have_options),
        cmocka_unit_test(what_is_wrong_is_one_sentence),
    };
    return cmocka_run_group_tests_name("tools/arguments", tests, NULL, free_problems);
}
