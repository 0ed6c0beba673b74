/* A link as its owner sees it: one for each stream, its errors, its descriptor, its TLS. */
#include "toy.h"

#include <fcntl.h>
#include <stdlib.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_has_one_link),
        cmocka_unit_test(the_last_error_is_of_the_call_that_failed),
        cmocka_unit_test(time_is_the_engines_too),
        cmocka_unit_test(no_descriptor_leaks_into_a_child),
        cmocka_unit_test(authorities_that_are_not_there_are_named),
    };
    return cmocka_run_group_tests_name("net/link", tests, NULL, NULL);
}
