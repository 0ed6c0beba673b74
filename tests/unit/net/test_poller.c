/* What has to hold for every kind of poller is run over each kind that the system has. */
#include "crowd.h"

#include <poll.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static bool may_be_missing(uint32_t kind)
{
#ifdef SP_HAVE_KQUEUE
    if (kind == SPECTACLES_POLLER_KQUEUE)
        return false;
#endif
    return kind != SPECTACLES_POLLER_POLL;
}

static void for_each_kind(void (*scene)(uint32_t kind))
{
    for (uint32_t kind = SPECTACLES_POLLER_EPOLL; kind <= SPECTACLES_POLLER_POLL; kind++) {
        spectacles_poller *poller = NULL;
        spectacles_poller_config config;
        spectacles_poller_config_init(&config, sizeof config);
        config.kind = kind;
        int error = spectacles_poller_new(&poller, &config, NULL);
        assert_true(error == SPECTACLES_OK || (error == SPECTACLES_E_UNSUPPORTED && may_be_missing(kind)));
        if (error != SPECTACLES_OK)
            continue;
        assert_int_equal(spectacles_poller_kind(poller), kind);
        spectacles_poller_free(poller);
        scene(kind);
    }
}

/* ---- What every kind does ---- */

static void exchange_with_a_thousand(uint32_t kind)
{
    crowd *self = crowd_begin(crowd_possible(1000), kind, 0, "127.0.0.1");
    crowd_connect(self);
    for (size_t i = 0; i < self->count; i++)
        assert_int_equal(write(self->engines[i].peer, &i, sizeof i), sizeof i);
    until(crowd_with_bytes(self, sizeof(size_t)) == self->count);
    for (size_t i = 0; i < self->count; i++) {
        assert_memory_equal(self->engines[i].in, &i, sizeof i);
        self->engines[i].out = self->engines[i].in;
        self->engines[i].out_length = sizeof i;
        sp_stream_touch(&self->engines[i].stream);
    }
    /* What the engines want to write leaves without a wait. */
    assert_int_equal(spectacles_poller_flush(self->poller, self->now), SPECTACLES_OK);
    for (size_t i = 0; i < self->count; i++) {
        size_t echoed = 0;
        assert_int_equal(recv(self->engines[i].peer, &echoed, sizeof echoed, MSG_DONTWAIT), sizeof echoed);
        assert_int_equal(echoed, i);
    }
    crowd_end(self);
}

static void a_thousand_links_exchange_bytes_through_one_poller(void **state)
{
    (void)state;
    for_each_kind(exchange_with_a_thousand);
}

/* The kernel gives the number of a closed socket to the next one: here to sockets of other links. */
static void lose_every_other_one(uint32_t kind)
{
    crowd *self = crowd_begin(40, kind, 0, "127.0.0.1");
    crowd_connect(self);
    for (int round = 1; round <= 3; round++) {
        for (size_t i = (size_t)round % 2; i < self->count; i += 2) {
            close(self->engines[i].peer);
            self->engines[i].peer = -1;
        }
        for (size_t i = 0; i < self->count; i++)
            self->engines[i].in_length = 0;
        crowd_connect(self);
        for (size_t i = 0; i < self->count; i++)
            assert_int_equal(write(self->engines[i].peer, &i, sizeof i), sizeof i);
        until(crowd_with_bytes(self, sizeof(size_t)) == self->count);
        for (size_t i = 0; i < self->count; i++)
            assert_memory_equal(self->engines[i].in, &i, sizeof i);
    }
    crowd_end(self);
}

static void links_come_and_go_and_descriptors_are_used_again(void **state)
{
    (void)state;
    for_each_kind(lose_every_other_one);
}

/* ---- Deadlines ---- */

static void expire_in_ties(uint32_t kind)
{
    crowd *self = crowd_begin(100, kind, 0, "127.0.0.1");
    crowd_connect(self);
    for (size_t i = 0; i < self->count; i++) {
        self->engines[i].deadline = self->now + 10 * (1 + i % 3);
        sp_stream_touch(&self->engines[i].stream);
    }
    assert_true(spectacles_poller_deadline(self->poller) == 0);
    crowd_turn(self);
    assert_true(spectacles_poller_deadline(self->poller) == self->now + 10);
    for (int round = 0; round < 3; round++) {
        self->now += 10;
        assert_int_equal(spectacles_poller_process(self->poller, self->now), SPECTACLES_OK);
        for (size_t i = 0; i < self->count; i++)
            assert_int_equal(self->engines[i].expired, (int)(i % 3) <= round);
    }
    assert_true(spectacles_poller_deadline(self->poller) == SPECTACLES_NEVER);
    crowd_end(self);
}

static void deadlines_that_tie_all_expire_and_each_once(void **state)
{
    (void)state;
    for_each_kind(expire_in_ties);
}

/* ---- Whose turn it is ---- */

static void tell_of_changes(uint32_t kind)
{
    crowd *self = crowd_begin(10, kind, 0, "127.0.0.1");
    uint64_t id = 99;
    crowd_connect(self);
    while (spectacles_poller_next_link(self->poller, NULL))
        continue;
    assert_int_equal(write(self->engines[7].peer, "x", 1), 1);
    until(self->engines[7].in_length == 1);
    assert_ptr_equal(spectacles_poller_next_link(self->poller, &id), self->engines[7].link);
    assert_int_equal(id, 7);
    assert_null(spectacles_poller_next_link(self->poller, &id));
    crowd_end(self);
}

static void the_owner_is_told_of_the_links_that_changed_and_of_no_other(void **state)
{
    (void)state;
    for_each_kind(tell_of_changes);
}

/* An owner pulls, and then flushes: what the flush reads would wait for the next edge, which may never come. */
static void flush_what_was_held_back(uint32_t kind)
{
    crowd *self = crowd_begin(2, kind, 0, "127.0.0.1");
    engine *held = &self->engines[1];
    crowd_connect(self);
    held->wants_input = false;
    sp_stream_touch(&held->stream);
    assert_int_equal(write(held->peer, "x", 1), 1);
    for (int i = 0; i < 3; i++)
        crowd_turn(self);
    assert_int_equal(held->in_length, 0);
    held->wants_input = true;
    sp_stream_touch(&held->stream);
    assert_int_equal(spectacles_poller_flush(self->poller, self->now), SPECTACLES_OK);
    assert_int_equal(held->in_length, 1);
    assert_true(spectacles_poller_deadline(self->poller) == 0);
    assert_int_equal(spectacles_poller_process(self->poller, self->now), SPECTACLES_OK);
    assert_true(spectacles_poller_deadline(self->poller) == SPECTACLES_NEVER);
    crowd_end(self);
}

static void what_a_flush_reads_is_due_at_once(void **state)
{
    (void)state;
    for_each_kind(flush_what_was_held_back);
}

static void a_link_that_wants_an_address_is_told_of(void **state)
{
    (void)state;
    crowd *self = crowd_begin(2, SPECTACLES_POLLER_AUTO, 0, "gateway.example");
    crowd_turn(self);
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t id = 99;
        spectacles_link *link = spectacles_poller_next_link(self->poller, &id);
        assert_non_null(link);
        assert_int_equal(id, i);
        assert_string_equal(spectacles_link_wants_address(link), "gateway.example");
        assert_int_equal(spectacles_link_set_address(link, "127.0.0.1", 9), SPECTACLES_OK);
    }
    assert_true(spectacles_poller_deadline(self->poller) == 0);
    crowd_connect(self);
    crowd_end(self);
}

/* ---- The descriptor that stands for all ---- */

#ifdef __linux__
static void owner_waits(uint32_t flags)
{
    crowd *self = crowd_begin(20, SPECTACLES_POLLER_EPOLL, 0, "127.0.0.1");
    int outer = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | flags};
    crowd_connect(self);
    assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, spectacles_poller_fd(self->poller), &event), 0);
    for (size_t i = 0; i < 100; i++) {
        engine *each = &self->engines[i % self->count];
        size_t held = each->in_length;
        assert_int_equal(write(each->peer, "x", 1), 1);
        /* The wait ends because of the descriptor: there is no deadline. */
        for (int j = 0; each->in_length == held; j++) {
            assert_true(j < 10);
            assert_int_equal(epoll_wait(outer, &event, 1, 20000), 1);
            assert_int_equal(spectacles_poller_process(self->poller, self->now), SPECTACLES_OK);
        }
    }
    close(outer);
    crowd_end(self);
}

static void an_owner_may_wait_for_levels_or_edges_of_the_one_descriptor(void **state)
{
    (void)state;
    owner_waits(0);
    owner_waits(EPOLLET);
}
#endif

/* ---- The latency budget ---- */

static bool is_readable(int fd)
{
    struct pollfd waiting = {fd, POLLIN, 0};
    return poll(&waiting, 1, 0) == 1;
}

static void arrive(engine *each, size_t length)
{
    struct pollfd waiting = {spectacles_link_fd(each->link), POLLIN, 0};
    assert_int_equal(write(each->peer, "xxxxxxxx", length), length);
    assert_int_equal(poll(&waiting, 1, 20000), 1);
}

static void process(crowd *self, uint64_t after)
{
    self->now += after;
    assert_int_equal(spectacles_poller_process(self->poller, self->now), SPECTACLES_OK);
}

static void arrive_within_the_budget(uint32_t kind)
{
    crowd *self = crowd_begin(2, kind, 5, "127.0.0.1");
    int fd = spectacles_poller_fd(self->poller);
    engine *first = &self->engines[0];
    engine *second = &self->engines[1];
    for (int i = 0; i < CROWD_TURNS_MAX && crowd_with_peers(self) < 2; i++) {
        self->now += 10;
        crowd_accept_one(self);
        crowd_turn(self);
    }
    process(self, 10);
    process(self, 10);
    /* After a silence: at once. */
    assert_true(spectacles_poller_deadline(self->poller) == SPECTACLES_NEVER);
    arrive(first, 1);
    assert_true(fd < 0 || is_readable(fd));
    process(self, 1);
    assert_int_equal(first->in_length, 1);
    /* In the pause: not read, and the owner is not woken up. */
    assert_true(spectacles_poller_deadline(self->poller) == self->now + 5);
    arrive(first, 2);
    arrive(second, 3);
    assert_false(is_readable(fd));
    process(self, 4);
    assert_int_equal(first->in_length, 1);
    process(self, 1);
    assert_int_equal(first->in_length, 3);
    assert_int_equal(second->in_length, 3);
    /* Nothing more: the next bytes are read as they come. */
    process(self, 5);
    assert_true(spectacles_poller_deadline(self->poller) == SPECTACLES_NEVER);
    arrive(second, 1);
    assert_true(fd < 0 || is_readable(fd));
    process(self, 0);
    assert_int_equal(second->in_length, 4);
    crowd_end(self);
}

static void what_arrives_within_the_budget_is_read_together(void **state)
{
    (void)state;
    for_each_kind(arrive_within_the_budget);
}

static void a_budget_of_nothing_reads_at_once_and_can_be_set_at_any_time(void **state)
{
    (void)state;
    crowd *self = crowd_begin(1, SPECTACLES_POLLER_AUTO, 5, "127.0.0.1");
    engine *each = &self->engines[0];
    assert_int_equal(spectacles_poller_set_latency_budget(self->poller, 1001), SPECTACLES_E_INVAL);
    assert_true(strlen(spectacles_poller_last_error(self->poller)) > 0);
    assert_int_equal(spectacles_poller_set_latency_budget(self->poller, 0), SPECTACLES_OK);
    crowd_connect(self);
    for (size_t i = 1; i <= 5; i++) {
        arrive(each, 1);
        process(self, 0);
        assert_int_equal(each->in_length, i);
    }
    crowd_end(self);
}

/* ---- Descriptors of the owner ---- */

static void watch_a_pipe(uint32_t kind)
{
    crowd *self = crowd_begin(3, kind, 0, "127.0.0.1");
    int ends[2];
    char byte;
    crowd_connect(self);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(spectacles_poller_watch(self->poller, ends[0]), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_watch(self->poller, ends[0]), SPECTACLES_E_STATE);
    assert_true(strlen(spectacles_poller_last_error(self->poller)) > 0);
    crowd_turn(self);
    assert_int_equal(spectacles_poller_is_readable(self->poller, ends[0]), 0);
    assert_int_equal(write(ends[1], "xy", 2), 2);
    /* Not read empty: found again. */
    for (int i = 0; i < 2; i++) {
        until(spectacles_poller_is_readable(self->poller, ends[0]));
        assert_int_equal(spectacles_poller_is_readable(self->poller, ends[0]), 0);
        assert_int_equal(read(ends[0], &byte, 1), 1);
    }
    crowd_turn(self);
    assert_int_equal(spectacles_poller_is_readable(self->poller, ends[0]), 0);
    /* Links go on beside it. */
    assert_int_equal(write(self->engines[1].peer, "x", 1), 1);
    until(self->engines[1].in_length == 1);
    /* Its other end is gone: broken counts as readable. */
    close(ends[1]);
    until(spectacles_poller_is_readable(self->poller, ends[0]));
    spectacles_poller_unwatch(self->poller, ends[0]);
    spectacles_poller_unwatch(self->poller, ends[0]);
    crowd_turn(self);
    assert_int_equal(spectacles_poller_is_readable(self->poller, ends[0]), 0);
    close(ends[0]);
    crowd_end(self);
}

static void a_descriptor_of_the_owner_is_watched_beside_the_links(void **state)
{
    (void)state;
    for_each_kind(watch_a_pipe);
}

static void a_descriptor_unwatched_between_wait_and_process_is_forgotten(void **state)
{
    (void)state;
    crowd *self = crowd_begin(1, SPECTACLES_POLLER_AUTO, 0, "127.0.0.1");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(spectacles_poller_watch(self->poller, ends[0]), SPECTACLES_OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    crowd_turn(self);
    uint64_t real = spectacles_now();
    assert_int_equal(spectacles_poller_wait(self->poller, real + 5000, real), SPECTACLES_OK);
    spectacles_poller_unwatch(self->poller, ends[0]);
    crowd_turn(self);
    assert_int_equal(spectacles_poller_is_readable(self->poller, ends[0]), 0);
    close(ends[0]);
    close(ends[1]);
    crowd_end(self);
}

static void a_descriptor_that_is_closed_is_refused(void **state)
{
    (void)state;
    spectacles_poller *poller = NULL;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(spectacles_poller_new(&poller, NULL, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_watch(poller, -1), SPECTACLES_E_SYS);
    if (spectacles_poller_fd(poller) >= 0)
        assert_int_equal(spectacles_poller_watch(poller, ends[1]), SPECTACLES_E_SYS);
    spectacles_poller_free(poller);
}

/* ---- Who leaves first ---- */

static void an_engine_freed_while_it_is_ready_is_let_go(void **state)
{
    (void)state;
    crowd *self = crowd_begin(3, SPECTACLES_POLLER_AUTO, 0, "127.0.0.1");
    crowd_connect(self);
    arrive(&self->engines[1], 1);
    sp_stream_end(&self->engines[1].stream);
    crowd_turn(self);
    assert_int_equal(spectacles_link_fd(self->engines[1].link), -1);
    arrive(&self->engines[2], 1);
    until(self->engines[2].in_length == 1);
    crowd_end(self);
}

static void links_and_pollers_are_freed_in_any_order(void **state)
{
    (void)state;
    crowd *self = crowd_begin(3, SPECTACLES_POLLER_AUTO, 0, "127.0.0.1");
    spectacles_poller *other = NULL;
    crowd_connect(self);
    assert_int_equal(spectacles_poller_new(&other, NULL, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_add(other, self->engines[0].link, 0), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_poller_remove(other, self->engines[0].link), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_poller_remove(self->poller, self->engines[0].link), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_add(other, self->engines[0].link, 5), SPECTACLES_OK);
    arrive(&self->engines[0], 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(spectacles_poller_process(other, self->now), SPECTACLES_OK);
    assert_int_equal(self->engines[0].in_length, 1);
    spectacles_poller_free(other);
    /* By itself again. */
    arrive(&self->engines[0], 1);
    assert_true(spectacles_link_process(self->engines[0].link, SPECTACLES_LINK_READ, self->now) >= 0);
    assert_int_equal(self->engines[0].in_length, 2);
    while (spectacles_poller_next_link(self->poller, NULL))
        continue;
    /* While it is told of, and while its time has come. */
    arrive(&self->engines[1], 1);
    crowd_turn(self);
    self->engines[1].deadline = 0;
    sp_stream_touch(&self->engines[1].stream);
    spectacles_link_free(self->engines[1].link);
    self->engines[1].link = NULL;
    assert_null(spectacles_poller_next_link(self->poller, NULL));
    crowd_turn(self);
    crowd_end(self);
}

/* What a wait has found ready may leave before it is worked on. */
static void a_link_freed_between_wait_and_process_is_forgotten(void **state)
{
    (void)state;
    crowd *self = crowd_begin(2, SPECTACLES_POLLER_AUTO, 0, "127.0.0.1");
    crowd_connect(self);
    crowd_turn(self);
    arrive(&self->engines[0], 1);
    arrive(&self->engines[1], 1);
    uint64_t real = spectacles_now();
    assert_int_equal(spectacles_poller_wait(self->poller, real + 5000, real), SPECTACLES_OK);
    spectacles_link_free(self->engines[0].link);
    self->engines[0].link = NULL;
    until(self->engines[1].in_length == 1);
    crowd_end(self);
}

/* ---- What the system refuses ---- */

static void more_descriptors_than_allowed_are_one_sentence(void **state)
{
    (void)state;
    struct rlimit limit;
    crowd *self = crowd_begin(30, SPECTACLES_POLLER_POLL, 0, "127.0.0.1");
    crowd_connect(self);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {20, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    int error = spectacles_poller_process(self->poller, self->now);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(error, SPECTACLES_E_SYS);
    assert_non_null(strstr(spectacles_poller_last_error(self->poller), "RLIMIT_NOFILE"));
    crowd_end(self);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    spectacles_poller *poller = NULL;
    spectacles_poller_config config;
    spectacles_problem problem;
    spectacles_poller_config_init(&config, sizeof config);
    config.kind = 4;
    assert_int_equal(spectacles_poller_new(&poller, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "kind"));
    spectacles_poller_config_init(&config, sizeof config);
    config.latency_budget = 1001;
    assert_int_equal(spectacles_poller_new(&poller, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "latency_budget"));
    assert_null(poller);
    spectacles_poller_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_links_exchange_bytes_through_one_poller),
        cmocka_unit_test(links_come_and_go_and_descriptors_are_used_again),
        cmocka_unit_test(deadlines_that_tie_all_expire_and_each_once),
        cmocka_unit_test(the_owner_is_told_of_the_links_that_changed_and_of_no_other),
        cmocka_unit_test(what_a_flush_reads_is_due_at_once),
        cmocka_unit_test(a_link_that_wants_an_address_is_told_of),
#ifdef __linux__
        cmocka_unit_test(an_owner_may_wait_for_levels_or_edges_of_the_one_descriptor),
#endif
        cmocka_unit_test(what_arrives_within_the_budget_is_read_together),
        cmocka_unit_test(a_budget_of_nothing_reads_at_once_and_can_be_set_at_any_time),
        cmocka_unit_test(a_descriptor_of_the_owner_is_watched_beside_the_links),
        cmocka_unit_test(a_descriptor_unwatched_between_wait_and_process_is_forgotten),
        cmocka_unit_test(a_descriptor_that_is_closed_is_refused),
        cmocka_unit_test(an_engine_freed_while_it_is_ready_is_let_go),
        cmocka_unit_test(links_and_pollers_are_freed_in_any_order),
        cmocka_unit_test(a_link_freed_between_wait_and_process_is_forgotten),
        cmocka_unit_test(more_descriptors_than_allowed_are_one_sentence),
        cmocka_unit_test(wrong_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
