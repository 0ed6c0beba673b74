/* The doctor looks whether RabbitMQ can carry a fleet. The talk is faked, and the cluster is what the test says. */
#include "doctor_fleet.h"

#include "fake_talk.h"
#include "patient.h"
#include "unit.h"

#define TEXT(words) .text = words, .text_length = sizeof words - 1
#define READY(words)                                                                                         \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_READY, TEXT(words)                                                   \
    }
/* The queue of what all members say is the first subscription, and that of a slot the second. */
#define STANDS(number)                                                                                       \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_SUBSCRIBED, .subscription = number                                   \
    }
#define ARRIVED                                                                                              \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_MESSAGE, .subscription = 1                                           \
    }

static const spectacles_broker_event fine[] = {READY("RabbitMQ 4.3.6"), STANDS(0), STANDS(1), ARRIVED};

static struct patient patient;

static void begin(const char *fleet)
{
    patient_begin(&patient, (const char *const[]){fleet, "SESSION_FILE=", "DISCORD_SHARD_COUNT=2", NULL});
    patient.doctor.node_count = 3;
    patient.doctor.ticktime = 10;
}

static void look(const spectacles_broker_event *events, size_t count)
{
    fake_talk_script(events, count);
    doctor_fleet(&patient.doctor);
}

static void without_a_fleet_nothing_is_looked_at(void **state)
{
    (void)state;
    begin("FLEET=off");
    look(NULL, 0);
    assert_int_equal(patient_count(&patient), 0);
    patient_end(&patient);
}

static void three_nodes_and_all_rights_are_fine(void **state)
{
    (void)state;
    begin("FLEET=on");
    look(fine, 4);
    patient_has(&patient, FINDING_IS_FINE, "a message went to a quorum queue and back", NULL);
    assert_int_equal(patient_count(&patient), 1);
    assert_int_equal(fake_talk.seen.published, 1); /* members hear nothing of it */
    assert_int_equal(fake_talk.ended, 1);
    patient_end(&patient);
}

static void a_right_that_is_missing_is_told(void **state)
{
    static const spectacles_broker_event events[] = {
        READY("RabbitMQ 3.10.8"),
        {.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
         .code = 403,
         .error = SPECTACLES_E_AUTH,
         TEXT("configure access to queue 'amq.gen-x' is refused")}};
    (void)state;
    begin("FLEET=on");
    look(events, 2);
    patient_has(&patient, FINDING_IS_FINAL, "amq.gen-x", "amq\\.(gen-.*|default)");
    patient_end(&patient);
}

static void silence_is_told(void **state)
{
    (void)state;
    begin("FLEET=on");
    look(fine, 3);
    patient_has(&patient, FINDING_MAY_PASS, "has not come back", "quorum_critical");
    patient_end(&patient);
}

static void a_cluster_that_is_too_small_or_too_slow_is_told(void **state)
{
    (void)state;
    begin("FLEET=on");
    patient.doctor.node_count = 1;
    patient.doctor.ticktime = 60;
    look(fine, 4);
    patient_has(&patient, FINDING_IS_WARNING, "nodes of RabbitMQ that run: 1", "join_cluster");
    patient_has(&patient, FINDING_IS_WARNING, "net_ticktime is 60 s", "{net_ticktime, 10}");
    patient_end(&patient);
    begin("FLEET=on");
    patient.doctor.node_count = 0;
    look(fine, 4);
    patient_has(&patient, FINDING_IS_NOTE, "are not known", NULL);
    patient_end(&patient);
}

static void versions_whose_queues_deadlock_are_told(void **state)
{
    static const spectacles_broker_event bad[] = {READY("RabbitMQ 4.3.5"), STANDS(0), STANDS(1), ARRIVED};
    static const spectacles_broker_event later[] = {READY("RabbitMQ 4.3.10"), STANDS(0), STANDS(1), ARRIVED};
    (void)state;
    begin("FLEET=on");
    look(bad, 4);
    patient_has(&patient, FINDING_IS_WARNING, "RabbitMQ 4.3.5", "4.3.6");
    patient_end(&patient);
    begin("FLEET=on");
    look(later, 4);
    patient_has_not(&patient, "4.3.10");
    patient_end(&patient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_fleet_nothing_is_looked_at),
        cmocka_unit_test(three_nodes_and_all_rights_are_fine),
        cmocka_unit_test(a_right_that_is_missing_is_told),
        cmocka_unit_test(silence_is_told),
        cmocka_unit_test(a_cluster_that_is_too_small_or_too_slow_is_told),
        cmocka_unit_test(versions_whose_queues_deadlock_are_told),
    };
    return cmocka_run_group_tests_name("tools/doctor_fleet", tests, NULL, NULL);
}
