/* What the doctor makes of Discord's answer; Discord is an HTTP server of the test's own. */
#include "doctor_discord.h"

#include "patient.h"
#include "unit.h"
#include "web_server.h"

#include <stdio.h>
#include <time.h>

static struct web_server *discord;
static struct patient patient;
static char host[128];

static int begin(void **state)
{
    (void)state;
    discord = web_server_new();
    snprintf(host, sizeof host, "DISCORD_API_HOST=%s", web_server_place(discord));
    patient_begin(&patient, (const char *const[]){"DISCORD_API_PROTOCOL=http", host, NULL});
    return 0;
}

static int end(void **state)
{
    (void)state;
    patient_end(&patient);
    web_server_free(discord);
    return 0;
}

static void answer(unsigned status, const char *body, const char *header)
{
    web_server_answer(discord, "/api/v10/gateway/bot", status, body, header);
    doctor_discord(&patient.doctor);
}

#define BOT(shards, remaining, concurrency)                                                                  \
    "{\"url\":\"wss://gateway.example\",\"shards\":" #shards ",\"session_start_limit\":{\"total\":1000,"     \
    "\"remaining\":" #remaining ",\"reset_after\":3600000,\"max_concurrency\":" #concurrency "}}"

static void a_good_answer_is_told_with_the_budget(void **state)
{
    (void)state;
    answer(200, BOT(2, 990, 1), NULL);
    assert_true(patient.doctor.has_bot);
    assert_string_equal(patient.doctor.bot.url, "wss://gateway.example");
    assert_string_equal(web_server_authorization(discord), "Bot " MEMORY_TOKEN);
    patient_has(&patient, FINDING_IS_FINE, "990 of 1000 identifies are left, and all again in 60 min", NULL);
    patient_has(&patient, FINDING_IS_FINE, "the clock is that of Discord's server", NULL);
    doctor_shard_count(&patient.doctor);
    patient_has(&patient, FINDING_IS_FINE, "2, as Discord recommends; 2 of them are this process's", NULL);
    assert_int_equal(findings_exit_code(&patient.findings), 0);
}

static void a_budget_that_is_nearly_used_up_is_a_warning(void **state)
{
    (void)state;
    answer(200, BOT(2, 99, 1), NULL);
    patient_has(&patient, FINDING_IS_WARNING, "99 of 1000 identifies are left", "journalctl");
}

static void a_wrong_token_is_a_persons_to_mend(void **state)
{
    (void)state;
    answer(401, "{\"message\":\"401: Unauthorized\"}", NULL);
    assert_false(patient.doctor.has_bot);
    patient_has(&patient, FINDING_IS_FINAL, "token", "set DISCORD_TOKEN");
}

/* A proxy may show the request that it got: the start of an answer is printed. */
static void a_token_that_comes_back_is_not_shown(void **state)
{
    (void)state;
    answer(500, "<html>Authorization: Bot " MEMORY_TOKEN "</html>", NULL);
    patient_has(&patient, FINDING_MAY_PASS, "***", "discordstatus.com");
}

static void whoever_is_not_discord_is_a_persons_to_mend(void **state)
{
    (void)state;
    answer(404, "nothing here", NULL);
    patient_has(&patient, FINDING_IS_FINAL, "404", "DISCORD_API_HOST and DISCORD_API_VERSION");
}

static void a_rate_limit_passes(void **state)
{
    (void)state;
    answer(429, "{\"retry_after\":5}", "Retry-After: 5");
    patient_has(&patient, FINDING_MAY_PASS, "429", NULL);
}

static void nobody_there_may_pass(void **state)
{
    (void)state;
    web_server_free(discord);
    doctor_discord(&patient.doctor);
    discord = web_server_new();
    patient_has(&patient, FINDING_MAY_PASS, "does not answer", "curl -v https://127.0.0.1:");
}

/* Of an hour, and of a minute. */
static void a_clock_that_is_wrong_is_told(void **state)
{
    char header[64];
    time_t then = time(NULL) - 3600;
    struct tm utc;
    (void)state;
    strftime(header, sizeof header, "Date: %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &utc));
    answer(200, BOT(2, 990, 1), header);
    patient_has(&patient, FINDING_IS_WARNING, "s before that of Discord's server", "timedatectl");
    then = time(NULL) + 60;
    strftime(header, sizeof header, "Date: %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &utc));
    answer(200, BOT(2, 990, 1), header);
    patient_has(&patient, FINDING_IS_NOTE, "s behind that of Discord's server", "timedatectl");
}

static void a_number_of_shards_has_to_suit_discord(void **state)
{
    (void)state;
    answer(200, BOT(16, 990, 16), NULL);
    patient.doctor.shard_count = 10;
    doctor_shard_count(&patient.doctor);
    patient_has(&patient, FINDING_IS_FINAL, "10 shards are no multiple of 16", "DISCORD_SHARD_COUNT=16");
    patient_has(&patient, FINDING_IS_NOTE, "there are 10 shards, and Discord recommends 16", NULL);
    patient.doctor.shard_count = 4;
    doctor_shard_count(&patient.doctor);
    patient_has(&patient, FINDING_IS_WARNING, "there are 4 shards, and Discord recommends 16",
                "DISCORD_SHARD_COUNT=16");
}

#define WITH_DISCORD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DISCORD(a_good_answer_is_told_with_the_budget),
        WITH_DISCORD(a_budget_that_is_nearly_used_up_is_a_warning),
        WITH_DISCORD(a_wrong_token_is_a_persons_to_mend),
        WITH_DISCORD(a_token_that_comes_back_is_not_shown),
        WITH_DISCORD(whoever_is_not_discord_is_a_persons_to_mend),
        WITH_DISCORD(a_rate_limit_passes),
        WITH_DISCORD(nobody_there_may_pass),
        WITH_DISCORD(a_clock_that_is_wrong_is_told),
        WITH_DISCORD(a_number_of_shards_has_to_suit_discord),
    };
    return cmocka_run_group_tests_name("tools/doctor_discord", tests, NULL, NULL);
}
