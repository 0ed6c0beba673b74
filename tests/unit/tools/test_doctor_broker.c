/* The doctor logs in at each broker: what it makes of the answers. The talks are faked. */
#include "doctor_broker.h"

#include "fake_talk.h"
#include "patient.h"
#include "unit.h"

#define TEXT(words) .text = words, .text_length = sizeof words - 1
#define READY                                                                                                \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_READY, TEXT("RabbitMQ 3.10.8")                                       \
    }
#define LOST(why, words)                                                                                     \
    {                                                                                                        \
        .type = SPECTACLES_BROKER_EVENT_DISCONNECTED, .error = why, TEXT(words)                              \
    }

static struct patient patient;

static void look(const char *urls, const spectacles_broker_event *events, size_t count)
{
    patient_begin(&patient, (const char *const[]){urls, NULL});
    patient.doctor.has_broker = false;
    patient.doctor.url = NULL;
    fake_talk_script(events, count);
    doctor_broker(&patient.doctor);
    assert_int_equal(fake_talk.ended, fake_talk.begun);
    assert_int_equal(fake_talk.declare, SPECTACLES_DECLARE_NOTHING);
}

static void who_can_log_in_is_told(void **state)
{
    static const spectacles_broker_event events[] = {{.type = SPECTACLES_BROKER_EVENT_CONNECTING}, READY};
    (void)state;
    look("AMQP_URL=amqp://me:" MEMORY_PASSWORD "@rabbit/vhost", events, 2);
    patient_has(&patient, FINDING_IS_FINE,
                "rabbit:5672 is RabbitMQ 3.10.8; 'me' may use the virtual host 'vhost'", NULL);
    assert_true(patient.doctor.has_broker);
    assert_non_null(strstr(patient.doctor.url, "@rabbit/vhost"));
    patient_end(&patient);
}

static void refusals_are_told_with_what_mends_them(void **state)
{
    static const spectacles_broker_event auth[] = {LOST(SPECTACLES_E_AUTH, "refused user 'me'")};
    static const spectacles_broker_event tls[] = {LOST(SPECTACLES_E_TLS, "the certificate has expired")};
    static const spectacles_broker_event gone[] = {LOST(SPECTACLES_E_UNREACHABLE, "connection refused")};
    (void)state;
    look("AMQP_URL=amqp://me:x@rabbit:99/vhost", auth, 1);
    patient_has(&patient, FINDING_IS_FINAL, "rabbit:99: refused user 'me'", "authenticate_user 'me'");
    assert_false(patient.doctor.has_broker);
    patient_end(&patient);
    look("AMQP_URL=amqps://me:x@rabbit/vhost", tls, 1);
    patient_has(&patient, FINDING_IS_FINAL, "rabbit:5671: the certificate has expired", "cacertfile");
    patient_end(&patient);
    look("AMQP_URL=amqp://me:x@rabbit/vhost", gone, 1);
    patient_has(&patient, FINDING_MAY_PASS, "rabbit:5672: connection refused", "check_port_connectivity");
    patient_end(&patient);
}

static void silence_may_pass(void **state)
{
    (void)state;
    look("AMQP_URL=amqp://me:x@rabbit/vhost", NULL, 0);
    patient_has(&patient, FINDING_MAY_PASS, "rabbit:5672 says nothing for 15 s", "firewall");
    patient_end(&patient);
}

/* The nodes of a cluster stand in for each other. */
static void one_node_of_a_cluster_is_enough(void **state)
{
    static const spectacles_broker_event events[] = {LOST(SPECTACLES_E_UNREACHABLE, "connection refused"),
                                                     READY};
    (void)state;
    look("AMQP_URL=amqp://me:x@a/vhost,amqp://me:x@b/vhost", events, 2);
    patient_has(&patient, FINDING_IS_WARNING, "a:5672: connection refused", NULL);
    patient_has(&patient, FINDING_IS_FINE, "b:5672 is RabbitMQ", NULL);
    assert_non_null(strstr(patient.doctor.url, "@b/"));
    assert_int_equal(findings_exit_code(&patient.findings), 0);
    patient_end(&patient);
}

static void none_is_not(void **state)
{
    static const spectacles_broker_event events[] = {LOST(SPECTACLES_E_UNREACHABLE, "connection refused"),
                                                     LOST(SPECTACLES_E_UNREACHABLE, "connection refused")};
    (void)state;
    look("AMQP_URL=amqp://me:x@a/vhost,amqp://me:x@b/vhost", events, 2);
    patient_has(&patient, FINDING_MAY_PASS, "none of the 2 brokers takes a connection", NULL);
    patient_end(&patient);
}

static void what_cannot_be_tried_is_told(void **state)
{
    (void)state;
    patient_begin(&patient, (const char *const[]){NULL});
    patient.doctor.has_broker = false;
    fake_talk_script(NULL, 0);
    fake_talk.error = SPECTACLES_E_TLS;
    fake_talk.error_text = "cacertfile cannot be read";
    doctor_broker(&patient.doctor);
    patient_has(&patient, FINDING_IS_FINAL, "rabbit:5672: cacertfile cannot be read", NULL);
    patient_end(&patient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_can_log_in_is_told),
        cmocka_unit_test(refusals_are_told_with_what_mends_them),
        cmocka_unit_test(silence_may_pass),
        cmocka_unit_test(one_node_of_a_cluster_is_enough),
        cmocka_unit_test(none_is_not),
        cmocka_unit_test(what_cannot_be_tried_is_told),
    };
    return cmocka_run_group_tests_name("tools/doctor_broker", tests, NULL, NULL);
}
