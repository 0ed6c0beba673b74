/* The command `sessions`, on real files in a folder of the test's own: every verb, and what each refuses. */
#include "sessions.h"

#include "memory.h"
#include "session_file.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SIZE = 8192
};

static struct memory memory;
static char folder[64];
static char path[96];
static char setting[128];
static char out[SIZE];
static struct problems problems;

/* Two shards of four, one of them with a gap that nobody has declared yet. */
static const char two_lines[] = "{\"shard\":[0,4],\"session\":\"aaaaaaaaaaaaaaaa\",\"seq\":17,\"url\":\"wss:/"
                                "/resume.example\",\"encoding\":"
                                "\"json\",\"gaps\":[]}\n"
                                "{\"shard\":[2,4],\"session\":\"cccccccccccccccc\",\"seq\":5,\"url\":\"wss://"
                                "resume.example\",\"encoding\":\"etf\","
                                "\"gaps\":[{\"old_session\":\"older\",\"new_session\":\"cccccccccccccccc\","
                                "\"seq\":3,\"next\":1,\"time\":1000}]}\n";

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spectacles-sessions-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/sessions", folder);
    snprintf(setting, sizeof setting, "SESSION_FILE=%s", path);
    memory_begin(&memory);
    memory_set(&memory, setting);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    problems_free(&problems);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void run_arguments(const struct arguments *arguments, const char *in)
{
    struct settings_input input = memory_input(&memory);
    struct sessions_command command = {.arguments = arguments, .input = &input};
    char *text = NULL;
    size_t length = 0;
    problems_free(&problems);
    command.in = fmemopen((void *)(uintptr_t)(in ? in : " "), in ? strlen(in) : 1, "r");
    command.out = open_memstream(&text, &length);
    assert_non_null(command.in);
    assert_non_null(command.out);
    sessions_run(&command, &problems);
    fclose(command.in);
    fclose(command.out);
    snprintf(out, sizeof out, "%s", text);
    free(text);
}

/* One word or two behind `sessions`. */
static void run(const char *verb, const char *word, const char *in)
{
    struct arguments arguments = {
        .command = COMMAND_SESSIONS, .words = {verb, word}, .word_count = word ? 2 : 1};
    run_arguments(&arguments, in);
}

static void expect_refusal(int code, const char *text)
{
    assert_int_equal(problems_exit_code(&problems), code);
    for (const struct problem *each = problems.first; each; each = each->next) {
        if (strstr(each->text, text))
            return;
    }
    fail_msg("'%s' is not told; the first is: %s", text, problems.first ? problems.first->text : "none");
}

static void import_two(void)
{
    run("import", NULL, two_lines);
    assert_int_equal(problems_exit_code(&problems), 0);
    assert_non_null(strstr(out, "2 of 4 shards are stored"));
}

static void what_is_imported_is_exported(void **state)
{
    struct stat about;
    (void)state;
    import_two();
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    run("export", NULL, NULL);
    assert_string_equal(out, two_lines);
}

static void a_file_of_lines_is_imported_too(void **state)
{
    char name[96];
    (void)state;
    snprintf(name, sizeof name, "%s/lines", folder);
    FILE *file = fopen(name, "w");
    fputs(two_lines, file);
    fclose(file);
    run("import", name, NULL);
    assert_non_null(strstr(out, "2 of 4 shards are stored"));
    run("import", "/no/such/file", NULL);
    expect_refusal(PROBLEM_IS_FINAL, "'/no/such/file' cannot be read: it is not there");
}

/* Redis does not say how many shards the bot has. */
static void keys_of_redis_are_imported(void **state)
{
    struct arguments arguments = {
        .command = COMMAND_SESSIONS, .words = {"import"}, .word_count = 1, .prefix = "gateway"};
    static const char keys[] =
        "gateway0session abcdef\ngateway0seq 41\ngateway1session ghijkl\ngateway1seq 7\n";
    (void)state;
    run_arguments(&arguments, keys);
    expect_refusal(PROBLEM_IS_FINAL, "set DISCORD_SHARD_COUNT");
    memory_set(&memory, "DISCORD_SHARD_COUNT=2");
    run_arguments(&arguments, keys);
    assert_int_equal(problems_exit_code(&problems), 0);
    run("export", NULL, NULL);
    assert_non_null(strstr(out, "{\"shard\":[0,2],\"session\":\"abcdef\",\"seq\":41,"));
    assert_non_null(strstr(out, "{\"shard\":[1,2],\"session\":\"ghijkl\",\"seq\":7,"));
}

/* The start of a session id alone: with the whole one, and the token, anybody could resume it. */
static void a_list_shows_no_whole_session(void **state)
{
    struct arguments json = {.command = COMMAND_SESSIONS, .words = {"list"}, .word_count = 1, .json = true};
    (void)state;
    import_two();
    run("list", NULL, NULL);
    assert_non_null(strstr(out, ": 4 shards, intents "));
    assert_non_null(strstr(out, "\n0/4          aaaaaa...          17 "));
    assert_non_null(strstr(out, "\n2/4          cccccc...           5 "));
    assert_non_null(strstr(out, "Nothing is stored of 2 shards."));
    assert_non_null(strstr(out, "written by "));
    assert_null(strstr(out, "aaaaaaa"));
    run_arguments(&json, NULL);
    assert_non_null(strstr(out, "{\"shard\":[2,4],\"session\":\"cccccc...\",\"seq\":5,\"time\":"));
    assert_non_null(strstr(out, "\"gaps\":1}"));
    assert_non_null(strstr(out, "\"in_use_by\":null"));
    assert_null(strstr(out, "ccccccc"));
}

/* The next gateway declares what Discord sent behind sequence 17. */
static void what_is_forgotten_leaves_a_gap(void **state)
{
    (void)state;
    import_two();
    run("forget", "0", NULL);
    assert_non_null(strstr(out, "1 sessions are forgotten"));
    run("export", NULL, NULL);
    assert_non_null(
        strstr(out, "{\"shard\":[0,4],\"session\":null,\"gaps\":[{\"old_session\":\"aaaaaaaaaaaaaaaa\","
                    "\"new_session\":null,\"seq\":17,\"next\":1,\"time\":"));
    run("forget", "0,2", NULL);
    expect_refusal(PROBLEM_IS_FINAL, "no session of shard 0 is stored");
    /* Nothing is written when anything is wrong. */
    run("export", NULL, NULL);
    assert_non_null(strstr(out, "\"session\":\"cccccccccccccccc\""));
    struct arguments all = {.command = COMMAND_SESSIONS, .words = {"forget"}, .word_count = 1, .all = true};
    run_arguments(&all, NULL);
    assert_non_null(strstr(out, "1 sessions are forgotten"));
    run("export", NULL, NULL);
    assert_null(strstr(out, "\"session\":\"c"));
    /* The gap that was there stays in front of the new one. */
    assert_non_null(strstr(out, "\"old_session\":\"older\""));
}

static void words_that_are_wrong_are_refused(void **state)
{
    (void)state;
    import_two();
    run("forget", NULL, NULL);
    expect_refusal(PROBLEM_IS_FINAL, "forget wants shards");
    run("forget", "one", NULL);
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    run("lits", NULL, NULL);
    expect_refusal(PROBLEM_IS_FINAL, "write sessions list, export, import or forget");
    run("list", "0", NULL);
    expect_refusal(PROBLEM_IS_FINAL, "a word too many");
    run("import", NULL, " \n");
    expect_refusal(PROBLEM_IS_FINAL, "set DISCORD_SHARD_COUNT");
    run("import", NULL, "{\"shard\":[0,4],\"session\":7}\n");
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    run("export", NULL, NULL);
    assert_string_equal(out, two_lines);
}

static void a_file_that_is_not_there_or_of_something_else_is_told(void **state)
{
    (void)state;
    run("list", NULL, NULL);
    expect_refusal(PROBLEM_IS_FINAL, "it is not there");
    FILE *file = fopen(path, "w");
    fputs("root:x:0:0\n", file);
    fclose(file);
    run("list", NULL, NULL);
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    run("import", NULL, two_lines);
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    file = fopen(path, "r");
    char line[16];
    assert_string_equal(fgets(line, sizeof line, file), "root:x:0:0\n");
    fclose(file);
    memory_set(&memory, "SESSION_FILE");
    run("list", NULL, NULL);
    expect_refusal(PROBLEM_IS_FINAL, "it is not set");
}

/* What a torn file loses is not known: nothing is read of it. */
static void a_torn_file_is_told(void **state)
{
    (void)state;
    import_two();
    assert_int_equal(truncate(path, 100), 0);
    run("list", NULL, NULL);
    expect_refusal(PROBLEM_IS_FINAL, "cannot be used");
    run("import", NULL, two_lines);
    expect_refusal(PROBLEM_IS_FINAL, "move it away");
}

/* A lock is of a process: another one has to hold it. */
static void while_a_gateway_runs_it_may_be_looked_at_alone(void **state)
{
    int ends[2];
    char byte = 0;
    (void)state;
    import_two();
    assert_int_equal(pipe(ends), 0);
    pid_t other = fork();
    if (other == 0) {
        struct problems of_other = {0};
        struct session_file *file = session_file_open(path, "SESSION_FILE", &of_other);
        byte = file ? 'y' : 'n';
        if (write(ends[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    run("list", NULL, NULL);
    assert_int_equal(problems_exit_code(&problems), 0);
    assert_non_null(strstr(out, "in use by "));
    const char *const verbs[] = {"export", "import", "forget"};
    for (size_t i = 0; i < 3; i++) {
        run(verbs[i], i == 2 ? "0" : NULL, two_lines);
        assert_int_equal(problems_exit_code(&problems), PROBLEM_MAY_PASS);
        assert_string_equal(out, "");
    }
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    run("export", NULL, NULL);
    assert_string_equal(out, two_lines);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(what_is_imported_is_exported),
        WITH_FOLDER(a_file_of_lines_is_imported_too),
        WITH_FOLDER(keys_of_redis_are_imported),
        WITH_FOLDER(a_list_shows_no_whole_session),
        WITH_FOLDER(what_is_forgotten_leaves_a_gap),
        WITH_FOLDER(words_that_are_wrong_are_refused),
        WITH_FOLDER(a_file_that_is_not_there_or_of_something_else_is_told),
        WITH_FOLDER(a_torn_file_is_told),
        WITH_FOLDER(while_a_gateway_runs_it_may_be_looked_at_alone),
    };
    return cmocka_run_group_tests_name("tools/sessions", tests, NULL, NULL);
}
