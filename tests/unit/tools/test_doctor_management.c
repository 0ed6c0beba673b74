/* What RabbitMQ's management API tells, and what the doctor makes of it. The API is an HTTP server of the test's. */
#include "doctor_management.h"

#include "patient.h"
#include "unit.h"
#include "web_server.h"

#include <stdio.h>

static struct web_server *api;
static struct patient patient;
static char url[128];

static int begin(void **state)
{
    (void)state;
    api = web_server_new();
    web_server_answer(api, "/api/whoami", 200, "{\"name\":\"me\"}", NULL);
    web_server_answer(api, "/api/nodes", 200,
                      "[{\"name\":\"rabbit@a\",\"running\":true,\"mem_alarm\":false}]", NULL);
    web_server_answer(api, "/api/overview", 200, "{\"rabbitmq_version\":\"4.0.5\"}", NULL);
    web_server_answer(api, "/api/queues/vhost", 200, "[]", NULL);
    web_server_answer(api, "/api/policies/vhost", 200, "[]", NULL);
    web_server_answer(api, "/api/exchanges/vhost/gateway/bindings/source", 200,
                      "[{\"routing_key\":\"MESSAGE_CREATE\"}]", NULL);
    snprintf(url, sizeof url, "RABBITMQ_MANAGEMENT_URL=http://%s/", web_server_place(api));
    patient_begin(&patient, (const char *const[]){url, "DISCORD_EVENTS=MESSAGE_CREATE",
                                                  "DISCORD_INTENTS=guild_messages", NULL});
    return 0;
}

static int end(void **state)
{
    (void)state;
    patient_end(&patient);
    web_server_free(api);
    return 0;
}

static void a_cluster_that_is_well_is_said_to_be(void **state)
{
    (void)state;
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_FINE, "1 of 1 nodes run", NULL);
    assert_int_equal(patient_count(&patient), 1);
}

static void nodes_in_trouble_are_told(void **state)
{
    (void)state;
    web_server_answer(
        api, "/api/nodes", 200,
        "[{\"name\":\"rabbit@a\",\"running\":true,\"mem_alarm\":true,\"partitions\":[\"rabbit@b\"]},"
        "{\"name\":\"rabbit@b\",\"running\":false},"
        "{\"name\":\"rabbit@c\",\"running\":true,\"disk_free_alarm\":true,\"partitions\":[],"
        "\"net_ticktime\":60}]",
        NULL);
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_MAY_PASS, "rabbit@a has a memory alarm", "memory_breakdown");
    patient_has(&patient, FINDING_MAY_PASS, "rabbit@c has a disk alarm", "df -h");
    patient_has(&patient, FINDING_IS_FINAL, "rabbit@a sees a partition", "cluster_status");
    patient_has(&patient, FINDING_IS_WARNING, "rabbit@b does not run", "forget_cluster_node 'rabbit@b'");
    patient_has(&patient, FINDING_IS_FINE, "2 of 3 nodes run", NULL);
    assert_int_equal(patient.doctor.node_count, 2);
    assert_int_equal(patient.doctor.ticktime, 60);
    assert_int_equal(findings_exit_code(&patient.findings), 78);
}

/* Whatever drops what was confirmed loses events without a gap record. Of commands an age limit is a good thing. */
static void policies_that_lose_events_are_told(void **state)
{
    (void)state;
    web_server_answer(
        api, "/api/queues/vhost", 200,
        "[{\"name\":\"gateway:MESSAGE_CREATE\",\"type\":\"classic\",\"node\":\"rabbit@a\",\"state\":"
        "\"running\","
        "\"arguments\":{\"x-max-length\":100},\"effective_policy_definition\":{\"message-ttl\":1000}},"
        "{\"name\":\"gateway:SEND\",\"type\":\"classic\",\"node\":\"rabbit@a\",\"state\":\"running\","
        "\"arguments\":{},\"effective_policy_definition\":{\"message-ttl\":1000}},"
        "{\"name\":\"gateway:3\",\"type\":\"classic\",\"node\":\"rabbit@b\",\"state\":\"down\",\"arguments\":"
        "{\"x-expires\":5}},"
        "{\"name\":\"gateway:doctor-1:SPECTACLES_DOCTOR\",\"type\":\"classic\",\"arguments\":{\"x-expires\":"
        "5}},"
        "{\"name\":\"gateway:fleet1:doctor-1\",\"type\":\"quorum\",\"arguments\":{\"x-expires\":5}},"
        "{\"name\":\"gateway:x:SPECTACLES_GATEWAY\",\"type\":\"classic\",\"arguments\":{\"x-expires\":5}},"
        "{\"name\":\"other:SEND\",\"type\":\"classic\",\"arguments\":{\"x-expires\":5}}]",
        NULL);
    web_server_answer(api, "/api/policies/vhost", 200,
                      "[{\"name\":\"mirrors\",\"definition\":{\"ha-mode\":\"all\"}},"
                      "{\"name\":\"harmless\",\"definition\":{\"max-length\":1}}]",
                      NULL);
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_WARNING,
                "the policy of the queue 'gateway:MESSAGE_CREATE' has message-ttl",
                "list_policies -p 'vhost'");
    patient_has(&patient, FINDING_IS_WARNING,
                "the declaration of the queue 'gateway:MESSAGE_CREATE' has max-length", NULL);
    patient_has(&patient, FINDING_IS_WARNING, "the declaration of the queue 'gateway:3' has expires", NULL);
    patient_has(&patient, FINDING_MAY_PASS, "'gateway:3' is down; its home is rabbit@b",
                "start the node rabbit@b");
    patient_has(&patient, FINDING_IS_WARNING, "'mirrors' mirrors queues",
                "clear_policy -p 'vhost' 'mirrors'");
    patient_has(&patient, FINDING_IS_FINE, "2 classic queues of the group have their home on rabbit@a", NULL);
    patient_has_not(&patient, "'gateway:SEND' has");
    patient_has_not(&patient, "doctor-1");
    patient_has_not(&patient, "SPECTACLES_GATEWAY");
    patient_has_not(&patient, "other:SEND");
    patient_has_not(&patient, "harmless");
}

/* From RabbitMQ 4.0 on a quorum queue drops what came back twenty times, unless somebody raises that. */
static void quorum_queues_that_give_up_are_told(void **state)
{
    (void)state;
    web_server_answer(
        api, "/api/queues/vhost", 200,
        "[{\"name\":\"gateway:SEND\",\"type\":\"quorum\",\"node\":\"rabbit@a\",\"arguments\":{}}]", NULL);
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_WARNING,
                "1 quorum queues drop a message that came back too often: 'gateway:SEND' "
                "after 20 times",
                "set_policy -p 'vhost'");
}

static void a_limit_is_told_where_it_was_set(void **state)
{
    (void)state;
    web_server_answer(api, "/api/queues/vhost", 200,
                      "[{\"name\":\"gateway:0\",\"type\":\"quorum\",\"arguments\":{},\"policy\":\"low\","
                      "\"effective_policy_definition\":{\"delivery-limit\":7}},"
                      "{\"name\":\"gateway:1\",\"type\":\"quorum\",\"arguments\":{\"x-delivery-limit\":-1}},"
                      "{\"name\":\"gateway:2\",\"type\":\"quorum\",\"arguments\":{},"
                      "\"effective_policy_definition\":{\"delivery-limit\":1000000}}]",
                      NULL);
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_WARNING,
                "1 quorum queues drop a message that came back too often: 'gateway:0' "
                "after 7 times",
                "into the policy 'low'");
    web_server_answer(api, "/api/queues/vhost", 200,
                      "[{\"name\":\"gateway:0\",\"type\":\"quorum\",\"arguments\":{\"x-delivery-limit\":3}}]",
                      NULL);
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_WARNING, "'gateway:0' after 3 times", "take x-delivery-limit out");
}

static void before_rabbitmq_4_there_is_no_limit(void **state)
{
    (void)state;
    web_server_answer(api, "/api/overview", 200, "{\"rabbitmq_version\":\"3.10.8\"}", NULL);
    web_server_answer(
        api, "/api/queues/vhost", 200,
        "[{\"name\":\"gateway:SEND\",\"type\":\"quorum\",\"node\":\"rabbit@a\",\"arguments\":{}}]", NULL);
    doctor_management(&patient.doctor);
    patient_has_not(&patient, "too often");
}

static void events_that_no_queue_takes_are_told(void **state)
{
    (void)state;
    web_server_answer(api, "/api/exchanges/vhost/gateway/bindings/source", 200, "[]", NULL);
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_WARNING, "no queue takes MESSAGE_CREATE", "start the workers");
}

/* The account of AMQP_URL is used, and one of the setting's own goes before it. */
static void it_is_asked_as_somebody(void **state)
{
    (void)state;
    doctor_management(&patient.doctor);
    assert_non_null(strstr(web_server_authorization(api), "Basic "));
    char first[128];
    snprintf(first, sizeof first, "%s", web_server_authorization(api));
    end(state);
    api = web_server_new();
    web_server_answer(api, "/prefix/api/whoami", 401, "{}", NULL);
    snprintf(url, sizeof url, "RABBITMQ_MANAGEMENT_URL=http://other:secret@%s/prefix", web_server_place(api));
    patient_begin(&patient, (const char *const[]){url, NULL});
    doctor_management(&patient.doctor);
    assert_string_equal(web_server_asked(api), "/prefix/api/whoami");
    assert_string_not_equal(web_server_authorization(api), first);
    patient_has(&patient, FINDING_IS_WARNING, "cannot be asked (status 401)",
                "set_user_tags 'other' monitoring");
    patient_has_not(&patient, "secret");
}

static void an_api_that_is_not_there_is_a_note_when_it_was_guessed(void **state)
{
    (void)state;
    end(state);
    api = web_server_new();
    patient_begin(&patient, (const char *const[]){"AMQP_URL=amqp://nobody.invalid/vhost", NULL});
    doctor_management(&patient.doctor);
    patient_has(&patient, FINDING_IS_NOTE, "http://nobody.invalid:15672 cannot be asked",
                "rabbitmq_management");
}

#define WITH_API(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_API(a_cluster_that_is_well_is_said_to_be),
        WITH_API(nodes_in_trouble_are_told),
        WITH_API(policies_that_lose_events_are_told),
        WITH_API(quorum_queues_that_give_up_are_told),
        WITH_API(a_limit_is_told_where_it_was_set),
        WITH_API(before_rabbitmq_4_there_is_no_limit),
        WITH_API(events_that_no_queue_takes_are_told),
        WITH_API(it_is_asked_as_somebody),
        WITH_API(an_api_that_is_not_there_is_a_note_when_it_was_guessed),
    };
    return cmocka_run_group_tests_name("tools/doctor_management", tests, NULL, NULL);
}
