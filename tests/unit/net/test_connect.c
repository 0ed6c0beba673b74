/* How a connection is made: its failures, time limits, another connection, and those that the owner makes. */
#include "toy.h"

#include <fcntl.h>
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

/* connection_timeout of an AMQP URL. */
static void the_endpoint_may_set_the_time_to_connect(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("gateway.example", NULL);
    scene->toy.endpoint.connect_timeout = 60000;
    scene_turn(scene);
    assert_int_equal(spectacles_link_deadline(scene->link), 61000);
    scene->now = 61000;
    scene_turn(scene);
    assert_non_null(strstr(scene->toy.text, "timed out after 60000 ms"));
    scene_end(scene);
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

/* ---- Families and source addresses ---- */

#if defined(__linux__)
static void one_family_alone_is_tried(void **state)
{
    (void)state;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.family = 4;
    sp_scene *scene = scene_begin("gateway.example", &config);
    scene_resolve(scene, "::1 127.0.0.1");
    until(scene->toy.opened);
    assert_string_equal(spectacles_link_peer(scene->link), "127.0.0.1");
    scene_end(scene);
    config.family = 6;
    scene = scene_begin("gateway.example", &config);
    scene_resolve(scene, "127.0.0.1 127.0.0.2");
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "it has no IPv6 address, and no other one is to be used"));
    scene_end(scene);
    scene = scene_begin("127.0.0.1", &config);
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "it has no IPv6 address"));
    scene_end(scene);
}

static void connections_come_from_the_source_address(void **state)
{
    (void)state;
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    memcpy(config.source_address, "127.0.0.77", 11);
    sp_scene *scene = scene_begin("gateway.example", &config);
    scene_resolve(scene, "::1 127.0.0.1");
    until(scene->toy.opened);
    scene->peer = accept(scene->listener, (struct sockaddr *)&from, &length);
    assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 76);
    scene_end(scene);
    memcpy(config.source_address, "192.0.2.1", 10);
    scene = scene_begin("127.0.0.1", &config);
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "no free local port or address"));
    scene_end(scene);
}
#endif

/* ---- Connections of the owner ---- */

static sp_scene *begin_with_descriptors(void)
{
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.flags = SPECTACLES_LINK_DESCRIPTORS;
    return scene_begin("gateway.example", &config);
}

static void give_pair(sp_scene *scene)
{
    int ends[2];
    until(spectacles_link_wants_descriptor(scene->link));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(spectacles_link_set_descriptor(scene->link, ends[0]), SPECTACLES_OK);
    scene->peer = ends[1];
}

static void the_owner_may_connect_itself(void **state)
{
    (void)state;
    char bytes[8];
    sp_scene *scene = begin_with_descriptors();
    for (int i = 1; i <= 2; i++) {
        give_pair(scene);
        assert_null(spectacles_link_wants_address(scene->link));
        until(scene->toy.opened == i);
        int fd = spectacles_link_fd(scene->link);
        assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        scene->toy.out = (const uint8_t *)"hello";
        scene->toy.out_length = 5;
        until(scene->toy.out_length == 0);
        assert_int_equal(read(scene->peer, bytes, sizeof bytes), 5);
        assert_int_equal(write(scene->peer, "there", 5), 5);
        until(scene->toy.in_length == 5 * (size_t)i);
        assert_string_equal(spectacles_link_peer(scene->link), "");
        close(scene->peer);
        until(scene->toy.ended == i);
        /* The link wants another one when its engine wants another connection, and not before. */
        assert_int_equal(spectacles_link_wants_descriptor(scene->link), 0);
        scene->toy.endpoint.connection++;
        scene->toy.wants_connection = 1;
    }
    scene->peer = -1;
    scene_end(scene);
}

static void an_owner_without_a_connection_says_why(void **state)
{
    (void)state;
    sp_scene *scene = begin_with_descriptors();
    assert_int_equal(spectacles_link_set_descriptor(scene->link, 0), SPECTACLES_E_STATE);
    until(spectacles_link_wants_descriptor(scene->link));
    int file = open("/dev/null", O_RDONLY);
    assert_int_equal(spectacles_link_set_descriptor(scene->link, file), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_link_last_error(scene->link), "no stream socket"));
    /* It is still the owner's, and a descriptor is still wanted. */
    assert_int_equal(close(file), 0);
    assert_int_equal(spectacles_link_wants_descriptor(scene->link), 1);
    assert_int_equal(spectacles_link_set_no_descriptor(scene->link, "the tunnel is down", 18), SPECTACLES_OK);
    until(scene->toy.ended);
    assert_int_equal(scene->toy.error, SPECTACLES_E_SYS);
    assert_non_null(strstr(scene->toy.text, "no connection to gateway.example:"));
    assert_non_null(strstr(scene->toy.text, "was made: the tunnel is down"));
    /* Waiting has an end. */
    scene->toy.endpoint.connection++;
    scene->toy.wants_connection = 1;
    until(spectacles_link_wants_descriptor(scene->link));
    scene->now += 20000;
    until(scene->toy.ended == 2);
    assert_non_null(strstr(scene->toy.text, "while waiting for a connection of the owner"));
    scene_end(scene);
}

/* Whatever happens to it, it is closed once. */
static void a_descriptor_that_is_not_used_is_closed(void **state)
{
    (void)state;
    char byte;
    for (int freed = 0; freed < 2; freed++) {
        sp_scene *scene = begin_with_descriptors();
        give_pair(scene);
        if (!freed) {
            scene->toy.wants_connection = 0;
            scene_turn(scene);
        }
        int peer = scene->peer;
        scene->peer = -1;
        if (!freed)
            assert_int_equal(read(peer, &byte, 1), 0);
        scene_end(scene);
        assert_int_equal(read(peer, &byte, 1), 0);
        close(peer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(the_time_to_connect_is_a_setting),
        cmocka_unit_test(the_endpoint_may_set_the_time_to_connect),
        cmocka_unit_test(waiting_has_an_end),
#if defined(__linux__)
        cmocka_unit_test(connecting_has_an_end),
#endif
        cmocka_unit_test(another_connection_is_made_when_it_is_wanted),
#if defined(__linux__)
        cmocka_unit_test(one_family_alone_is_tried),
        cmocka_unit_test(connections_come_from_the_source_address),
#endif
        cmocka_unit_test(the_owner_may_connect_itself),
        cmocka_unit_test(an_owner_without_a_connection_says_why),
        cmocka_unit_test(a_descriptor_that_is_not_used_is_closed),
    };
    return cmocka_run_group_tests_name("net/connect", tests, NULL, NULL);
}
