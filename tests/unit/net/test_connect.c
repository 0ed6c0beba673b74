/* How a connection is made: addresses in turn, time limits, another connection. */
#include "toy.h"

#include <netinet/in.h>
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
/* A host whose queue is full: Linux leaves a connection to it in the making. */
static void fill_queue(const sp_scene *scene, int filler[4], struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    assert_int_equal(listen(scene->listener, 0), 0);
    assert_int_equal(getsockname(scene->listener, (struct sockaddr *)address, &length), 0);
    for (size_t i = 0; i < 4; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(filler[i], (struct sockaddr *)address, length);
    }
}

static void connecting_has_an_end(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    struct sockaddr_in address;
    int filler[4];
    fill_queue(scene, filler, &address);
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
    for (size_t i = 0; i < 4; i++)
        close(filler[i]);
    scene_end(scene);
}

/* An address behind which nobody answers (IPv6 without a route, say) has its share of the time, and no more. */
static void a_silent_address_leaves_time_for_the_next(void **state)
{
    (void)state;
    static const char addresses[] = "127.0.0.1 127.0.0.2";
    sp_scene *scene = scene_begin("gateway.example", NULL);
    struct sockaddr_in address;
    int filler[4];
    fill_queue(scene, filler, &address);
    int other = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(other, 8), 0);
    scene_turn(scene);
    assert_int_equal(spectacles_link_set_address(scene->link, addresses, sizeof addresses - 1),
                     SPECTACLES_OK);
    scene_turn(scene);
    assert_int_equal(spectacles_link_deadline(scene->link), 11000);
    scene->now = 10999;
    scene_turn(scene);
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_WRITE);
    assert_int_equal(scene->toy.opened, 0);
    scene->now = 11000;
    until(scene->toy.opened);
    scene->peer = accept(other, NULL, NULL);
    assert_true(scene->peer >= 0);
    assert_int_equal(scene->toy.ended, 0);
    for (size_t i = 0; i < 4; i++)
        close(filler[i]);
    close(other);
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
        cmocka_unit_test(a_silent_address_leaves_time_for_the_next),
#endif
        cmocka_unit_test(another_connection_is_made_when_it_is_wanted),
    };
    return cmocka_run_group_tests_name("net/connect", tests, NULL, NULL);
}
