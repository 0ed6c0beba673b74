/* Several addresses of a host, side by side: who wins, who waits how long, and where the next attempt begins. */
#include "toy.h"

#include <stdio.h>
#include <unistd.h>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const char name[] = "gateway.example";

static sp_scene *begin_silent(void)
{
    sp_scene *scene = scene_begin(name, NULL);
    scene_refuse(scene);
    scene_swallow(scene);
    return scene;
}

static void lose(sp_scene *scene, int *peer)
{
    int before = scene->toy.ended;
    close(*peer);
    *peer = -1;
    until(scene->toy.ended > before);
}

static void the_next_address_begins_after_a_quarter_of_a_second(void **state)
{
    (void)state;
    sp_scene *scene = begin_silent();
    int second = scene_listen_at(scene, 3);
    scene_resolve(scene, "127.0.0.2 127.0.0.4 127.0.0.3");
    spectacles_link_process(scene->link, 0, 1000);
    assert_int_equal(spectacles_link_deadline(scene->link), 1250);
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_WRITE);
    int first = spectacles_link_fd(scene->link);
    scene->now = 1249;
    spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(spectacles_link_fd(scene->link), first);
    scene->now = 1250;
    uint32_t changed = (uint32_t)spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(changed & SPECTACLES_LINK_FD, SPECTACLES_LINK_FD);
    assert_int_not_equal(spectacles_link_fd(scene->link), first);
    /* The first one goes on. Nobody watches it, so the link is asked to look at it. */
    assert_true(fcntl(first, F_GETFD) >= 0);
    assert_int_equal(spectacles_link_deadline(scene->link), 1275);
    scene->now = 1499;
    spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(scene->toy.opened, 0);
    scene->now = 1500;
    until(scene->toy.opened);
    assert_int_equal(scene->toy.ended, 0);
    /* The losers are closed. */
    assert_int_equal(fcntl(first, F_GETFD), -1);
    scene->peer = accept(second, NULL, NULL);
    assert_true(scene->peer >= 0);
    close(second);
    scene_end(scene);
}

static void an_address_that_refuses_costs_no_time(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin(name, NULL);
    scene_resolve(scene, "127.0.0.7 127.0.0.8 127.0.0.9 127.0.0.1");
    until(scene->toy.opened);
    assert_int_equal(scene->now, 1000);
    scene_end(scene);
}

/* More addresses than attempts that run side by side. */
static void every_address_is_tried_within_the_time(void **state)
{
    (void)state;
    sp_scene *scene = begin_silent();
    char addresses[1024] = "";
    int good = scene_listen_at(scene, 60);
    for (int i = 30; i <= 60; i++)
        snprintf(addresses + strlen(addresses), 16, "127.0.0.%d ", i);
    scene_resolve(scene, addresses);
    scene->patience = 2; /* 750 turns without an event, while the invented clock goes on */
    while (!scene->toy.opened && !scene->toy.ended) {
        assert_int_not_equal(spectacles_link_deadline(scene->link), SPECTACLES_NEVER);
        scene_turn(scene);
        scene->now += 10;
    }
    assert_int_equal(scene->toy.ended, 0);
    assert_true(scene->now < 21000);
    close(good);
    scene_end(scene);
}

/* A balancer without a live server takes TCP, and closes it or says nothing. */
static void an_address_that_is_not_through_is_not_the_first_one_again(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin(name, NULL);
    int others[2] = {scene_listen_at(scene, 2), scene_listen_at(scene, 3)};
    scene_resolve(scene, "127.0.0.1 127.0.0.2 127.0.0.3");
    scene->peer = scene_accept_at(scene, scene->listener);
    until(scene->toy.opened == 1);
    assert_string_equal(spectacles_link_peer(scene->link), "127.0.0.1");
    lose(scene, &scene->peer);
    assert_string_equal(scene->toy.stream.peer, "127.0.0.1");
    scene_resolve(scene, "127.0.0.1 127.0.0.2 127.0.0.3");
    scene->peer = scene_accept_at(scene, others[0]);
    until(scene->toy.opened == 2);
    lose(scene, &scene->peer);
    assert_string_equal(scene->toy.stream.peer, "127.0.0.2");
    scene_resolve(scene, "127.0.0.1 127.0.0.2 127.0.0.3");
    scene->peer = scene_accept_at(scene, others[1]);
    until(scene->toy.opened == 3);
    /* This one is READY: it is the first one from now on. */
    sp_stream_note_ready(&scene->toy.stream, scene->toy.endpoint.connection);
    lose(scene, &scene->peer);
    scene_resolve(scene, "127.0.0.1 127.0.0.2 127.0.0.3");
    scene->peer = scene_accept_at(scene, others[1]);
    until(scene->toy.opened == 4);
    lose(scene, &scene->peer);
    scene_resolve(scene, "127.0.0.1 127.0.0.2 127.0.0.3");
    scene->peer = scene_accept_at(scene, scene->listener);
    close(others[0]);
    close(others[1]);
    scene_end(scene);
}

static void the_end_names_the_address(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin(name, NULL);
    scene_resolve(scene, "127.0.0.8 127.0.0.9");
    until(scene->toy.ended);
    assert_string_equal(scene->toy.stream.peer, "127.0.0.9");
    assert_non_null(strstr(scene->toy.text, "connection refused; it has 2 addresses"));
    scene_refuse(scene);
    scene_swallow(scene);
    scene_resolve(scene, "127.0.0.4 127.0.0.5");
    for (int i = 0; i < 30; i++, scene->now += 50)
        scene_turn(scene);
    scene->now = 60000;
    scene_turn(scene);
    assert_int_equal(scene->toy.ended, 2);
    assert_non_null(strstr(scene->toy.text, "while connecting (TCP); 2 of its 2 addresses were tried"));
    assert_string_equal(scene->toy.stream.peer, "127.0.0.5");
    scene_end(scene);
}

/* An owner that goes to the next connection while the addresses race leaves nothing behind. */
static void a_race_that_is_not_wanted_any_more_closes_everything(void **state)
{
    (void)state;
    sp_scene *scene = begin_silent();
    scene_resolve(scene, "127.0.0.2 127.0.0.3");
    spectacles_link_process(scene->link, 0, 1000);
    int first = spectacles_link_fd(scene->link);
    spectacles_link_process(scene->link, 0, 1250);
    int second = spectacles_link_fd(scene->link);
    scene->toy.wants_connection = 0;
    spectacles_link_process(scene->link, 0, 1251);
    assert_int_equal(spectacles_link_fd(scene->link), -1);
    assert_int_equal(fcntl(first, F_GETFD), -1);
    /* The owner may still watch this one: it is dead, and closed at the next call. */
    assert_true(fcntl(second, F_GETFD) >= 0);
    spectacles_link_process(scene->link, 0, 1252);
    assert_int_equal(fcntl(second, F_GETFD), -1);
    assert_int_equal(scene->toy.ended, 0);
    scene_end(scene);
}

/* A line that is back is noticed soon: TCP alone would ask after 3, 7 and 15 s. */
static void addresses_that_do_not_answer_are_tried_again(void **state)
{
    (void)state;
    sp_scene *scene = begin_silent();
    scene_resolve(scene, "127.0.0.2 127.0.0.3");
    spectacles_link_process(scene->link, 0, 1000);
    int first = spectacles_link_fd(scene->link);
    spectacles_link_process(scene->link, 0, 1250);
    int listener = scene_listen_at(scene, 2);
    scene->now = 5249;
    spectacles_link_process(scene->link, 0, scene->now);
    assert_true(fcntl(first, F_GETFD) >= 0);
    assert_int_equal(spectacles_link_deadline(scene->link), 5250);
    /* The old attempt at the address makes room for the new one. */
    scene->now = 5250;
    spectacles_link_process(scene->link, 0, scene->now);
    scene->peer = scene_accept_at(scene, listener);
    until(scene->toy.opened);
    assert_string_equal(spectacles_link_peer(scene->link), "127.0.0.2");
    assert_true(scene->now < 5300);
    close(listener);
    scene_end(scene);
}

/* So often, and within the time that there is. */
static void trying_again_has_an_end(void **state)
{
    (void)state;
    int tries = 0;
    int last = -1;
    sp_scene *scene = begin_silent();
    scene_resolve(scene, "127.0.0.2");
    for (; !scene->toy.ended && scene->now < 30000; scene->now += 50) {
        uint32_t changed = (uint32_t)spectacles_link_process(scene->link, 0, scene->now);
        tries += changed & SPECTACLES_LINK_FD && spectacles_link_fd(scene->link) >= 0;
        last = spectacles_link_fd(scene->link) >= 0 ? (int)scene->now : last;
    }
    assert_in_range(tries, 5, 6);
    assert_in_range(last, 20000, 21000);
    assert_int_equal(scene->toy.error, SPECTACLES_E_UNREACHABLE);
    scene_end(scene);
}

/* Whoever has many links, and few descriptors: races do not take what files, lookups and other links need. */
static void a_race_leaves_descriptors_to_others(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    sp_scene *scene = begin_silent();
    int listener = scene_listen_at(scene, 4);
    scene_resolve(scene, "127.0.0.2 127.0.0.3 127.0.0.4");
    spectacles_link_process(scene->link, 0, 1000);
    int first = spectacles_link_fd(scene->link);
    struct rlimit few = {(rlim_t)first + 17, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    scene->now = 1250;
    spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(spectacles_link_fd(scene->link), first);
    /* Each address has its share of the time. */
    scene->patience = 5;
    while (!scene->toy.opened && !scene->toy.ended) {
        int probe = dup(0);
        assert_in_range(probe, 0, first + 2);
        close(probe);
        scene_turn(scene);
        scene->now += 100;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(scene->toy.opened, 1);
    assert_string_equal(spectacles_link_peer(scene->link), "127.0.0.4");
    close(listener);
    scene_end(scene);
}

/* TCP would ask again after 3, 7 and 15 s, by the way that was. */
static void an_unanswered_attempt_begins_again_when_the_network_changes(void **state)
{
    (void)state;
    sp_scene *scene = begin_silent();
    scene_resolve(scene, "127.0.0.2");
    spectacles_link_process(scene->link, 0, 1000);
    int first = spectacles_link_fd(scene->link);
    /* Its answer may be on the way. */
    scene->now = 1999;
    sp_stream_note_network_changed(&scene->toy.stream);
    assert_int_equal(spectacles_link_deadline(scene->link), 0);
    spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(spectacles_link_fd(scene->link), first);
    assert_int_equal(spectacles_link_deadline(scene->link), 5000);
    int listener = scene_listen_at(scene, 2);
    scene->now = 2000;
    sp_stream_note_network_changed(&scene->toy.stream);
    uint32_t changed = (uint32_t)spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(changed & SPECTACLES_LINK_FD, SPECTACLES_LINK_FD);
    assert_int_not_equal(spectacles_link_fd(scene->link), first);
    scene_turn(scene);
    assert_int_equal(fcntl(first, F_GETFD), -1);
    scene->peer = scene_accept_at(scene, listener);
    until(scene->toy.opened);
    /* One that stands has nothing to do with it. */
    int open = spectacles_link_fd(scene->link);
    scene->now = 9000;
    sp_stream_note_network_changed(&scene->toy.stream);
    scene_turn(scene);
    assert_int_equal(spectacles_link_fd(scene->link), open);
    close(listener);
    scene_end(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_race_leaves_descriptors_to_others),
        cmocka_unit_test(addresses_that_do_not_answer_are_tried_again),
        cmocka_unit_test(trying_again_has_an_end),
        cmocka_unit_test(an_unanswered_attempt_begins_again_when_the_network_changes),
        cmocka_unit_test(the_next_address_begins_after_a_quarter_of_a_second),
        cmocka_unit_test(an_address_that_refuses_costs_no_time),
        cmocka_unit_test(every_address_is_tried_within_the_time),
        cmocka_unit_test(an_address_that_is_not_through_is_not_the_first_one_again),
        cmocka_unit_test(the_end_names_the_address),
        cmocka_unit_test(a_race_that_is_not_wanted_any_more_closes_everything),
    };
    return cmocka_run_group_tests_name("net/race", tests, NULL, NULL);
}

#else

int main(void)
{
    return 77; /* skipped: only Linux has more than one loopback address */
}

#endif
