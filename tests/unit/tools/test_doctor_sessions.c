/* What the doctor makes of the stored sessions: whose they are, how old, and what a restart costs. */
#include "doctor_sessions.h"

#include "patient.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct patient patient;
static char path[64];
static char setting[96];

static int begin(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/spectacles-doctor-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    snprintf(setting, sizeof setting, "SESSION_FILE=%s", path);
    patient_begin(&patient, (const char *const[]){setting, "DISCORD_INTENTS=guilds", NULL});
    return 0;
}

static int end(void **state)
{
    (void)state;
    patient_end(&patient);
    unlink(path);
    return 0;
}

/* Sessions of shard 0 and 1, as a gateway of this bot stores them; first: how many. */
static void store(uint32_t first, uint32_t shard_count, uint64_t time, const char *token)
{
    spectacles_state *state = NULL;
    spectacles_problem problem;
    spectacles_state_config config;
    spectacles_bytes *bytes = NULL;
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.intents = SPECTACLES_INTENT_GUILDS;
    config.shard_count = shard_count;
    assert_int_equal(spectacles_state_new(&state, &config, &problem), SPECTACLES_OK);
    for (uint32_t id = 0; id < first; id++) {
        spectacles_session session;
        spectacles_session_init(&session, sizeof session);
        session.session_id = "abcdef";
        session.resume_url = "wss://gateway.example";
        session.seq = 7;
        session.shard_id = id;
        session.shard_count = shard_count;
        session.format = SPECTACLES_FORMAT_JSON;
        assert_int_equal(spectacles_state_set(state, id, &session, NULL, 0, time), 1);
    }
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_write(state, bytes), SPECTACLES_OK);
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(spectacles_bytes_data(bytes), 1, spectacles_bytes_length(bytes), file),
                     spectacles_bytes_length(bytes));
    fclose(file);
    spectacles_bytes_free(bytes);
    spectacles_state_free(state);
}

static void look(void)
{
    doctor_stored_count(&patient.doctor);
    doctor_sessions(&patient.doctor);
}

static void sessions_that_can_be_resumed_cost_nothing(void **state)
{
    (void)state;
    store(2, 2, spectacles_unix_time(), MEMORY_TOKEN);
    look();
    assert_int_equal(patient.doctor.stored_count, 2);
    assert_int_equal(patient.doctor.resumable, 2);
    patient_has(&patient, FINDING_IS_FINE, "2 of 2 shards can resume: a restart now costs 0 identifies",
                NULL);
    assert_int_equal(patient_count(&patient), 1);
}

static void a_shard_without_a_session_costs_an_identify(void **state)
{
    (void)state;
    store(1, 2, spectacles_unix_time(), MEMORY_TOKEN);
    patient.doctor.has_bot = true;
    patient.doctor.bot.remaining = 0;
    patient.doctor.bot.reset_after = 59 * 60000;
    look();
    patient_has(&patient, FINDING_IS_NOTE, "1 of 2 shards can resume: a restart now costs 1 identify", NULL);
    patient_has(&patient, FINDING_MAY_PASS,
                "a restart needs 1 identifies, and 0 are left for the next 60 min", "do not restart");
}

static void sessions_that_are_old_are_told(void **state)
{
    const struct {
        uint64_t seconds;
        const char *age;
    } ages[] = {{121, "2 min ago"}, {3 * 3600, "3 h ago"}, {3 * 86400, "3 d ago"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        store(2, 2, spectacles_unix_time() - ages[i].seconds * 1000, MEMORY_TOKEN);
        look();
        patient_has(&patient, FINDING_IS_NOTE, ages[i].age, NULL);
    }
}

static void another_number_of_shards_is_a_reshard(void **state)
{
    (void)state;
    store(2, 4, spectacles_unix_time(), MEMORY_TOKEN);
    look();
    patient_has(&patient, FINDING_IS_WARNING, "the stored sessions are of 4 shards, and the settings say 2",
                "DISCORD_SHARD_COUNT=4");
    patient_has(&patient, FINDING_IS_NOTE, "0 of 2 shards can resume", NULL);
}

static void sessions_of_another_bot_are_told(void **state)
{
    (void)state;
    store(2, 2, spectacles_unix_time(), "MjAwMDAwMDAwMDAwMDAwMDAw.Cl2FMQ.another");
    look();
    patient_has(&patient, FINDING_IS_WARNING, "cannot be used", "set SESSION_FILE to the file of this bot");
}

static void a_torn_file_is_told(void **state)
{
    struct stat about;
    (void)state;
    store(2, 2, spectacles_unix_time(), MEMORY_TOKEN);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(truncate(path, about.st_size - 5), 0);
    look();
    patient_has(&patient, FINDING_IS_WARNING, "cannot be used", "bring the file back from a copy");
}

static void no_file_is_told_in_its_way(void **state)
{
    (void)state;
    look();
    patient_has(&patient, FINDING_IS_NOTE, "is not there: no session is stored yet", NULL);
    assert_int_equal(mkdir(path, 0700), 0);
    look();
    patient_has(&patient, FINDING_IS_FINAL, "cannot be read", "ls -l");
    rmdir(path);
    patient_end(&patient);
    patient_begin(&patient, (const char *const[]){"SESSION_FILE", NULL});
    look();
    patient_has(&patient, FINDING_IS_WARNING, "SESSION_FILE is not set", "SESSION_FILE=/var/lib");
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(sessions_that_can_be_resumed_cost_nothing),
        WITH_FILE(a_shard_without_a_session_costs_an_identify),
        WITH_FILE(sessions_that_are_old_are_told),
        WITH_FILE(another_number_of_shards_is_a_reshard),
        WITH_FILE(sessions_of_another_bot_are_told),
        WITH_FILE(a_torn_file_is_told),
        WITH_FILE(no_file_is_told_in_its_way),
    };
    return cmocka_run_group_tests_name("tools/doctor_sessions", tests, NULL, NULL);
}
