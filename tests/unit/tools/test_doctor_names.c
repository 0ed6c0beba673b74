/* What the doctor makes of host names: what is looked up, what is not, and what has no address. */
#include "doctor_names.h"

#include "patient.h"
#include "unit.h"

/* Longer than a label may be: no name server is asked. */
#define NO_NAME "a123456789012345678901234567890123456789012345678901234567890123456789"

static struct patient patient;

static int end(void **state)
{
    (void)state;
    patient_end(&patient);
    return 0;
}

static void look(const char *api, const char *url)
{
    patient_begin(&patient, (const char *const[]){api, url, NULL});
    doctor_names(&patient.doctor);
}

static void names_are_told_with_their_addresses(void **state)
{
    (void)state;
    look("DISCORD_API_HOST=localhost:8080", "AMQP_URL=amqp://127.0.0.1,amqp://localhost:1,amqp://[::1]");
    patient_has(&patient, FINDING_IS_FINE, "localhost (DISCORD_API_HOST) is ", NULL);
    assert_int_equal(patient_count(&patient), 1); /* a name that was met before, and addresses, say nothing */
}

static void a_name_without_an_address_may_come(void **state)
{
    (void)state;
    look("DISCORD_API_HOST=127.0.0.1:8080", "AMQP_URL=amqp://" NO_NAME ":5672");
    patient_has(&patient, FINDING_MAY_PASS, NO_NAME " (AMQP_URL) has no address: ", "getent ahosts " NO_NAME);
}

static void addresses_are_not_looked_up(void **state)
{
    (void)state;
    look("DISCORD_API_HOST=127.0.0.1:8080", "AMQP_URL=amqp://127.0.0.1");
    assert_int_equal(patient_count(&patient), 0);
}

static void a_proxy_looks_names_up_itself(void **state)
{
    (void)state;
    patient_begin(&patient,
                  (const char *const[]){"DISCORD_API_HOST=localhost:8080", "AMQP_URL=amqp://" NO_NAME, NULL});
    patient.doctor.proxies.broker = "socks5h://127.0.0.1:1080";
    doctor_names(&patient.doctor);
    patient_has(&patient, FINDING_IS_NOTE, NO_NAME " (AMQP_URL) is looked up by the proxy", NULL);
    patient_has(&patient, FINDING_IS_FINE, "localhost (DISCORD_API_HOST) is ", NULL);
    patient_has_not(&patient, "has no address");
}

#define LOOKING(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOKING(names_are_told_with_their_addresses),
        LOOKING(a_name_without_an_address_may_come),
        LOOKING(addresses_are_not_looked_up),
        LOOKING(a_proxy_looks_names_up_itself),
    };
    return cmocka_run_group_tests_name("tools/doctor_names", tests, NULL, NULL);
}
