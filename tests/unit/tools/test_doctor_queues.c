/* What the doctor makes of the exchange and of the queues. The talk is faked. */
#include "doctor_queues.h"

#include "fake_talk.h"
#include "patient.h"
#include "unit.h"

#include <stdio.h>

#define TEXT(words) .text = words, .text_length = sizeof words - 1

enum {
    QUEUES = 5 /* SEND, two shards, gaps, and MESSAGE_CREATE */
};

static const char *const names[QUEUES] = {"gateway:SEND", "gateway:0", "gateway:1", "gateway:SPECTACLES_GAP",
                                          "gateway:MESSAGE_CREATE"};
static struct patient patient;
static spectacles_broker_event events[QUEUES];

/* All queues are there, with nothing in them and one consumer each. */
static void begin(const char *more)
{
    patient_begin(&patient, (const char *const[]){"DISCORD_EVENTS=MESSAGE_CREATE",
                                                  "DISCORD_INTENTS=guild_messages", more, NULL});
    patient.doctor.has_exchange = false;
    for (size_t i = 0; i < QUEUES; i++)
        events[i] = (spectacles_broker_event){
            .type = SPECTACLES_BROKER_EVENT_SUBSCRIBED, .queue = names[i], .consumer_count = 1};
    fake_talk_script(events, QUEUES);
}

static void look(void)
{
    doctor_queues(&patient.doctor);
    assert_int_equal(fake_talk.ended, fake_talk.begun);
}

static void a_group_that_is_well(void **state)
{
    (void)state;
    begin(NULL);
    look();
    assert_int_equal(fake_talk.declare, SPECTACLES_DECLARE_PASSIVE);
    assert_true(patient.doctor.has_exchange);
    patient_has(&patient, FINDING_IS_FINE, "5 of 5 queues are there, with 0 messages", NULL);
    patient_has(&patient, FINDING_IS_FINE, "2 of the shards have one gateway: 0, 1", NULL);
    assert_int_equal(patient_count(&patient), 2);
    patient_end(&patient);
}

/* All of them are sent when a gateway comes back. */
static void commands_that_nobody_takes_are_told(void **state)
{
    (void)state;
    begin(NULL);
    events[2].consumer_count = 0;
    events[2].message_count = 50;
    look();
    patient_has(&patient, FINDING_IS_WARNING, "50 commands wait in gateway:1",
                "purge_queue -p 'vhost' 'gateway:1'");
    patient_has(&patient, FINDING_IS_FINE, "1 of the shards have no gateway now: 1", NULL);
    patient_end(&patient);
}

/* SEND is shared by all gateways of a group, and the queue of a shard by nobody. */
static void a_shard_that_two_serve_is_told(void **state)
{
    (void)state;
    begin(NULL);
    events[0].consumer_count = 2;
    events[1].consumer_count = 2;
    look();
    patient_has(&patient, FINDING_MAY_PASS, "2 consume gateway:0", "list_consumers");
    patient_has_not(&patient, "consume gateway:SEND");
    patient_end(&patient);
}

static void events_that_nobody_takes_are_told(void **state)
{
    (void)state;
    begin(NULL);
    events[4].consumer_count = 0;
    events[4].message_count = 3;
    look();
    patient_has(&patient, FINDING_IS_WARNING,
                "3 messages wait in gateway:MESSAGE_CREATE, and nobody consumes it", NULL);
    patient_end(&patient);
    begin(NULL);
    events[4].message_count = 10001;
    look();
    patient_has(&patient, FINDING_IS_WARNING,
                "10001 messages wait in gateway:MESSAGE_CREATE, for 1 consumers", NULL);
    patient_end(&patient);
}

static void queues_that_are_not_there_are_told(void **state)
{
    (void)state;
    begin(NULL);
    for (size_t i = 0; i < QUEUES; i++) {
        events[i].type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED;
        events[i].code = 404;
    }
    look();
    patient_has(&patient, FINDING_IS_FINE, "0 of 5 queues are there", NULL);
    patient_has(&patient, FINDING_IS_NOTE, "no queue 'gateway:EVENT' is there for 1 events: MESSAGE_CREATE",
                NULL);
    patient_has_not(&patient, "are not there");
    patient_end(&patient);
    /* Whoever must not declare needs all of its queues. */
    begin("BROKER_DECLARE=passive");
    events[0].type = events[1].type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED;
    events[0].code = events[1].code = 404;
    look();
    patient_has(&patient, FINDING_IS_FINAL, "2 queues are not there, as 'gateway:SEND'",
                "declare queue name='gateway:SEND'");
    patient_end(&patient);
}

static void a_queue_that_may_not_be_looked_at_is_told(void **state)
{
    (void)state;
    begin(NULL);
    events[1] = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
                                          .queue = names[1],
                                          .code = 405,
                                          TEXT("the queue is exclusive to another connection")};
    look();
    patient_has(&patient, FINDING_MAY_PASS, "exclusive to another connection", "list_permissions -p 'vhost'");
    patient_end(&patient);
}

static void an_exchange_that_is_not_there_is_made_or_missed(void **state)
{
    static const spectacles_broker_event gone[] = {
        {.type = SPECTACLES_BROKER_EVENT_DISCONNECTED, .code = 404, TEXT("no exchange")}};
    (void)state;
    begin(NULL);
    fake_talk_script(gone, 1);
    look();
    patient_has(&patient, FINDING_IS_NOTE, "there is no exchange 'gateway' in the virtual host 'vhost'",
                NULL);
    assert_false(patient.doctor.has_exchange);
    patient_end(&patient);
    begin("BROKER_DECLARE=no");
    fake_talk_script(gone, 1);
    look();
    patient_has(&patient, FINDING_IS_FINAL, "there is no exchange", "declare exchange name='gateway'");
    patient_end(&patient);
}

static void a_broker_that_does_not_answer_is_told(void **state)
{
    (void)state;
    begin(NULL);
    fake_talk_script(events, 2);
    look();
    patient_has(&patient, FINDING_MAY_PASS, "the broker has not told of 3 queues within 15 s",
                "check_running");
    patient_end(&patient);
}

static void without_a_log_in_nothing_is_asked(void **state)
{
    (void)state;
    begin(NULL);
    patient.doctor.has_broker = false;
    look();
    assert_int_equal(fake_talk.begun, 0);
    assert_int_equal(patient_count(&patient), 0);
    patient_end(&patient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_that_is_well),
        cmocka_unit_test(commands_that_nobody_takes_are_told),
        cmocka_unit_test(a_shard_that_two_serve_is_told),
        cmocka_unit_test(events_that_nobody_takes_are_told),
        cmocka_unit_test(queues_that_are_not_there_are_told),
        cmocka_unit_test(a_queue_that_may_not_be_looked_at_is_told),
        cmocka_unit_test(an_exchange_that_is_not_there_is_made_or_missed),
        cmocka_unit_test(a_broker_that_does_not_answer_is_told),
        cmocka_unit_test(without_a_log_in_nothing_is_asked),
    };
    return cmocka_run_group_tests_name("tools/doctor_queues", tests, NULL, NULL);
}
