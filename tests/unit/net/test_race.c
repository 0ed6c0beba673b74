/* Several addresses of a host, side by side: who wins, who waits how long, and where the next attempt begins. */
#include "toy.h"

#include <stdio.h>
#include <unistd.h>

#if defined(__linux__)
#include <fcntl.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
