/* What the settings mean on this machine: files, their rights, certificates and limits, in a folder of the test's. */
#include "files.h"

#include "memory.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static char path[96];
static char entry[512];
static struct memory memory;
static struct settings settings;
static struct problems problems;

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spectacles-files-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/sessions", folder);
    memory_begin(&memory);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    problems_free(&problems);
    settings_free(&settings);
    settings = (struct settings){.config = NULL};
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* With one setting more. */
static void check(const char *name, const char *value)
{
    struct problems of_reading = {0};
    problems_free(&problems);
    settings_free(&settings);
    snprintf(entry, sizeof entry, "%s=%s", name, value);
    memory_set(&memory, entry);
    memory_read(&memory, &settings, &of_reading);
    problems_free(&of_reading);
    files_check(&settings, &problems);
}

static void expect(int code, const char *text)
{
    assert_int_equal(problems_exit_code(&problems), code);
    for (const struct problem *each = problems.first; each; each = each->next) {
        if (strstr(each->text, text))
            return;
    }
    fail_msg("'%s' is not told; the first is: %s", text, problems.first ? problems.first->text : "none");
}

static void a_file_is_read_whole_or_not_at_all(void **state)
{
    char *bytes = NULL;
    size_t length = 0;
    static char large[20001];
    (void)state;
    memset(large, 'x', sizeof large - 1);
    write_file(path, large);
    assert_int_equal(files_read(NULL, path, 20000, &bytes, &length), 0);
    assert_int_equal(length, 20000);
    assert_memory_equal(bytes, large, length);
    free(bytes);
    assert_int_equal(files_read(NULL, path, 19999, &bytes, &length), EFBIG);
    assert_int_equal(files_read(NULL, "/no/such/file", 1, &bytes, &length), ENOENT);
    assert_int_equal(files_read(NULL, folder, 1, &bytes, &length), EISDIR);
}

static void a_file_of_sessions_that_can_be_written_is_fine(void **state)
{
    char link[96];
    (void)state;
    check("SESSION_FILE", path);
    assert_int_equal(problems_exit_code(&problems), 0);
    write_file(path, "");
    check("SESSION_FILE", path);
    assert_int_equal(problems_exit_code(&problems), 0);
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(path, link), 0);
    check("SESSION_FILE", link);
    assert_int_equal(problems_exit_code(&problems), 0);
}

static void one_that_cannot_is_told(void **state)
{
    (void)state;
    check("SESSION_FILE", "/no/such/folder/sessions");
    expect(78, "'/no/such/folder/sessions' cannot be written (No such file or directory)");
    check("SESSION_FILE", folder);
    expect(78, "(Is a directory)");
    assert_int_equal(mkfifo(path, 0600), 0);
    check("SESSION_FILE", path);
    expect(78, "(it is no file)");
}

static void one_that_has_to_be_there_is_missed(void **state)
{
    (void)state;
    memory_set(&memory, "SESSION_FILE_MISSING=fail");
    check("SESSION_FILE", path);
    expect(78, "is not there, and SESSION_FILE_MISSING is fail");
}

/* Told before anything is connected. */
static void more_shards_than_descriptors_are_told(void **state)
{
    struct rlimit before;
    struct rlimit few = {.rlim_cur = 64, .rlim_max = 64};
    (void)state;
    check("SESSION_FILE", path);
    pid_t other = fork();
    if (other == 0) {
        setrlimit(RLIMIT_NOFILE, &few);
        memory_set(&memory, "DISCORD_SHARD_COUNT=100");
        check("DISCORD_SHARD_IDS", "0-99");
        bool is_told = problems_exit_code(&problems) == 78 && strstr(problems.first->text, "100 shards: ");
        _exit(is_told ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    getrlimit(RLIMIT_NOFILE, &before);
    assert_true(before.rlim_max > 64);
}

static void certificates_that_cannot_be_read_are_told(void **state)
{
    char url[256];
    (void)state;
    write_file(path, "no certificate");
    memory_set(&memory, "SESSION_FILE");
    check("SSL_CERT_FILE", path);
    expect(78, "");
    memory_set(&memory, "SSL_CERT_FILE");
    snprintf(url, sizeof url, "amqps://me@rabbit/vhost?cacertfile=%s", path);
    check("AMQP_URL", url);
    expect(78, "");
    assert_non_null(strstr(problems.first->where, "AMQP_URL"));
    check("AMQP_URL", "amqps://me@rabbit/vhost?cacertfile=/no/such/file");
    expect(78, "");
    check("AMQP_URL", "amqps://me@rabbit/vhost");
    assert_int_equal(problems_exit_code(&problems), 0);
}

/* `check` tells of it, and a start does as well. */
static void a_file_of_something_else_is_told(void **state)
{
    (void)state;
    write_file(path, "root:x:0:0\n");
    check("SESSION_FILE", path);
    assert_int_equal(problems_exit_code(&problems), 0);
    files_check_sessions(&settings, &problems);
    expect(78, "cannot be used");
    unlink(path);
    problems_free(&problems);
    files_check_sessions(&settings, &problems);
    assert_null(problems.first);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_file_is_read_whole_or_not_at_all),
        WITH_FOLDER(a_file_of_sessions_that_can_be_written_is_fine),
        WITH_FOLDER(one_that_cannot_is_told),
        WITH_FOLDER(one_that_has_to_be_there_is_missed),
        WITH_FOLDER(more_shards_than_descriptors_are_told),
        WITH_FOLDER(certificates_that_cannot_be_read_are_told),
        WITH_FOLDER(a_file_of_something_else_is_told),
    };
    return cmocka_run_group_tests_name("tools/files", tests, NULL, NULL);
}
