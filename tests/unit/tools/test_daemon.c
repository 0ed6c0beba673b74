/*
 * The daemon as a whole, in the process of the test: its states, its signals and its exit codes. Discord's API is an
 * HTTP server of the test's own, and nobody listens where the broker should be. A thread reads the log, and sends the
 * next signal when it has read what the last one did.
 */
#include "daemon.h"

#include "memory.h"
#include "unit.h"
#include "web_server.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SIZE = 65536
};

/* When a line has this text, this signal is sent. Each step waits for the one before it. */
struct step {
    const char *text;
    int signal;
};

static struct {
    int ends[2];
    int stderr_kept;
    pthread_t thread;
    const struct step *steps; /* ends with a text of NULL */
    size_t length;
    char text[SIZE];
} reader;

static struct web_server *discord;
static struct memory memory;
static char folder[64];
static char entries[3][128];

/* ---- Who reads the log ---- */

static void *read_log(void *context)
{
    const struct step *step = reader.steps;
    size_t seen = 0;
    (void)context;
    for (;;) {
        ssize_t got = read(reader.ends[0], reader.text + reader.length, SIZE - 1 - reader.length);
        if (got <= 0)
            return NULL;
        reader.length += (size_t)got;
        reader.text[reader.length] = '\0';
        const char *found;
        while (step->text && (found = strstr(reader.text + seen, step->text))) {
            seen = (size_t)(found - reader.text) + strlen(step->text);
            kill(getpid(), step->signal);
            step++;
        }
    }
}

/* Runs the daemon to its end, and returns its exit code. The log is in reader.text. */
static int run(const struct step *steps)
{
    struct settings_input input = memory_input(&memory);
    reader.steps = steps;
    reader.length = 0;
    reader.text[0] = '\0';
    assert_int_equal(pipe(reader.ends), 0);
    reader.stderr_kept = dup(STDERR_FILENO);
    dup2(reader.ends[1], STDERR_FILENO);
    close(reader.ends[1]);
    assert_int_equal(pthread_create(&reader.thread, NULL, read_log, NULL), 0);
    int code = daemon_run(&input);
    dup2(reader.stderr_kept, STDERR_FILENO);
    close(reader.stderr_kept);
    pthread_join(reader.thread, NULL);
    close(reader.ends[0]);
    assert_null(strstr(reader.text, MEMORY_TOKEN));
    assert_null(strstr(reader.text, MEMORY_PASSWORD));
    return code;
}

static const struct step no_steps[] = {{NULL, 0}};

static void expect(const char *text)
{
    if (!strstr(reader.text, text))
        fail_msg("'%s' is not in:\n%s", text, reader.text);
}

/* ---- A scene ---- */

static void set(size_t entry, const char *name, const char *value)
{
    snprintf(entries[entry], sizeof entries[entry], "%s=%s", name, value);
    memory_set(&memory, entries[entry]);
}

static int begin(void **state)
{
    char path[96];
    (void)state;
    discord = web_server_new();
    web_server_answer(discord, "/api/v10/gateway/bot", 200,
                      "{\"url\":\"ws://127.0.0.1:1\",\"shards\":2,\"session_start_limit\":{\"total\":1000,"
                      "\"remaining\":1,\"reset_after\":3600000,\"max_concurrency\":1}}",
                      NULL);
    snprintf(folder, sizeof folder, "/tmp/spectacles-daemon-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/sessions", folder);
    memory_begin(&memory);
    set(0, "SESSION_FILE", path);
    set(1, "DISCORD_API_HOST", web_server_place(discord));
    memory_set(&memory, "DISCORD_API_PROTOCOL=http");
    memory_set(&memory, "AMQP_URL=amqp://me:" MEMORY_PASSWORD "@127.0.0.1:1/vhost");
    memory_set(&memory, "LOG_LEVEL=debug");
    memory_set(&memory, "STOP_TIMEOUT=2s");
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    web_server_free(discord);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* ---- The tests ---- */

static void wrong_settings_end_it_with_78(void **state)
{
    (void)state;
    memory_set(&memory, "DISCORD_INTENTS=no_such_intent");
    assert_int_equal(run(no_steps), 78);
    /* Nobody was asked, and the log begins with what wrote it. */
    assert_string_equal(web_server_asked(discord), "");
    expect("info  spectacles-gateway ");
    assert_true(strstr(reader.text, "[STARTING]") < strstr(reader.text, "[SETTING"));
}

static void an_address_that_is_taken_ends_it_with_75(void **state)
{
    (void)state;
    set(2, "PROMETHEUS_ADDRESS", web_server_place(discord));
    assert_int_equal(run(no_steps), 75);
    expect("PROMETHEUS_ADDRESS: ");
    assert_string_equal(web_server_asked(discord), "");
}

static void a_token_that_discord_refuses_ends_it_with_78(void **state)
{
    (void)state;
    web_server_answer(discord, "/api/v10/gateway/bot", 401, "{}", NULL);
    assert_int_equal(run(no_steps), 78);
    expect("error GET /gateway/bot failed: ");
    expect("[ASK_FAILED");
}

/* Each signal does what it is for, and the last one ends the daemon in order. */
static void signals_are_followed(void **state)
{
    static const struct step steps[] = {{"[BROKER_DISCONNECTED", SIGUSR1},
                                        {"summary dispatched=0", SIGUSR2},
                                        {"[LOG_LEVEL", SIGHUP},
                                        {"no setting has changed", SIGTERM},
                                        {NULL, 0}};
    struct stat about;
    (void)state;
    assert_int_equal(run(steps), 0);
    expect("2 shards recommended, max_concurrency 1, 1 identifies left");
    expect("warn  only 1 identifies are left for 2 shards");
    expect("CONNECTING");
    expect("the authorities were read again");
    expect("info  stopping [STOPPING]");
    /* The file of sessions is there, and its lock is let go of. */
    char path[128];
    snprintf(path, sizeof path, "%s/sessions", folder);
    assert_int_equal(stat(path, &about), 0);
    /* No broker was READY: nobody has identified, and a shard that connects is asked for by nobody. */
    assert_null(strstr(reader.text, "SHARD_IDENTIFYING"));
}

/* An answer that may pass is waited for, and a stop does not wait for it. */
static void a_stop_does_not_wait_for_discord(void **state)
{
    static const struct step steps[] = {{"GET /gateway/bot failed", SIGTERM}, {NULL, 0}};
    (void)state;
    web_server_answer(discord, "/api/v10/gateway/bot", 503, "", "Retry-After: 3600");
    assert_int_equal(run(steps), 0);
    expect("again in 3600 s [ASK_FAILED");
}

/* It is not written over, and Discord is not asked. */
static void a_file_of_something_else_ends_it(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/sessions", folder);
    FILE *file = fopen(path, "w");
    fputs("root:x:0:0\n", file);
    fclose(file);
    assert_int_equal(run(no_steps), 78);
    assert_string_equal(web_server_asked(discord), "");
    expect("error ");
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(wrong_settings_end_it_with_78),
        WITH_SCENE(an_address_that_is_taken_ends_it_with_75),
        WITH_SCENE(a_token_that_discord_refuses_ends_it_with_78),
        WITH_SCENE(signals_are_followed),
        WITH_SCENE(a_stop_does_not_wait_for_discord),
        WITH_SCENE(a_file_of_something_else_ends_it),
    };
    return cmocka_run_group_tests_name("tools/daemon", tests, NULL, NULL);
}
