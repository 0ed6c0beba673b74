/* The names of hosts: asked of the owner, and answered by the resolver of the system. */
#include "toy.h"

static void names_are_asked_for(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("gateway.example", NULL);
    assert_int_equal(spectacles_link_set_address(scene->link, "127.0.0.1", 9), SPECTACLES_E_STATE);
    scene_turn(scene);
    assert_string_equal(spectacles_link_wants_address(scene->link), "gateway.example");
    assert_int_equal(spectacles_link_set_address(scene->link, "nonsense", 8), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_link_set_address(scene->link, "", 0), SPECTACLES_E_INVAL);
    /* The first address refuses, the second does not. */
    static const char both[] = "127.0.0.2 127.0.0.1";
    assert_int_equal(spectacles_link_set_address(scene->link, both, sizeof both - 1), SPECTACLES_OK);
    assert_null(spectacles_link_wants_address(scene->link));
    scene_connect(scene);
    scene_end(scene);

    scene = scene_begin("gateway.example", NULL);
    scene_turn(scene);
    assert_int_equal(spectacles_link_set_no_address(scene->link, "no\nreason", 9), SPECTACLES_OK);
    assert_int_equal(spectacles_link_set_no_address(scene->link, "again", 5), SPECTACLES_E_STATE);
    until(scene->toy.ended);
    assert_string_equal(scene->toy.text, "can not find the host gateway.example: no?reason");
    assert_int_equal(scene->toy.error, SPECTACLES_E_UNREACHABLE);
    scene_end(scene);

    scene = scene_begin("gateway.example", NULL);
    scene_turn(scene);
    assert_int_equal(spectacles_link_set_no_address(scene->link, NULL, 0), SPECTACLES_OK);
    until(scene->toy.ended);
    assert_string_equal(scene->toy.text, "can not find the host gateway.example: it has no address");
    scene_end(scene);
}

/* The helper that blocks: nothing to do, an answer, and none. */
static void names_are_answered_by_the_system(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    assert_int_equal(spectacles_link_resolve(scene->link), SPECTACLES_OK);
    scene_connect(scene);
    assert_int_equal(spectacles_link_resolve(scene->link), SPECTACLES_OK);
    scene_end(scene);

    scene = scene_begin("localhost", NULL);
    scene_turn(scene);
    assert_int_equal(spectacles_link_resolve(scene->link), SPECTACLES_OK);
    assert_null(spectacles_link_wants_address(scene->link));
    scene_connect(scene);
    scene_end(scene);

    scene = scene_begin("no-such-host.invalid", NULL);
    scene_turn(scene);
    assert_int_equal(spectacles_link_resolve(scene->link), SPECTACLES_OK);
    until(scene->toy.ended);
    static const char begins[] = "can not find the host no-such-host.invalid: ";
    assert_memory_equal(scene->toy.text, begins, sizeof begins - 1);
    assert_true(strlen(scene->toy.text) > sizeof begins);
    scene_end(scene);
}

/* The time of the link begins anew with the answer: whoever looked the name up has used it up. */
static void a_slow_lookup_leaves_its_time_to_tcp(void **state)
{
    (void)state;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.connect_timeout = 1000;
    sp_scene *scene = scene_begin("gateway.example", &config);
    scene_turn(scene);
    scene->now += 999;
    scene_turn(scene);
    assert_non_null(spectacles_link_wants_address(scene->link));
    assert_int_equal(spectacles_link_set_address(scene->link, "127.0.0.1", 9), SPECTACLES_OK);
    scene->now += 999;
    scene_connect(scene);
    assert_false(scene->toy.ended);
    scene_end(scene);
}

static void names_can_be_resolved(void **state)
{
    (void)state;
    char numeric[256];
    int length = spectacles_resolve(numeric, sizeof numeric, "localhost", NULL);
    assert_int_equal(length, (int)strlen(numeric));
    assert_true(strstr(numeric, "127.0.0.1") || strstr(numeric, "::1"));
    spectacles_problem problem = {0};
    assert_int_equal(spectacles_resolve(numeric, sizeof numeric, "no-such-host.invalid", &problem),
                     SPECTACLES_E_SYS);
    assert_true(problem.text[0]);
    assert_int_equal(spectacles_resolve(numeric, 3, "127.0.0.1", &problem), SPECTACLES_E_TOOBIG);
    assert_true(spectacles_random_seed() != spectacles_random_seed());
    uint64_t before = spectacles_now();
    assert_true(spectacles_now() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_asked_for),
        cmocka_unit_test(names_are_answered_by_the_system),
        cmocka_unit_test(a_slow_lookup_leaves_its_time_to_tcp),
        cmocka_unit_test(names_can_be_resolved),
    };
    return cmocka_run_group_tests_name("net/resolve", tests, NULL, NULL);
}
