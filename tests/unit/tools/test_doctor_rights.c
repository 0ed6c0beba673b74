/* The doctor tries what the gateway does: its message goes there and back, or is refused. The talk is faked. */
#include "doctor_rights.h"

#include "fake_talk.h"
#include "patient.h"
#include "unit.h"

#define TEXT(words) .text = words, .text_length = sizeof words - 1
/* The doctor's own queue is the last that it subscribes to: without others it is the first subscription. */
#define OWN_STANDS                                                                                           \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_SUBSCRIBED, .subscription = 0                                        \
    }
#define CONFIRMED                                                                                            \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_CONFIRMED                                                            \
    }
#define ARRIVED                                                                                              \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_MESSAGE                                                              \
    }

static struct patient patient;

static void look(const spectacles_broker_event *events, size_t count, const char *more)
{
    patient_begin(&patient, (const char *const[]){more, NULL});
    fake_talk_script(events, count);
    doctor_rights(&patient.doctor);
}

static void a_message_that_comes_back_proves_the_rights(void **state)
{
    static const spectacles_broker_event events[] = {
        {.type = SPECTACLES_BROKER_EVENT_READY}, OWN_STANDS, CONFIRMED, ARRIVED};
    (void)state;
    look(events, 4, NULL);
    patient_has(&patient, FINDING_IS_FINE,
                "'me' may declare, bind, publish and consume in the group 'gateway'", NULL);
    assert_int_equal(fake_talk.declare, SPECTACLES_DECLARE);
    assert_int_equal(fake_talk.seen.published, 1);
    assert_int_equal(fake_talk.ended, 1);
    patient_end(&patient);
}

/* Confirmed is not delivered, and delivered is not confirmed. */
static void half_of_it_is_silence(void **state)
{
    static const spectacles_broker_event confirmed[] = {OWN_STANDS, CONFIRMED};
    static const spectacles_broker_event arrived[] = {OWN_STANDS, ARRIVED};
    (void)state;
    look(confirmed, 2, NULL);
    patient_has(&patient, FINDING_MAY_PASS, "has not come back within 15 s", "alarms");
    patient_end(&patient);
    look(arrived, 2, NULL);
    patient_has(&patient, FINDING_MAY_PASS, "has not come back within 15 s", "alarms");
    patient_end(&patient);
}

static void a_right_that_is_missing_is_told(void **state)
{
    static const spectacles_broker_event events[] = {{.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
                                                      .subscription = 0,
                                                      .code = 403,
                                                      .error = SPECTACLES_E_AUTH,
                                                      TEXT("configure access is refused")},
                                                     CONFIRMED};
    (void)state;
    look(events, 2, NULL);
    patient_has(&patient, FINDING_IS_FINAL, "configure access is refused",
                "set_permissions -p 'vhost' 'me' '^gateway(:.*)?$'");
    patient_has_not(&patient, "has not come back");
    patient_end(&patient);
}

/* A queue of ours that was declared otherwise; the doctor's own goes on, on another channel. */
static void a_queue_with_other_arguments_is_told(void **state)
{
    static const spectacles_broker_event events[] = {
        {.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
         .subscription = 7,
         .code = 406,
         .queue = "gateway:SEND",
         TEXT("inequivalent arg 'x-queue-type'")},
        {.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED, .subscription = 0, .error = SPECTACLES_E_CLOSED},
        OWN_STANDS,
        CONFIRMED,
        ARRIVED};
    (void)state;
    look(events, 5, NULL);
    patient_has(&patient, FINDING_IS_FINAL, "x-queue-type",
                "delete_queue --if-empty -p 'vhost' 'gateway:SEND'");
    patient_has(&patient, FINDING_IS_FINE, "there and back", NULL);
    assert_int_equal(patient_count(&patient), 2);
    patient_end(&patient);
}

static void an_alarm_ends_the_trial(void **state)
{
    static const spectacles_broker_event events[] = {
        OWN_STANDS, {.type = SPECTACLES_BROKER_EVENT_BLOCKED, TEXT("low on memory")}};
    (void)state;
    look(events, 2, NULL);
    patient_has(&patient, FINDING_MAY_PASS, "because of an alarm (low on memory)",
                "rabbitmq-diagnostics alarms");
    patient_end(&patient);
}

static void a_connection_that_ends_is_told(void **state)
{
    static const spectacles_broker_event events[] = {
        OWN_STANDS, {.type = SPECTACLES_BROKER_EVENT_DISCONNECTED, .code = 320, TEXT("CONNECTION_FORCED")}};
    (void)state;
    look(events, 2, NULL);
    patient_has(&patient, FINDING_IS_FINAL, "CONNECTION_FORCED", NULL);
    patient_end(&patient);
}

static void whoever_must_not_declare_tries_nothing(void **state)
{
    (void)state;
    look(NULL, 0, "BROKER_DECLARE=passive");
    patient_has(&patient, FINDING_IS_NOTE, "not tried", NULL);
    assert_int_equal(fake_talk.begun, 0);
    patient_end(&patient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_comes_back_proves_the_rights),
        cmocka_unit_test(half_of_it_is_silence),
        cmocka_unit_test(a_right_that_is_missing_is_told),
        cmocka_unit_test(a_queue_with_other_arguments_is_told),
        cmocka_unit_test(an_alarm_ends_the_trial),
        cmocka_unit_test(a_connection_that_ends_is_told),
        cmocka_unit_test(whoever_must_not_declare_tries_nothing),
    };
    return cmocka_run_group_tests_name("tools/doctor_rights", tests, NULL, NULL);
}
