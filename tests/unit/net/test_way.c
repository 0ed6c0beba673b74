/* A link through a proxy: whom it asks for, what it says, and whose the bytes are. */
#include "toy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct sp_detour {
    sp_scene *scene;
    int listener; /* of the proxy */
    uint16_t port;
} sp_detour;

static sp_detour begin(const char *url_before_port, const char *no_proxy)
{
    char url[200];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    sp_detour detour = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(detour.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(detour.listener, 8), 0);
    assert_int_equal(getsockname(detour.listener, (struct sockaddr *)&at, &length), 0);
    detour.port = ntohs(at.sin_port);
    snprintf(url, sizeof url, "%s:%u", url_before_port, (unsigned)detour.port);
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.proxy = url;
    config.no_proxy = no_proxy;
    detour.scene = scene_begin("gateway.example", &config);
    /* The link has its own copy. */
    memset(url, 'x', sizeof url);
    return detour;
}

static void end(sp_detour *detour)
{
    close(detour->listener);
    scene_end(detour->scene);
}

/* TCP to the proxy stands, and the link has said this much. */
static void meet(sp_detour *detour, char *said, size_t size)
{
    sp_scene *scene = detour->scene;
    size_t length = 0;
    scene_resolve(scene, "127.0.0.1");
    scene->peer = scene_accept_at(scene, detour->listener);
    until((length = (size_t)recv(scene->peer, said, size - 1, MSG_DONTWAIT)) != (size_t)-1);
    said[length] = '\0';
}

static void answer(sp_detour *detour, const char *bytes)
{
    assert_int_equal(send(detour->scene->peer, bytes, strlen(bytes), 0), strlen(bytes));
}

static void the_proxy_is_asked_for_and_what_follows_is_the_peers(void **state)
{
    (void)state;
    char said[300];
    char wanted[300];
    sp_detour detour = begin("http://user:pass@proxy.example", "other.example");
    sp_scene *scene = detour.scene;
    scene->toy.wants_connection = 1;
    until(spectacles_link_wants_address(scene->link));
    assert_string_equal(spectacles_link_wants_address(scene->link), "proxy.example");
    meet(&detour, said, sizeof said);
    snprintf(wanted, sizeof wanted,
             "CONNECT gateway.example:%u HTTP/1.1\r\nHost: gateway.example:%u\r\n"
             "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n",
             (unsigned)scene->toy.endpoint.port, (unsigned)scene->toy.endpoint.port);
    assert_string_equal(said, wanted);
    scene_turn(scene);
    assert_int_equal(scene->toy.opened, 0);
    answer(&detour, "HTTP/1.1 200 OK\r\nA: b\r\n\r\nfrom the peer");
    until(scene->toy.in_length > 0);
    assert_int_equal(scene->toy.opened, 1);
    assert_memory_equal(scene->toy.in, "from the peer", 13);
    assert_int_equal(scene->toy.in_length, 13);
    end(&detour);
}

static void a_refusal_reaches_the_engine(void **state)
{
    (void)state;
    char said[300];
    sp_detour detour = begin("http://proxy.example", NULL);
    sp_scene *scene = detour.scene;
    meet(&detour, said, sizeof said);
    answer(&detour, "HTTP/1.1 403 No\r\n\r\n<html>");
    until(scene->toy.ended);
    assert_int_equal(scene->toy.error, SPECTACLES_E_SYS);
    assert_int_equal(scene->toy.opened, 0);
    assert_non_null(strstr(scene->toy.text, "the proxy proxy.example:"));
    assert_non_null(strstr(scene->toy.text, "does not allow a way to gateway.example:"));
    end(&detour);
}

#if defined(__linux__)
/* Nobody listens at its second address. */
static void a_refusal_says_more_than_an_address_without_a_proxy(void **state)
{
    (void)state;
    char said[300];
    sp_detour detour = begin("http://proxy.example", NULL);
    sp_scene *scene = detour.scene;
    scene_resolve(scene, "127.0.0.1 127.0.0.2");
    scene->peer = scene_accept_at(scene, detour.listener);
    until(recv(scene->peer, said, sizeof said, MSG_DONTWAIT) > 0);
    answer(&detour, "HTTP/1.1 403 No\r\n\r\n");
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "does not allow a way to gateway.example:"));
    end(&detour);
}
#endif

static void a_proxy_that_hangs_up_is_told(void **state)
{
    (void)state;
    char said[300];
    sp_detour detour = begin("socks5h://proxy.example", NULL);
    sp_scene *scene = detour.scene;
    meet(&detour, said, sizeof said);
    close(scene->peer);
    scene->peer = -1;
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "ended the connection instead of answering"));
    end(&detour);
}

static void a_proxy_that_is_silent_is_given_up_in_time(void **state)
{
    (void)state;
    char said[300];
    sp_detour detour = begin("http://proxy.example", NULL);
    sp_scene *scene = detour.scene;
    meet(&detour, said, sizeof said);
    scene_turn(scene);
    scene->now += 20000;
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "while the proxy opens a way to it"));
    assert_non_null(strstr(scene->toy.text, "; the proxy is proxy.example:"));
    end(&detour);
}

static void a_proxy_that_is_not_there_is_named(void **state)
{
    (void)state;
    sp_detour detour = begin("http://127.0.0.1", NULL);
    sp_scene *scene = detour.scene;
    close(detour.listener);
    detour.listener = -1;
    scene->toy.wants_connection = 1;
    until(scene->toy.ended);
    assert_non_null(strstr(scene->toy.text, "can not connect to the proxy 127.0.0.1:"));
    end(&detour);
}

static void an_excepted_host_is_reached_straight(void **state)
{
    (void)state;
    sp_detour detour = begin("http://proxy.example", "example");
    sp_scene *scene = detour.scene;
    scene->toy.wants_connection = 1;
    until(spectacles_link_wants_address(scene->link));
    assert_string_equal(spectacles_link_wants_address(scene->link), "gateway.example");
    scene_resolve(scene, "127.0.0.1");
    until(scene->toy.opened);
    end(&detour);
}

static void a_wrong_url_is_refused_when_the_link_is_made(void **state)
{
    (void)state;
    spectacles_link *link = NULL;
    spectacles_problem problem;
    spectacles_link_config config;
    sp_scene *scene = scene_begin("gateway.example", NULL);
    spectacles_link_free(scene->link);
    scene->link = NULL;
    spectacles_link_config_init(&config, sizeof config);
    config.proxy = "https://secret@proxy.example";
    assert_int_equal(spectacles_link_new(&link, &scene->toy.stream, &config, &problem),
                     SPECTACLES_E_UNSUPPORTED);
    assert_null(link);
    assert_non_null(strstr(problem.text, "the URL of the proxy"));
    assert_null(strstr(problem.text, "secret"));
    config.proxy = "http://proxy.example";
    assert_int_equal(spectacles_link_new(&scene->link, &scene->toy.stream, &config, &problem), SPECTACLES_OK);
    scene_end(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proxy_is_asked_for_and_what_follows_is_the_peers),
        cmocka_unit_test(a_refusal_reaches_the_engine),
#if defined(__linux__)
        cmocka_unit_test(a_refusal_says_more_than_an_address_without_a_proxy),
#endif
        cmocka_unit_test(a_proxy_that_hangs_up_is_told),
        cmocka_unit_test(a_proxy_that_is_silent_is_given_up_in_time),
        cmocka_unit_test(a_proxy_that_is_not_there_is_named),
        cmocka_unit_test(an_excepted_host_is_reached_straight),
        cmocka_unit_test(a_wrong_url_is_refused_when_the_link_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
