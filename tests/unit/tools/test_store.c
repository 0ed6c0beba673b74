/* What is stored when, what the gateway hears of it, and what a person is told. */
#include "fake_disk.h"
#include "gateway/memory.h"
#include "store.h"
#include "unit.h"

#include "shard/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LIMIT = 30000, /* milliseconds that something may take on a busy machine */
    SHARDS = 3
};

static struct problems problems;
static spectacles_gateway *gateway;
static uint64_t seq;

static int begin(void **state)
{
    (void)state;
    fake_disk_begin();
    gateway = memory_gateway(SHARDS, 0);
    seq = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    spectacles_gateway_free(gateway);
    problems_free(&problems);
    fake_disk_end();
    return 0;
}

static struct store *open_store(enum setting_missing missing)
{
    return store_open(fake_disk_path("sessions"), "SESSION_FILE", missing, &problems);
}

static bool load(struct store *store, const char *token, uint32_t shard_count)
{
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.shard_count = shard_count;
    return store_load(store, &config, &problems);
}

static struct store *start(void)
{
    struct store *store = open_store(MISSING_NEW);
    assert_non_null(store);
    assert_true(load(store, PEER_TOKEN, SHARDS));
    problems_free(&problems);
    return store;
}

static void assert_told(const char *words)
{
    for (const struct problem *each = problems.first; each; each = each->next) {
        if (strstr(each->text, words))
            return;
    }
    fail_msg("nothing says '%s', but: %s", words, problems.last ? problems.last->text : "nothing");
}

static void assert_not_told(const char *words)
{
    for (const struct problem *each = problems.first; each; each = each->next)
        assert_null(strstr(each->text, words));
}

/* Shard 1 has a session with one more event in it. */
static void change(void)
{
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    session.shard_id = 1;
    session.shard_count = SHARDS;
    session.seq = ++seq;
    session.session_id = "handed";
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 1), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 1, &session, NULL, 0, NULL), SPECTACLES_OK);
}

static uint64_t told_sequence(void)
{
    spectacles_gateway_shard_stats stats;
    spectacles_gateway_shard_stats_init(&stats, sizeof stats);
    spectacles_gateway_get_shard_stats(gateway, 1, &stats);
    return stats.stored;
}

static uint64_t stored_sequence(void)
{
    uint8_t bytes[8192];
    spectacles_state *opened = NULL;
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    FILE *file = fopen(fake_disk_path("sessions"), "r");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_equal(spectacles_state_open(&opened, bytes, length, NULL, NULL), SPECTACLES_OK);
    bool found = spectacles_state_session(opened, 1, &session) == 1;
    spectacles_state_free(opened);
    return found ? session.seq : 0;
}

static void wait_for_disk(const struct store *store)
{
    struct pollfd entry = {.fd = store_descriptor(store), .events = POLLIN};
    assert_int_equal(poll(&entry, 1, LIMIT), 1);
}

/* Waits until the disk has answered, and hands it on. */
static void wait_and_process(struct store *store, uint64_t now)
{
    wait_for_disk(store);
    store_process(store, gateway, now, &problems);
}

/* ---- When ---- */

static void the_gateway_hears_of_a_write_when_it_is_safe_and_not_before(void **state)
{
    (void)state;
    struct store *store = start();
    assert_true(store_deadline(store) == SPECTACLES_NEVER);
    change();
    store_touch(store, false, 1000);
    assert_int_equal(store_deadline(store), 1250);
    fake_disk_fail(0, 0); /* counts from here on */
    fake_disk_hold();
    store_process(store, gateway, 1249, &problems);
    assert_int_equal(fake_disk_steps(), 0);
    store_process(store, gateway, 1250, &problems);
    change(); /* the loop goes on while the disk is slow */
    store_touch(store, false, 1300);
    store_process(store, gateway, 1600, &problems);
    assert_int_equal(told_sequence(), 0);
    assert_int_equal(stored_sequence(), 0);
    fake_disk_let_go();
    wait_for_disk(store);
    assert_int_equal(stored_sequence(), 1);
    store_process(store, gateway, 1700, &problems); /* one write behind: the next begins at once */
    wait_and_process(store, 1800);
    assert_int_equal(stored_sequence(), 2);
    assert_int_equal(told_sequence(), 2);
    assert_true(store_deadline(store) == SPECTACLES_NEVER);
    assert_null(problems.first);
    store_free(store);
}

static void a_session_that_waits_is_stored_at_once(void **state)
{
    (void)state;
    struct store *store = start();
    change();
    store_touch(store, false, 1000);
    store_touch(store, true, 1010);
    assert_int_equal(store_deadline(store), 1010);
    store_touch(store, false, 1011); /* puts nothing off */
    assert_int_equal(store_deadline(store), 1010);
    store_process(store, gateway, 1010, &problems);
    wait_and_process(store, 1020);
    assert_int_equal(told_sequence(), 1);
    store_free(store);
}

static void nothing_new_is_not_written(void **state)
{
    (void)state;
    struct store *store = start();
    fake_disk_fail(0, 0);
    store_touch(store, true, 1000);
    store_process(store, gateway, 1000, &problems);
    assert_true(store_deadline(store) == SPECTACLES_NEVER);
    assert_int_equal(fake_disk_steps(), 0);
    store_free(store);
}

static void the_last_write_has_everything(void **state)
{
    (void)state;
    struct store *store = start();
    change();
    fake_disk_hold();
    store_touch(store, true, 1000);
    store_process(store, gateway, 1000, &problems);
    change();
    store_finish(store, 1001);
    assert_false(store_is_finished(store));
    fake_disk_let_go();
    wait_and_process(store, 1002);
    assert_false(store_is_finished(store));
    wait_and_process(store, 1003);
    assert_true(store_is_finished(store));
    assert_int_equal(stored_sequence(), 2);
    store_free(store);
}

static void without_a_file_nothing_is_stored(void **state)
{
    (void)state;
    struct store_stats stats;
    store_touch(NULL, true, 1);
    store_process(NULL, gateway, 1, &problems);
    store_finish(NULL, 1);
    store_get_stats(NULL, &stats);
    assert_int_equal(store_descriptor(NULL), -1);
    assert_true(store_is_finished(NULL));
    assert_true(load(NULL, "token", 1));
    assert_null(store_state(NULL));
    assert_int_equal(store_choose_count(NULL, 0, 7, &problems), 7);
    store_free(NULL);
}

/* ---- When the disk fails ---- */

static void a_full_disk_is_told_once_and_tried_again(void **state)
{
    (void)state;
    struct store_stats stats;
    struct store *store = start();
    change();
    store_touch(store, true, 1000);
    for (uint64_t now = 1000; now <= 3000; now += 1000) {
        fake_disk_fail(1, ENOSPC);
        store_process(store, gateway, now, &problems);
        wait_and_process(store, now);
        assert_int_equal(store_deadline(store), now + 1000);
        assert_int_equal(told_sequence(), 0);
        if (now == 1000) {
            assert_told("cannot be stored");
            assert_told("make room");
            problems_free(&problems);
        }
    }
    assert_null(problems.first);
    store_get_stats(store, &stats);
    assert_int_equal(stats.failures, 3);
    assert_int_equal(stats.failing_since, 1000);
    fake_disk_fail(0, 0);
    store_process(store, gateway, 4000, &problems); /* although nothing has changed since */
    wait_and_process(store, 4001);
    assert_told("sessions are stored again");
    assert_int_equal(told_sequence(), 1);
    assert_int_equal(stored_sequence(), 1);
    store_get_stats(store, &stats);
    assert_int_equal(stats.writes, 1);
    assert_int_equal(stats.failing_since, 0);
    store_free(store);
}

static void a_silent_disk_is_told_once(void **state)
{
    (void)state;
    struct store *store = start();
    change();
    fake_disk_hold();
    store_touch(store, true, 1000);
    store_process(store, gateway, 1000, &problems);
    store_process(store, gateway, 5999, &problems);
    assert_null(problems.first);
    store_process(store, gateway, 6000, &problems);
    assert_told("has not answered for 5 seconds");
    problems_free(&problems);
    store_process(store, gateway, 7000, &problems);
    assert_null(problems.first);
    fake_disk_let_go();
    wait_and_process(store, 8000);
    assert_told("stored again");
    assert_int_equal(told_sequence(), 1);
    store_free(store);
}

static void somebody_else_in_the_file_is_told(void **state)
{
    (void)state;
    struct store *store = start();
    assert_int_equal(unlink(fake_disk_path("sessions")), 0);
    change();
    store_touch(store, true, 1000);
    store_process(store, gateway, 1000, &problems);
    wait_and_process(store, 1001);
    assert_told("was taken away");
    fake_disk_put("other", "{\"spectacles\":\"state\"");
    assert_int_equal(rename(fake_disk_path("other"), fake_disk_path("sessions")), 0);
    change();
    store_touch(store, true, 2000);
    store_process(store, gateway, 2000, &problems);
    wait_and_process(store, 2001);
    assert_told("was replaced by somebody else");
    assert_int_equal(stored_sequence(), 2);
    store_free(store);
}

/* ---- At the start ---- */

static bool has_gap(const struct store *store)
{
    spectacles_gap gap;
    return spectacles_state_gap(store_state(store), 0, 0, &gap) == 1 && !gap.old_session_id;
}

static void a_missing_file_is_as_the_setting_says(void **state)
{
    (void)state;
    assert_null(open_store(MISSING_FAIL));
    assert_told("bring it back");
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    problems_free(&problems);
    struct store *store = open_store(MISSING_GAP);
    assert_told("declare that something is missing");
    assert_true(load(store, PEER_TOKEN, SHARDS));
    assert_true(has_gap(store));
    store_free(store);
    store = open_store(MISSING_FAIL); /* the gap has been written, so that a crash does not lose it */
    assert_true(load(store, PEER_TOKEN, SHARDS));
    assert_true(has_gap(store));
    store_free(store);
    assert_int_equal(unlink(fake_disk_path("sessions")), 0);
    store = open_store(MISSING_NEW);
    assert_told("not there yet");
    assert_true(load(store, PEER_TOKEN, SHARDS));
    assert_false(has_gap(store));
    store_free(store);
}

static void a_copy_of_passwd_ends_it(void **state)
{
    (void)state;
    fake_disk_put("sessions", "root:x:0:0:root:/root:/bin/bash\n");
    assert_null(open_store(MISSING_NEW));
    assert_told("is a file of something else, which is not overwritten");
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    fake_disk_assert("sessions", "root:x:0:0:root:/root:/bin/bash\n");
}

static void sessions_that_cannot_be_used_are_kept_and_declared(void **state)
{
    (void)state;
    store_free(start());
    struct store *store = open_store(MISSING_NEW);
    assert_true(load(store, "another token", SHARDS));
    assert_told("it is of another token");
    assert_told("sessions.unused'");
    assert_true(has_gap(store));
    store_free(store);
    fake_disk_put("sessions", "{\"spectacles\":\"state\",\"vers");
    store = open_store(MISSING_NEW);
    assert_true(load(store, PEER_TOKEN, SHARDS));
    assert_told("torn");
    fake_disk_assert("sessions.unused", "{\"spectacles\":\"state\",\"vers");
    assert_true(has_gap(store));
    store_free(store);
}

static void a_disk_that_is_full_at_the_start_is_no_end(void **state)
{
    (void)state;
    struct store *store = open_store(MISSING_NEW);
    fake_disk_fail(1, ENOSPC);
    assert_true(load(store, PEER_TOKEN, SHARDS));
    assert_told("make room");
    assert_int_equal(problems_exit_code(&problems), 0);
    fake_disk_fail(0, 0);
    store_process(store, gateway, 1, &problems);
    wait_and_process(store, 2);
    assert_int_equal(stored_sequence(), 0);
    store_free(store);
    store = open_store(MISSING_NEW);
    fake_disk_fail(1, EROFS);
    assert_false(load(store, PEER_TOKEN, SHARDS));
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    store_free(store);
}

static void a_restart_keeps_the_number_of_shards(void **state)
{
    (void)state;
    store_free(start());
    struct store *store = open_store(MISSING_NEW);
    assert_int_equal(store_choose_count(store, 0, SHARDS, &problems), SHARDS);
    assert_null(problems.first);
    assert_int_equal(store_choose_count(store, 0, 4, &problems), SHARDS);
    assert_told("Discord recommends 4 shards, and the stored sessions are of 3: it stays at 3");
    assert_int_equal(store_choose_count(store, 4, 4, &problems), 4);
    assert_told("it is 4, and the stored sessions are of 3 shards");
    assert_true(load(store, PEER_TOKEN, 4));
    store_free(store);
    store = open_store(MISSING_NEW);
    assert_int_equal(store_choose_count(store, 0, 3, &problems), 4);
    store_free(store);
}

/* ---- Stolen sessions ---- */

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(fake_disk_path(from), fake_disk_path(to)), 0);
}

static void a_copied_file_is_told_with_where_it_comes_from(void **state)
{
    (void)state;
    store_free(start());
    store_free(start());
    assert_not_told("end one of them");
    move("sessions", "copy"); /* without the lock file beside it */
    move("copy", "sessions");
    move("sessions.lock", "old.lock");
    struct store *store = open_store(MISSING_NEW);
    assert_told("is a copy of a file that was written by process ");
    assert_told("both lose their sessions to each other: end one of them");
    problems_free(&problems);
    assert_true(load(store, PEER_TOKEN, SHARDS));
    store_free(store);
    store_free(open_store(MISSING_NEW)); /* it is at home here by now */
    store = open_store(MISSING_NEW);
    assert_null(problems.first);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_gateway_hears_of_a_write_when_it_is_safe_and_not_before, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_session_that_waits_is_stored_at_once, begin, end),
        cmocka_unit_test_setup_teardown(nothing_new_is_not_written, begin, end),
        cmocka_unit_test_setup_teardown(the_last_write_has_everything, begin, end),
        cmocka_unit_test_setup_teardown(without_a_file_nothing_is_stored, begin, end),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_once_and_tried_again, begin, end),
        cmocka_unit_test_setup_teardown(a_silent_disk_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(somebody_else_in_the_file_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_missing_file_is_as_the_setting_says, begin, end),
        cmocka_unit_test_setup_teardown(a_copy_of_passwd_ends_it, begin, end),
        cmocka_unit_test_setup_teardown(sessions_that_cannot_be_used_are_kept_and_declared, begin, end),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_at_the_start_is_no_end, begin, end),
        cmocka_unit_test_setup_teardown(a_restart_keeps_the_number_of_shards, begin, end),
        cmocka_unit_test_setup_teardown(a_copied_file_is_told_with_where_it_comes_from, begin, end),
    };
    return cmocka_run_group_tests_name("tools/store", tests, NULL, NULL);
}
