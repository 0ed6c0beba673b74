/* Findings: the exit code, both forms of the report, and texts of strangers. */
#include "findings.h"
#include "problems.h"
#include "unit.h"

/* Longer than a line. */
#define LONG_WORD                                                                                            \
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx" \
    "yz"

static char report[4096];

static const char *write_report(const struct findings *findings, bool json)
{
    memset(report, 0, sizeof report);
    FILE *out = fmemopen(report, sizeof report - 1, "w");
    assert_non_null(out);
    findings_write(out, json, findings);
    fclose(out);
    return report;
}

static void the_worst_finding_decides_the_exit_code(void **state)
{
    struct findings findings = {0};
    (void)state;
    assert_int_equal(findings_exit_code(&findings), 0);
    findings_add(&findings, FINDING_IS_FINE, "a", "fine");
    findings_add(&findings, FINDING_IS_NOTE, "a", "note");
    findings_add(&findings, FINDING_IS_WARNING, "a", "warning");
    assert_int_equal(findings_exit_code(&findings), 0);
    findings_add(&findings, FINDING_MAY_PASS, "a", "may pass");
    assert_int_equal(findings_exit_code(&findings), PROBLEM_MAY_PASS);
    findings_add(&findings, FINDING_IS_FINAL, "a", "final");
    findings_add(&findings, FINDING_MAY_PASS, "a", "may pass");
    assert_int_equal(findings_exit_code(&findings), PROBLEM_IS_FINAL);
    findings_free(&findings);
    findings.out_of_memory = true;
    assert_int_equal(findings_exit_code(&findings), PROBLEM_MAY_PASS);
}

static void people_read_what_why_and_the_command_on_one_line(void **state)
{
    struct findings findings = {0};
    (void)state;
    struct finding *finding = findings_add(
        &findings, FINDING_IS_WARNING, "queues",
        "%u messages wait in a queue with a name that is so long that this sentence needs a second line", 3u);
    finding_why(finding, "nobody consumes it");
    finding_mend(finding, "rabbitmqctl purge_queue -p '/' '%s' %s", "gateway:0", LONG_WORD);
    assert_string_equal(write_report(&findings, false),
                        "warning  queues     3 messages wait in a queue with a name that is so long that "
                        "this sentence needs\n"
                        "                    a second line\n"
                        "         why:       nobody consumes it\n"
                        "         mend:      rabbitmqctl purge_queue -p '/' 'gateway:0' " LONG_WORD "\n"
                        "\n0 errors, 1 warning. The gateway can run.\n");
    findings_free(&findings);
}

static void programs_read_the_same_as_json(void **state)
{
    struct findings findings = {0};
    (void)state;
    findings_add(&findings, FINDING_IS_FINE, "names", "a \"quoted\" name");
    finding_mend(findings_add(&findings, FINDING_IS_FINAL, "broker", "no"), "yes");
    assert_string_equal(write_report(&findings, true),
                        "{\"exit\":78,\"complete\":true,\"findings\":["
                        "{\"level\":\"ok\",\"code\":0,\"field\":\"names\",\"what\":\"a \\\"quoted\\\" "
                        "name\",\"why\":\"\",\"mend\":\"\"},"
                        "{\"level\":\"error\",\"code\":78,\"field\":\"broker\",\"what\":\"no\",\"why\":\"\","
                        "\"mend\":\"yes\"}]}\n");
    findings_free(&findings);
}

static void texts_of_strangers_are_neutral_and_cut(void **state)
{
    struct findings findings = {0};
    char text[2000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    findings_add(&findings, FINDING_MAY_PASS, "broker", "a\nb\033[31m%s", "\xff");
    findings_add(&findings, FINDING_MAY_PASS, "broker", "%s", text);
    assert_string_equal(findings.first->what, "a?b?[31m?");
    assert_int_equal(strlen(findings.last->what), FINDING_WHAT_SIZE - 1);
    findings_free(&findings);
}

static void a_finding_that_could_not_be_kept_takes_no_texts(void **state)
{
    (void)state;
    finding_why(NULL, "why");
    finding_mend(NULL, "mend");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_finding_decides_the_exit_code),
        cmocka_unit_test(people_read_what_why_and_the_command_on_one_line),
        cmocka_unit_test(programs_read_the_same_as_json),
        cmocka_unit_test(texts_of_strangers_are_neutral_and_cut),
        cmocka_unit_test(a_finding_that_could_not_be_kept_takes_no_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
