#include "patient.h"

#include "unit.h"

#include <string.h>

void patient_begin(struct patient *patient, const char *const *more)
{
    struct problems problems = {0};
    /* The machine may have proxies, which know nothing of this test. */
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    *patient = (struct patient){.shard_ids = {0, 1}};
    memory_begin(&patient->memory);
    for (size_t i = 0; more[i]; i++)
        memory_set(&patient->memory, more[i]);
    assert_int_equal(memory_read(&patient->memory, &patient->settings, &problems), 0);
    problems_free(&problems);
    struct doctor *doctor = &patient->doctor;
    *doctor = (struct doctor){.settings = &patient->settings, .findings = &patient->findings};
    engines_configure(&doctor->engines, doctor->settings);
    doctor->url = settings_value(doctor->settings, SETTING_AMQP_URL)->texts[0];
    assert_true(web_url_read(&doctor->broker, doctor->url));
    doctor->vhost = doctor->broker.path + 1;
    doctor->shard_count = 2;
    doctor->shard_ids = patient->shard_ids;
    doctor->shard_id_count = 2;
    doctor->has_broker = doctor->has_exchange = true;
}

void patient_end(struct patient *patient)
{
    web_url_free(&patient->doctor.broker);
    free(patient->doctor.queues);
    assert_false(patient->findings.out_of_memory);
    for (const struct finding *each = patient->findings.first; each; each = each->next) {
        assert_null(strstr(each->what, MEMORY_TOKEN));
        assert_null(strstr(each->mend, MEMORY_PASSWORD));
        assert_null(strstr(each->what, MEMORY_PASSWORD));
    }
    findings_free(&patient->findings);
    settings_free(&patient->settings);
}

static void print(const struct patient *patient)
{
    for (const struct finding *each = patient->findings.first; each; each = each->next)
        print_message("%d %s: %s (%s)\n", each->level, each->field, each->what, each->mend);
}

void patient_has(const struct patient *patient, enum finding_level level, const char *what, const char *mend)
{
    for (const struct finding *each = patient->findings.first; each; each = each->next) {
        if (each->level == level && strstr(each->what, what) && strstr(each->mend, mend ? mend : ""))
            return;
    }
    print(patient);
    fail_msg("there is no '%s' (%s)", what, mend ? mend : "");
}

void patient_has_not(const struct patient *patient, const char *what)
{
    for (const struct finding *each = patient->findings.first; each; each = each->next) {
        if (strstr(each->what, what))
            fail_msg("there is: %s", each->what);
    }
}

size_t patient_count(const struct patient *patient)
{
    size_t count = 0;
    for (const struct finding *each = patient->findings.first; each; each = each->next)
        count++;
    return count;
}
