/* How a connection is made: its failures, time limits, another connection. */
#include "toy.h"

#include <sys/socket.h>
#include <unistd.h>

static void nobody_listens(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    close(scene->listener);
    scene->listener = socket(AF_INET, SOCK_STREAM, 0);
    until(scene->toy.ended);
    assert_int_equal(scene->toy.error, SPECTACLES_E_SYS);
    assert_non_null(strstr(scene->toy.text, "can not connect to 127.0.0.1"));
    assert_non_null(strstr(scene->toy.text, "connection refused"));
    scene_end(scene);
}

static void the_time_to_connect_is_a_setting(void **state)
{
    (void)state;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.connect_timeout = 500;
    sp_scene *scene = scene_begin("gateway.example", &config);
    scene_turn(scene);
    assert_int_equal(spectacles_link_deadline(scene->link), 1500);
    scene->now = 1500;
    scene_turn(scene);
    assert_non_null(strstr(scene->toy.text, "timed out after 500 ms with gateway.example"));
    scene_end(scene);
    spectacles_link *refused = NULL;
    sp_toy toy = {.stream = {.calls = &toy_calls, .holder_calls = &toy_holder_calls, .engine = &toy}};
    config.connect_timeout = 0;
    assert_int_equal(spectacles_link_new(&refused, &toy.stream, &config, NULL), SPECTACLES_E_INVAL);
}

static void waiting_has_an_end(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("gateway.example", NULL);
    scene_turn(scene);
    assert_int_equal(spectacles_link_deadline(scene->link), 21000);
    scene->now = 20999;
    scene_turn(scene);
    assert_int_equal(scene->toy.ended, 0);
    scene->now = 21000;
    scene_turn(scene);
    assert_int_equal(scene->toy.ended, 1);
    assert_non_null(strstr(scene->toy.text, "timed out after 20000 ms with gateway.example"));
    assert_non_null(strstr(scene->toy.text, "looking up the host name"));
    scene_end(scene);
}

#if defined(__linux__)
static void connecting_has_an_end(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_refuse(scene);
    scene_swallow(scene);
    for (int i = 0; i < 3; i++)
        scene_turn(scene);
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_WRITE);
    scene->now = 20999;
    scene_turn(scene);
    assert_int_equal(scene->toy.ended, 0);
    scene->now = 21000;
    scene_turn(scene);
    assert_int_equal(scene->toy.ended, 1);
    assert_int_equal(scene->toy.opened, 0);
    assert_non_null(strstr(scene->toy.text, "timed out after 20000 ms with 127.0.0.1"));
    assert_non_null(strstr(scene->toy.text, "while connecting (TCP)"));
    scene_end(scene);
}

#endif

static void another_connection_is_made_when_it_is_wanted(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    int first = scene->peer;
    scene->toy.endpoint.connection = 2;
    assert_int_equal(spectacles_link_deadline(scene->link), 0);
    until(scene->toy.opened == 2);
    char byte;
    assert_int_equal(recv(first, &byte, 1, 0), 0);
    close(first);
    scene->peer = -1;
    scene->toy.wants_connection = 0;
    scene_turn(scene);
    scene_turn(scene);
    assert_int_equal(spectacles_link_fd(scene->link), -1);
    assert_int_equal(scene->toy.ended, 0);
    scene_end(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(the_time_to_connect_is_a_setting),
        cmocka_unit_test(waiting_has_an_end),
#if defined(__linux__)
        cmocka_unit_test(connecting_has_an_end),
#endif
        cmocka_unit_test(another_connection_is_made_when_it_is_wanted),
    };
    return cmocka_run_group_tests_name("net/connect", tests, NULL, NULL);
}
