/* The thread that writes: the loop never waits for it, and hears of each write when it is safe. */
#include "fake_disk.h"
#include "session_writer.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    LIMIT = 30000 /* milliseconds that something may take on a busy machine */
};

static struct problems problems;
static spectacles_state *sessions;
static char text[4096]; /* what the writer writes */

static int begin(void **state)
{
    (void)state;
    spectacles_state_config config;
    fake_disk_begin();
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    config.shard_count = 1;
    return spectacles_state_new(&sessions, &config, NULL);
}

static int end(void **state)
{
    (void)state;
    spectacles_state_free(sessions);
    problems_free(&problems);
    fake_disk_end();
    return 0;
}

static struct session_writer *make(void)
{
    struct session_file *file = session_file_open(fake_disk_path("sessions"), "SESSION_FILE", &problems);
    assert_non_null(file);
    struct session_writer *writer = session_writer_new(file);
    assert_non_null(writer);
    return writer;
}

static void begin_write(struct session_writer *writer)
{
    assert_int_equal(spectacles_state_write(sessions, session_writer_bytes(writer)), SPECTACLES_OK);
    strncpy(text, (const char *)spectacles_bytes_data(session_writer_bytes(writer)), sizeof text - 1);
    session_writer_begin(writer);
}

static bool is_readable(struct session_writer *writer, int timeout)
{
    struct pollfd entry = {.fd = session_writer_descriptor(writer), .events = POLLIN};
    return poll(&entry, 1, timeout) == 1;
}

static void a_write_is_told_once_when_it_is_safe(void **state)
{
    (void)state;
    struct session_file_result result = {.error = -1};
    struct session_writer *writer = make();
    assert_false(session_writer_take(writer, &result));
    for (int i = 0; i < 3; i++) {
        fake_disk_hold();
        begin_write(writer);
        assert_false(is_readable(writer, 10)); /* the disk holds it for as long as the test wants */
        assert_false(session_writer_take(writer, &result));
        fake_disk_let_go();
        assert_true(is_readable(writer, LIMIT));
        fake_disk_assert("sessions", text);
        assert_true(session_writer_take(writer, &result));
        assert_int_equal(result.error, 0);
        assert_false(is_readable(writer, 0));
        assert_false(session_writer_take(writer, &result));
    }
    session_writer_free(writer);
}

static void a_failure_is_told_with_its_errno(void **state)
{
    (void)state;
    struct session_file_result result;
    struct session_writer *writer = make();
    fake_disk_fail(1, ENOSPC);
    begin_write(writer);
    assert_true(is_readable(writer, LIMIT));
    assert_true(session_writer_take(writer, &result));
    assert_int_equal(result.error, ENOSPC);
    session_writer_free(writer);
    fake_disk_assert("sessions", NULL);
}

static bool is_locked_elsewhere(void)
{
    struct session_holder holder;
    char line[512] = "";
    FILE *file = fopen(fake_disk_path("sessions.lock"), "r");
    assert_non_null(file);
    if (!fgets(line, sizeof line, file))
        line[0] = '\0';
    fclose(file);
    session_holder_read(&holder, line, strcspn(line, "\n"));
    return !holder.has_ended;
}

/* A disk that hangs: the process can end, and what is under way ends well when the disk comes back. */
static void who_leaves_waits_for_no_disk(void **state)
{
    (void)state;
    struct session_writer *writer = make();
    fake_disk_hold();
    begin_write(writer);
    session_writer_free(writer); /* would wait for ever */
    assert_true(is_locked_elsewhere());
    fake_disk_let_go();
    for (int i = 0; is_locked_elsewhere(); i++) {
        assert_true(i < LIMIT / 10);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fake_disk_assert("sessions", text);
}

static void signals_are_not_for_the_thread(void **state)
{
    (void)state;
    sigset_t term;
    sigset_t pending;
    struct session_file_result result;
    struct session_writer *writer = make();
    begin_write(writer); /* now the thread runs for sure */
    assert_true(is_readable(writer, LIMIT));
    assert_true(session_writer_take(writer, &result));
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &term, NULL), 0);
    assert_int_equal(kill(getpid(), SIGTERM), 0); /* would end the process if the thread took it */
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGTERM));
    struct timespec none = {0};
    assert_int_equal(sigtimedwait(&term, NULL, &none), SIGTERM);
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    session_writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_write_is_told_once_when_it_is_safe, begin, end),
        cmocka_unit_test_setup_teardown(a_failure_is_told_with_its_errno, begin, end),
        cmocka_unit_test_setup_teardown(who_leaves_waits_for_no_disk, begin, end),
        cmocka_unit_test_setup_teardown(signals_are_not_for_the_thread, begin, end),
    };
    return cmocka_run_group_tests_name("tools/session_writer", tests, NULL, NULL);
}
