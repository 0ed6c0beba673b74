/* The doctor asks the other processes of the group who they are. The roll call is faked. */
#include "doctor_others.h"

#include "fake_roll_call.h"
#include "patient.h"
#include "unit.h"

static struct patient patient;
static struct card other;

static int begin(void **state)
{
    static const uint32_t ids[] = {0, 1};
    (void)state;
    fake_roll_call_begin();
    patient_begin(&patient, (const char *const[]){NULL});
    other = (struct card){
        .id = "b", .host = "elsewhere", .pid = 77, .state = CARD_RUNNING, .bot = "198622483471925248"};
    assert_true(card_serve(&other, 2, ids, 2));
    return 0;
}

static int end(void **state)
{
    (void)state;
    patient_end(&patient);
    card_free(&other);
    return 0;
}

static void look(void)
{
    doctor_others(&patient.doctor);
    assert_int_equal(fake_roll_call.freed, fake_roll_call.made);
}

/* A doctor is asked for the very settings of a gateway that runs: the same shards are no conflict. */
static void a_gateway_of_the_same_settings_is_said_to_serve(void **state)
{
    (void)state;
    fake_roll_call_bring(ROLL_CALL_PRESENT, NULL, CARD_HELLO, NULL);
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    fake_roll_call_bring(ROLL_CALL_SENT, NULL, CARD_HELLO, NULL);
    look();
    assert_int_equal(fake_roll_call.said[CARD_WHO], 1);
    assert_int_equal(fake_roll_call.last.state, CARD_ASKING);
    patient_has(&patient, FINDING_IS_FINE, "elsewhere, process 77 serves the shards 0,1 of 2", NULL);
    assert_int_equal(patient_count(&patient), 1);
}

static void another_bot_and_another_count_are_told(void **state)
{
    static const uint32_t one = 3;
    (void)state;
    fake_roll_call_bring(ROLL_CALL_PRESENT, NULL, CARD_HELLO, NULL);
    assert_true(card_serve(&other, 4, &one, 1));
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    fake_roll_call_bring(ROLL_CALL_SENT, NULL, CARD_HELLO, NULL);
    look();
    patient_has(&patient, FINDING_IS_WARNING, "has 4 shards, and these settings have 2",
                "DISCORD_SHARD_COUNT=4");
    fake_roll_call_begin();
    other.bot[0] = '2';
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    fake_roll_call_bring(ROLL_CALL_SENT, NULL, CARD_HELLO, NULL);
    look();
    patient_has(&patient, FINDING_IS_FINAL, "has another bot: 2", "BROKER_GROUP");
}

static void other_doctors_do_not_count(void **state)
{
    (void)state;
    other.state = CARD_ASKING;
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    fake_roll_call_bring(ROLL_CALL_SENT, NULL, CARD_HELLO, NULL);
    look();
    patient_has(&patient, FINDING_IS_FINE, "no gateway answers in the group 'gateway'", NULL);
}

static void a_queue_that_is_refused_is_a_note(void **state)
{
    (void)state;
    fake_roll_call_bring(ROLL_CALL_REFUSED, NULL, CARD_HELLO, "403: no configure");
    look();
    patient_has(&patient, FINDING_IS_NOTE, "other gateways cannot be asked who they are: 403: no configure",
                NULL);
    patient_has_not(&patient, "no gateway answers");
}

static void whoever_must_not_declare_asks_nobody(void **state)
{
    (void)state;
    end(state);
    fake_roll_call_begin();
    patient_begin(&patient, (const char *const[]){"BROKER_DECLARE=no", NULL});
    look();
    assert_int_equal(fake_roll_call.made, 0);
    assert_int_equal(patient_count(&patient), 0);
}

#define WITH_OTHERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_OTHERS(a_gateway_of_the_same_settings_is_said_to_serve),
        WITH_OTHERS(another_bot_and_another_count_are_told),
        WITH_OTHERS(other_doctors_do_not_count),
        WITH_OTHERS(a_queue_that_is_refused_is_a_note),
        WITH_OTHERS(whoever_must_not_declare_asks_nobody),
    };
    return cmocka_run_group_tests_name("tools/doctor_others", tests, NULL, NULL);
}
