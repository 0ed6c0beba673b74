/* The lock on a file of sessions: who has it, who had it, and what a dead process leaves. */
#include "fake_disk.h"
#include "session_lock.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

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

static enum session_lock_result take(struct session_lock *lock)
{
    return session_lock_take(lock, fake_disk_path("sessions"), "SESSION_FILE", &problems);
}

/* A process that has the lock until it is killed. */
static pid_t start_holder(void)
{
    char byte;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct session_lock lock;
        if (take(&lock) != SESSION_LOCK_TAKEN || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void kill_holder(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_second_process_is_told_who_has_it(void **state)
{
    (void)state;
    char expected[64];
    char host[128] = "";
    struct session_lock lock;
    struct session_holder holder;
    pid_t child = start_holder();
    gethostname(host, sizeof host - 1);
    snprintf(expected, sizeof expected, "in use by process %d on host %.20s", (int)child, host);
    assert_int_equal(take(&lock), SESSION_LOCK_HELD);
    assert_non_null(strstr(problems.first->text, expected));
    assert_non_null(strstr(problems.first->text, " UTC: end that gateway"));
    assert_int_equal(problems.first->code, PROBLEM_MAY_PASS);
    assert_true(session_lock_look(fake_disk_path("sessions"), &holder));
    assert_int_equal(holder.pid, child);
    kill_holder(child);
}

static void a_dead_process_leaves_no_lock(void **state)
{
    (void)state;
    struct session_lock lock;
    struct session_holder holder;
    pid_t child = start_holder();
    kill_holder(child);
    assert_false(session_lock_look(fake_disk_path("sessions"), &holder));
    assert_int_equal(take(&lock), SESSION_LOCK_TAKEN);
    assert_true(lock.former.is_known);
    assert_int_equal(lock.former.pid, child);
    assert_false(lock.former.has_ended);
    session_lock_release(&lock);
    assert_int_equal(take(&lock), SESSION_LOCK_TAKEN);
    assert_true(lock.former.has_ended);
    assert_int_equal(lock.former.pid, getpid());
    session_lock_release(&lock);
}

/* Two containers have the same process number and see the same folder: the kernel tells them apart all the same. */
static void the_same_number_in_another_container_is_another_process(void **state)
{
    (void)state;
    char line[HOLDER_TEXT_SIZE];
    struct session_lock lock;
    struct session_holder other = {.is_known = true, .pid = (uint64_t)getpid(), .since = 1000};
    pid_t child = start_holder();
    snprintf(other.host, sizeof other.host, "another-container");
    session_holder_write(&other, line);
    strcat(line, "\n");
    fake_disk_put("sessions.lock", line); /* the same file: put truncates it */
    assert_int_equal(take(&lock), SESSION_LOCK_HELD);
    snprintf(line, sizeof line, "process %d on host another-container, since 1970-01-01 00:00:01 UTC",
             (int)getpid());
    assert_non_null(strstr(problems.first->text, line));
    kill_holder(child);
}

/* The holder has the lock, and has not written its name yet: what stands there is of the process before. */
static void what_a_former_process_wrote_is_not_believed_of_the_present_one(void **state)
{
    (void)state;
    char line[HOLDER_TEXT_SIZE];
    struct session_lock lock;
    struct session_holder former;
    pid_t child = start_holder();
    session_holder_of_self(&former);
    former.pid = 999999999;
    for (int ended = 0; ended < 2; ended++) {
        former.has_ended = ended;
        session_holder_write(&former, line);
        strcat(line, "\n");
        fake_disk_put("sessions.lock", line);
        assert_int_equal(take(&lock), SESSION_LOCK_HELD);
        snprintf(line, sizeof line, "in use by process %d on host", (int)child);
        assert_non_null(strstr(problems.last->text, line));
    }
    kill_holder(child);
}

static void who_wrote_last_is_known_to_whoever_comes_next(void **state)
{
    (void)state;
    struct session_lock lock;
    assert_int_equal(take(&lock), SESSION_LOCK_TAKEN);
    assert_false(lock.writer.is_known);
    session_lock_note_writer(&lock);
    struct session_holder first = lock.self;
    session_lock_release(&lock);
    for (int i = 0; i < 2; i++) { /* the second time behind a process that wrote nothing */
        assert_int_equal(take(&lock), SESSION_LOCK_TAKEN);
        assert_true(session_holder_equals(&lock.writer, &first));
        session_lock_release(&lock);
    }
}

static void any_line_is_read_without_harm(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "", "spectacles-gateway",
        "spectacles-gateway pid= host= boot= since=", "spectacles-gateway pid=x host=h boot=b since=1",
        "root:x:0:0:root:/root:/bin/sh"};
    char shown[HOLDER_TEXT_SIZE];
    char longest[1000];
    struct session_holder holder;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        session_holder_read(&holder, lines[i], strlen(lines[i]));
        assert_false(holder.is_known);
    }
    memset(longest, 'h', sizeof longest);
    memcpy(longest, "spectacles-gateway pid=1 host=", 30);
    session_holder_read(&holder, longest, sizeof longest);
    assert_false(holder.is_known);
    session_holder_read(&holder, longest, 200);
    assert_false(holder.is_known);
    static const char hostile[] =
        "spectacles-gateway pid=18446744073709551615 host=\x1b[31m boot=? since=18446744073709551615";
    session_holder_read(&holder, hostile, sizeof hostile - 1);
    assert_true(holder.is_known);
    assert_string_equal(holder.host, "?[31m");
    session_holder_show(&holder, shown);
    session_holder_write(&holder, shown);
    assert_null(strchr(shown, '\x1b'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_process_is_told_who_has_it, begin, end),
        cmocka_unit_test_setup_teardown(a_dead_process_leaves_no_lock, begin, end),
        cmocka_unit_test_setup_teardown(the_same_number_in_another_container_is_another_process, begin, end),
        cmocka_unit_test_setup_teardown(what_a_former_process_wrote_is_not_believed_of_the_present_one, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_wrote_last_is_known_to_whoever_comes_next, begin, end),
        cmocka_unit_test(any_line_is_read_without_harm),
    };
    return cmocka_run_group_tests_name("tools/session_lock", tests, NULL, NULL);
}
