/* What a fleet is called in RabbitMQ. A change of any of it is a fleet that does not know the other one. */
#include "fleet/names.h"
#include "unit.h"

static void names_are_as_in_the_design(void **state)
{
    char name[64];
    (void)state;
    assert_int_equal(sp_fleet_lease_name(name, sizeof name, "gateway", "1000-1", 63), 30);
    assert_string_equal(name, "gateway:fleet1:lease:1000-1:63");
    assert_int_equal(sp_fleet_control_name(name, sizeof name, "gateway"), 22);
    assert_string_equal(name, "gateway:fleet1:control");
    assert_int_equal(sp_fleet_exchange_name(name, sizeof name, "gateway"), 14);
    assert_string_equal(name, "gateway:fleet1");
}

static void a_long_group_is_refused(void **state)
{
    char name[14];
    (void)state;
    assert_int_equal(sp_fleet_exchange_name(name, sizeof name, "gateway"), SPECTACLES_E_TOOBIG);
    assert_int_equal(sp_fleet_exchange_name(name, sizeof name, "gatewa"), 13);
}

/* Frozen: RabbitMQ refuses whoever names others. */
static void arguments_are_the_same_for_ever(void **state)
{
    spectacles_header arguments[SP_FLEET_ARGUMENT_COUNT];
    const spectacles_header *found;
    (void)state;
    sp_fleet_arguments(arguments);
    found = spectacles_headers_find(arguments, SP_FLEET_ARGUMENT_COUNT, "x-queue-type", 12);
    assert_memory_equal(found->bytes, "quorum", 6);
    found = spectacles_headers_find(arguments, SP_FLEET_ARGUMENT_COUNT, "x-single-active-consumer", 24);
    assert_int_equal(found->type, SPECTACLES_HEADER_BOOLEAN);
    assert_int_equal(found->integer, 1);
    found = spectacles_headers_find(arguments, SP_FLEET_ARGUMENT_COUNT, "x-delivery-limit", 16);
    assert_int_equal(found->integer, 1000000);
    found =
        spectacles_headers_find(arguments, SP_FLEET_ARGUMENT_COUNT, "x-consumer-disconnected-timeout", 31);
    assert_int_equal(found->integer, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_as_in_the_design),
        cmocka_unit_test(a_long_group_is_refused),
        cmocka_unit_test(arguments_are_the_same_for_ever),
    };
    return cmocka_run_group_tests_name("fleet/names", tests, NULL, NULL);
}
