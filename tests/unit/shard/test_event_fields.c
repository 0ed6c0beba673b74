/* The accessors of an event. */
#include "peer.h"

static void accessors_show_the_fields(void **state)
{
    (void)state;
    size_t length = 0;
    const spectacles_shard_event event = {.type = 1,
                                          .code = 2,
                                          .error = -3,
                                          .seq = 4,
                                          .ticket = 5,
                                          .duration = 6,
                                          .until = 8,
                                          .session_id = "abc",
                                          .session_id_length = 3,
                                          .state = 7,
                                          .name = "name",
                                          .name_length = 4,
                                          .data = (const uint8_t *)"data!",
                                          .data_length = 5,
                                          .text = "a text",
                                          .text_length = 6};
    assert_int_equal(spectacles_shard_event_type(&event), 1);
    assert_int_equal(spectacles_shard_event_code(&event), 2);
    assert_int_equal(spectacles_shard_event_error(&event), -3);
    assert_int_equal(spectacles_shard_event_seq(&event), 4);
    assert_int_equal(spectacles_shard_event_ticket(&event), 5);
    assert_int_equal(spectacles_shard_event_duration(&event), 6);
    assert_int_equal(spectacles_shard_event_until(&event), 8);
    assert_ptr_equal(spectacles_shard_event_session_id(&event, &length), event.session_id);
    assert_int_equal(length, 3);
    assert_int_equal(spectacles_shard_event_state(&event), 7);
    assert_ptr_equal(spectacles_shard_event_name(&event, &length), event.name);
    assert_int_equal(length, 4);
    assert_ptr_equal(spectacles_shard_event_data(&event, &length), event.data);
    assert_int_equal(length, 5);
    assert_ptr_equal(spectacles_shard_event_text(&event, &length), event.text);
    assert_int_equal(length, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accessors_show_the_fields),
    };
    return cmocka_run_group_tests_name("shard/event_fields", tests, NULL, NULL);
}
