/* The file of sessions on a real disk: what is never overwritten, and what is left by every fault and every kill. */
#include "fake_disk.h"
#include "session_disk.h"
#include "session_file.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD "{\"spectacles\":\"state\",\"old\"}\n"
#define FRESH "{\"spectacles\":\"state\",\"a new one, which is longer\"}\n"
#define PASSWD "root:x:0:0:root:/root:/bin/bash\n"

static struct problems problems;

static int begin(void **state)
{
    (void)state;
    fake_disk_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    problems_free(&problems);
    fake_disk_end();
    return 0;
}

static struct session_file *open_file(const char *name)
{
    struct session_file *file = session_file_open(fake_disk_path(name), "SESSION_FILE", &problems);
    if (!file)
        fail_msg("%s", problems.first ? problems.first->text : "no reason");
    return file;
}

static int read_file(struct session_file *file)
{
    uint8_t *bytes;
    size_t length;
    int error = session_file_read(file, 65536, &bytes, &length);
    free(bytes);
    return error;
}

static struct session_file_result replace(struct session_file *file)
{
    return session_file_replace(file, (const uint8_t *)FRESH, strlen(FRESH));
}

static void assert_refused(const char *path, enum problem_code code, const char *why)
{
    assert_null(session_file_open(path, "SESSION_FILE", &problems));
    assert_non_null(problems.last);
    if (!strstr(problems.last->text, why))
        fail_msg("'%s' says '%s'", path, problems.last->text);
    assert_int_equal(problems.last->code, code);
}

/* ---- What is not ours ---- */

static void a_copy_of_passwd_is_never_overwritten(void **state)
{
    (void)state;
    fake_disk_put("sessions", PASSWD);
    struct session_file *file = open_file("sessions");
    assert_int_equal(read_file(file), EEXIST);
    assert_int_equal(replace(file).error, EEXIST);
    session_file_close(file);
    fake_disk_assert("sessions", PASSWD);
    fake_disk_assert("sessions.new", NULL);
}

static void files_beside_it_are_not_overwritten_either(void **state)
{
    (void)state;
    fake_disk_put("sessions", OLD);
    fake_disk_put("sessions.new", PASSWD);
    fake_disk_put("sessions.unused", PASSWD);
    struct session_file *file = open_file("sessions");
    assert_int_equal(read_file(file), 0);
    assert_int_equal(replace(file).error, EEXIST);
    assert_int_equal(session_file_set_aside(file), EEXIST);
    session_file_close(file);
    fake_disk_assert("sessions", OLD);
    fake_disk_assert("sessions.new", PASSWD);
    fake_disk_assert("sessions.unused", PASSWD);
    fake_disk_put("other.lock", PASSWD);
    assert_refused(fake_disk_path("other"), PROBLEM_IS_FINAL, "not overwritten");
    fake_disk_assert("other.lock", PASSWD);
}

/* Somebody puts another file there while the gateway runs. */
static void what_comes_later_is_not_overwritten(void **state)
{
    (void)state;
    struct session_file *file = open_file("sessions");
    assert_int_equal(replace(file).error, 0);
    assert_int_equal(unlink(fake_disk_path("sessions")), 0);
    fake_disk_put("sessions", PASSWD);
    assert_int_equal(replace(file).error, EEXIST);
    fake_disk_assert("sessions", PASSWD);
    assert_int_equal(unlink(fake_disk_path("sessions")), 0);
    fake_disk_put("elsewhere", OLD);
    assert_int_equal(symlink("elsewhere", fake_disk_path("sessions")), 0);
    assert_int_equal(replace(file).error, ELOOP);
    fake_disk_assert("elsewhere", OLD);
    session_file_close(file);
}

static void a_file_that_somebody_takes_away_or_replaces_is_noticed(void **state)
{
    (void)state;
    struct session_file *file = open_file("sessions");
    struct session_file_result first = replace(file);
    assert_false(first.was_missing || first.was_replaced);
    assert_false(replace(file).was_replaced);
    assert_int_equal(unlink(fake_disk_path("sessions")), 0);
    assert_true(replace(file).was_missing);
    fake_disk_put("other", OLD);
    assert_int_equal(rename(fake_disk_path("other"), fake_disk_path("sessions")), 0);
    struct session_file_result replaced = replace(file);
    assert_true(replaced.was_replaced);
    assert_int_equal(replaced.error, 0);
    assert_false(replace(file).was_replaced);
    session_file_close(file);
    fake_disk_assert("sessions", FRESH);
}

/* ---- Paths and rights ---- */

static void a_symlink_is_followed_and_stays(void **state)
{
    (void)state;
    struct stat about;
    assert_int_equal(mkdir(fake_disk_path("far"), 0700), 0);
    assert_int_equal(symlink("second", fake_disk_path("first")), 0);
    assert_int_equal(symlink("far/sessions", fake_disk_path("second")), 0);
    struct session_file *file = open_file("first"); /* what it leads to is not there yet */
    assert_int_equal(replace(file).error, 0);
    session_file_close(file);
    fake_disk_assert("far/sessions", FRESH);
    fake_disk_put("far/sessions", OLD);
    file = open_file("first");
    assert_int_equal(read_file(file), 0);
    assert_int_equal(replace(file).error, 0);
    session_file_close(file);
    fake_disk_assert("far/sessions", FRESH);
    assert_int_equal(lstat(fake_disk_path("first"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(lstat(fake_disk_path("second"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
}

static void only_the_owner_can_read_it(void **state)
{
    (void)state;
    struct stat about;
    mode_t old = umask(0);
    fake_disk_put("sessions", OLD);
    struct session_file *file = open_file("sessions");
    assert_int_equal(replace(file).error, 0);
    umask(old);
    assert_int_equal(stat(fake_disk_path("sessions"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(stat(fake_disk_path("sessions.lock"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    session_file_close(file);
}

static void root_leaves_the_file_to_its_owner(void **state)
{
    (void)state;
    struct stat about;
    if (geteuid() != 0)
        skip();
    fake_disk_put("sessions", OLD);
    assert_int_equal(chown(fake_disk_path("sessions"), 12345, 12346), 0);
    struct session_file *file = open_file("sessions");
    assert_int_equal(replace(file).error, 0);
    session_file_close(file);
    assert_int_equal(stat(fake_disk_path("sessions"), &about), 0);
    assert_int_equal(about.st_uid, 12345);
    assert_int_equal(stat(fake_disk_path("sessions.lock"), &about), 0);
    assert_int_equal(about.st_uid, 12345);
}

static void what_is_no_place_for_a_file_is_one_sentence(void **state)
{
    (void)state;
    char longest[PATH_MAX + 10];
    memset(longest, 'p', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    fake_disk_put("file", OLD);
    assert_int_equal(symlink("circle", fake_disk_path("circle")), 0);
    assert_refused(fake_disk_path("nowhere/sessions"), PROBLEM_IS_FINAL, "its folder is not there");
    assert_refused(fake_disk_path("file/sessions"), PROBLEM_IS_FINAL, "its folder is not there");
    assert_refused(fake_disk_path("circle"), PROBLEM_IS_FINAL, "circle");
    assert_refused(longest, PROBLEM_IS_FINAL, "too long");
    assert_int_equal(mkdir(fake_disk_path("folder"), 0700), 0);
    struct session_file *file = open_file("folder");
    assert_int_equal(read_file(file), EISDIR);
    assert_int_equal(replace(file).error, EISDIR);
    session_file_close(file);
    assert_int_equal(mkfifo(fake_disk_path("fifo"), 0600), 0);
    file = open_file("fifo");
    assert_int_equal(read_file(file), EINVAL);
    session_file_close(file);
}

static void each_fault_of_a_disk_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum problem_code code;
        const char *advice;
    } faults[] = {{ENOSPC, PROBLEM_MAY_PASS, "make room"},
                  {EDQUOT, PROBLEM_MAY_PASS, "make room"},
                  {EROFS, PROBLEM_IS_FINAL, "read-only"},
                  {EACCES, PROBLEM_IS_FINAL, "belong to this user"},
                  {EPERM, PROBLEM_IS_FINAL, "belong to this"},
                  {EBUSY, PROBLEM_IS_FINAL, "mount its folder"},
                  {EIO, PROBLEM_MAY_PASS, "the disk fails"},
                  {EISDIR, PROBLEM_IS_FINAL, "folder"},
                  {EFBIG, PROBLEM_IS_FINAL, "ulimit"},
                  {ENOENT, PROBLEM_IS_FINAL, "make the folder"},
                  {EMFILE, PROBLEM_MAY_PASS, "Too many open files"}};
    char text[DISK_TEXT_SIZE];
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (!strstr(disk_explain(faults[i].error, text), faults[i].advice))
            fail_msg("%d says '%s'", faults[i].error, text);
        assert_int_equal(disk_code(faults[i].error), faults[i].code);
    }
}

/* ---- Faults and kills in each step ---- */

static void whichever_step_fails_the_old_file_stands(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t nth = 1;; nth++) {
        fake_disk_put("sessions", OLD);
        struct session_file *file = open_file("sessions");
        assert_int_equal(read_file(file), 0);
        fake_disk_fail(nth, ENOSPC);
        int error = replace(file).error;
        bool was_reached = fake_disk_steps() >= nth;
        fake_disk_fail(0, 0);
        if (!was_reached) {
            session_file_close(file);
            break;
        }
        failed++;
        assert_int_equal(error, ENOSPC);
        fake_disk_assert("sessions", nth <= 3 ? OLD : FRESH); /* write, fsync, rename; then the folder */
        fake_disk_assert("sessions.new", NULL);
        assert_int_equal(replace(file).error, 0);
        fake_disk_assert("sessions", FRESH);
        session_file_close(file);
    }
    assert_int_equal(failed, 4);
}

/* In a process of its own. Returns whether it was killed. */
static bool replace_and_be_killed(size_t nth)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct problems none = {0};
        struct session_file *file = session_file_open(fake_disk_path("sessions"), "SESSION_FILE", &none);
        if (!file || read_file(file) != 0)
            _exit(1);
        fake_disk_kill(nth);
        _exit(replace(file).error ? 2 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return true;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void killed_in_any_step_the_old_or_the_new_file_is_there(void **state)
{
    (void)state;
    size_t kills = 0;
    char found[256];
    for (bool killed = true; killed;) {
        fake_disk_put("sessions", OLD);
        killed = replace_and_be_killed(kills + 1);
        kills += killed;
        FILE *file = fopen(fake_disk_path("sessions"), "r");
        size_t length = fread(found, 1, sizeof found - 1, file);
        fclose(file);
        found[length] = '\0';
        assert_true(strcmp(found, OLD) == 0 || strcmp(found, FRESH) == 0);
        if (killed)
            assert_string_equal(found, kills <= 3 ? OLD : FRESH);
        struct session_file *next = open_file("sessions"); /* the lock of the dead process is gone */
        assert_int_equal(read_file(next), 0);
        assert_int_equal(replace(next).error, 0); /* and what it left is no hindrance */
        session_file_close(next);
        fake_disk_assert("sessions.new", NULL);
    }
    assert_int_equal(kills, 4);
}

static void what_cannot_be_used_is_kept_beside_it(void **state)
{
    (void)state;
    fake_disk_put("sessions", OLD);
    fake_disk_put("sessions.unused", FRESH);
    struct session_file *file = open_file("sessions");
    assert_int_equal(read_file(file), 0);
    assert_int_equal(session_file_set_aside(file), 0);
    assert_int_equal(replace(file).error, 0);
    session_file_close(file);
    fake_disk_assert("sessions.unused", OLD);
    fake_disk_assert("sessions", FRESH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copy_of_passwd_is_never_overwritten, begin, end),
        cmocka_unit_test_setup_teardown(files_beside_it_are_not_overwritten_either, begin, end),
        cmocka_unit_test_setup_teardown(what_comes_later_is_not_overwritten, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_somebody_takes_away_or_replaces_is_noticed, begin, end),
        cmocka_unit_test_setup_teardown(a_symlink_is_followed_and_stays, begin, end),
        cmocka_unit_test_setup_teardown(only_the_owner_can_read_it, begin, end),
        cmocka_unit_test_setup_teardown(root_leaves_the_file_to_its_owner, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_place_for_a_file_is_one_sentence, begin, end),
        cmocka_unit_test(each_fault_of_a_disk_says_what_to_do),
        cmocka_unit_test_setup_teardown(whichever_step_fails_the_old_file_stands, begin, end),
        cmocka_unit_test_setup_teardown(killed_in_any_step_the_old_or_the_new_file_is_there, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_used_is_kept_beside_it, begin, end),
    };
    return cmocka_run_group_tests_name("tools/session_file", tests, NULL, NULL);
}
