/* A link as its owner sees it: one for each stream, its errors, its descriptor, its TLS. */
#include "toy.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

static void a_stream_has_one_link(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    spectacles_link *second = NULL;
    spectacles_problem problem;
    assert_int_equal(spectacles_link_new(&second, &scene->toy.stream, NULL, &problem), SPECTACLES_E_STATE);
    assert_null(second);
    assert_non_null(strstr(problem.text, "another link"));
    spectacles_link_free(scene->link);
    assert_int_equal(spectacles_link_new(&scene->link, &scene->toy.stream, NULL, &problem), SPECTACLES_OK);
    assert_int_equal(spectacles_link_new(&second, NULL, NULL, &problem), SPECTACLES_E_INVAL);
    scene_end(scene);
}

static void the_last_error_is_of_the_call_that_failed(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("gateway.example", NULL);
    assert_string_equal(spectacles_link_last_error(scene->link), "");
    assert_int_equal(spectacles_link_set_address(scene->link, "127.0.0.1", 9), SPECTACLES_E_STATE);
    assert_non_null(strstr(spectacles_link_last_error(scene->link), "has not asked"));
    until(spectacles_link_wants_address(scene->link));
    assert_int_equal(spectacles_link_set_address(scene->link, "nonsense", 8), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_link_last_error(scene->link), "no numeric IPv4 or IPv6 address"));
    scene_end(scene);
}

static void time_is_the_engines_too(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    scene->toy.deadline = 5000;
    assert_int_equal(spectacles_link_deadline(scene->link), 5000);
    scene->now = 4999;
    spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(scene->toy.expired, 0);
    scene->now = 5000;
    spectacles_link_process(scene->link, 0, scene->now);
    assert_int_equal(scene->toy.expired, 1);
    scene_end(scene);
}

static void no_descriptor_leaks_into_a_child(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    int fd = spectacles_link_fd(scene->link);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    scene_end(scene);
}

static void authorities_that_are_not_there_are_named(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = "/no/such/file";
    assert_int_equal(spectacles_tls_new(&tls, &config, &problem), SPECTACLES_E_TLS);
    assert_non_null(strstr(problem.text, "tried /no/such/file"));
    config.ca_file = NULL;
    setenv("SSL_CERT_FILE", "/no/such/bundle", 1);
    setenv("SSL_CERT_DIR", "/no/a:/no/b", 1);
    assert_int_equal(spectacles_tls_new(&tls, &config, &problem), SPECTACLES_E_TLS);
    assert_non_null(strstr(problem.text, "/no/such/bundle (there is no such file), /no/a, /no/b"));
    config.flags = SPECTACLES_TLS_INSECURE_NO_VERIFICATION;
    assert_int_equal(spectacles_tls_new(&tls, &config, &problem), SPECTACLES_OK);
    spectacles_tls_free(tls);
    config.cert_file = "x";
    assert_int_equal(spectacles_tls_new(&tls, &config, &problem), SPECTACLES_E_INVAL);
    config.flags = 64;
    assert_int_equal(spectacles_tls_new(&tls, &config, NULL), SPECTACLES_E_UNSUPPORTED);
    spectacles_tls_free(NULL);
}

/* What is wrong is refused with the name of the setting. */
static void wrong_settings_are_refused(void **state)
{
    (void)state;
    sp_toy toy = {.stream = {.calls = &toy_calls, .holder_calls = &toy_holder_calls, .engine = &toy}};
    for (int i = 0; i < 9; i++) {
        static const char *const named[] = {"connect_timeout",  "read_delay",     "flags",
                                            "family",           "keepalive_idle", "keepalive_interval",
                                            "keepalive_probes", "source_address", "another family"};
        spectacles_problem problem;
        spectacles_link *link = NULL;
        spectacles_link_config config;
        spectacles_link_config_init(&config, sizeof config);
        config.connect_timeout = i == 0 ? 0 : 1000;
        config.read_delay = i == 1 ? 1001 : 0;
        config.flags = i == 2 ? 2 : 0;
        config.family = i == 3 ? 5 : 0;
        config.keepalive_idle = i == 4 ? 32767001 : 1000;
        config.keepalive_interval = i == 5 ? 0 : 1000;
        config.keepalive_probes = i == 6 ? 128 : 1;
        memcpy(config.source_address, i == 7 ? "localhost" : i == 8 ? "::1" : "", i == 7 ? 10 : 4 * (i == 8));
        config.family = i == 8 ? 4 : config.family;
        assert_int_equal(spectacles_link_new(&link, &toy.stream, &config, &problem),
                         i == 2 ? SPECTACLES_E_UNSUPPORTED : SPECTACLES_E_INVAL);
        if (!strstr(problem.text, named[i]))
            fail_msg("\"%s\" does not name %s", problem.text, named[i]);
    }
    assert_false(toy.stream.has_link);
}

static int option_of(const sp_scene *scene, int level, int option)
{
    int value = -1;
    socklen_t length = sizeof value;
    assert_int_equal(getsockopt(spectacles_link_fd(scene->link), level, option, &value, &length), 0);
    return value;
}

/* A dead connection is found although nobody sends heartbeats. */
static void the_kernel_asks_whether_the_peer_lives(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    assert_int_equal(option_of(scene, SOL_SOCKET, SO_KEEPALIVE), 1);
#if defined(__linux__)
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_KEEPCNT), 3);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_USER_TIMEOUT), 90000);
#endif
    scene_end(scene);
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.keepalive_idle = 1001;
    config.keepalive_interval = 5000;
    config.keepalive_probes = 7;
    config.user_timeout = 0;
    scene = scene_begin("127.0.0.1", &config);
    scene_connect(scene);
#if defined(__linux__)
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_KEEPIDLE), 2);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_KEEPINTVL), 5);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_KEEPCNT), 7);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
#endif
    scene_end(scene);
    config.keepalive_idle = 0;
    scene = scene_begin("127.0.0.1", &config);
    scene_connect(scene);
    assert_int_equal(option_of(scene, SOL_SOCKET, SO_KEEPALIVE), 0);
    scene_end(scene);
}

#if defined(__linux__)
/* The kernel gives an idle connection up by this time, and not by the number of its questions: tcp(7). */
static void questions_without_an_answer_count_whatever_the_user_timeout_is(void **state)
{
    (void)state;
    static const struct {
        uint32_t idle;
        uint32_t given;
        int kernel;
    } table[] = {
        {2000, 90000, 5000}, {2000, 4999, 4999}, {100000, 90000, 90000}, {0, 90000, 90000}, {2000, 0, 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_link_config config;
        spectacles_link_config_init(&config, sizeof config);
        config.keepalive_idle = table[i].idle;
        config.keepalive_interval = 1000;
        config.keepalive_probes = 3;
        config.user_timeout = table[i].given;
        sp_scene *scene = scene_begin("127.0.0.1", &config);
        scene_connect(scene);
        assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_USER_TIMEOUT), table[i].kernel);
        scene_end(scene);
    }
}

/* A RabbitMQ in an alarm takes no bytes, and says so: it is not dead. */
static void a_peer_that_pauses_has_all_the_time(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    sp_stream_set_peer_pauses(&scene->toy.stream, true);
    scene_turn(scene);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    sp_stream_set_peer_pauses(&scene->toy.stream, false);
    scene_turn(scene);
    assert_int_equal(option_of(scene, IPPROTO_TCP, TCP_USER_TIMEOUT), 90000);
    scene_end(scene);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_has_one_link),
        cmocka_unit_test(the_last_error_is_of_the_call_that_failed),
        cmocka_unit_test(time_is_the_engines_too),
        cmocka_unit_test(no_descriptor_leaks_into_a_child),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(the_kernel_asks_whether_the_peer_lives),
#if defined(__linux__)
        cmocka_unit_test(questions_without_an_answer_count_whatever_the_user_timeout_is),
        cmocka_unit_test(a_peer_that_pauses_has_all_the_time),
#endif
        cmocka_unit_test(authorities_that_are_not_there_are_named),
    };
    return cmocka_run_group_tests_name("net/link", tests, NULL, NULL);
}
