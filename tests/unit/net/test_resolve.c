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
    assert_int_equal(spectacles_link_set_address(scene->link, NULL, 0), SPECTACLES_OK);
    until(scene->toy.ended);
    assert_string_equal(scene->toy.text,
                        "can not find the host gateway.example: its name can not be resolved");
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
    assert_string_equal(scene->toy.text,
                        "can not find the host no-such-host.invalid: its name can not be resolved");
    scene_end(scene);
}

static void names_can_be_resolved(void **state)
{
    (void)state;
    char numeric[256];
    int length = spectacles_resolve(numeric, sizeof numeric, "localhost");
    assert_int_equal(length, (int)strlen(numeric));
    assert_true(strstr(numeric, "127.0.0.1") || strstr(numeric, "::1"));
    assert_int_equal(spectacles_resolve(numeric, sizeof numeric, "no-such-host.invalid"), SPECTACLES_E_SYS);
    assert_int_equal(spectacles_resolve(numeric, 3, "127.0.0.1"), SPECTACLES_E_TOOBIG);
    assert_true(spectacles_random_seed() != spectacles_random_seed());
    uint64_t before = spectacles_now();
    assert_true(spectacles_now() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_asked_for),
        cmocka_unit_test(names_are_answered_by_the_system),
        cmocka_unit_test(names_can_be_resolved),
    };
    return cmocka_run_group_tests_name("net/resolve", tests, NULL, NULL);
}
