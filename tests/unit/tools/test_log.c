/* The log over real pipes, files and sockets: nobody who reads it late, or not at all, stops whoever writes. */
#define _XOPEN_SOURCE 700 /* for posix_openpt(3) */
#include "log.h"

#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PATIENCE = 60000, /* milliseconds that a loaded machine may need */
    SOON = 100,
    FLOOD = 20000,
    BUFFER = 1 << 22
};

struct pipe_ends {
    int reads;
    int writes;
};

static struct pipe_ends open_pipe(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    return (struct pipe_ends){.reads = ends[0], .writes = ends[1]};
}

static struct log *open_log(int fd, enum setting_log_format format)
{
    struct log *log = NULL;
    struct log_config config;
    spectacles_problem problem;
    log_config_init(&config);
    config.fd = fd;
    config.format = format;
    config.journal_stream = NULL;
    assert_int_equal(log_new(&log, &config, &problem), SPECTACLES_OK);
    return log;
}

/* Reads until `end` was read, or the pipe is closed. Returns everything, NUL-terminated. */
static char *read_until(int fd, const char *end)
{
    char *text = malloc(BUFFER);
    size_t length = 0;
    assert_non_null(text);
    text[0] = '\0';
    while (!strstr(text, end)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, PATIENCE), 1);
        ssize_t got = read(fd, text + length, BUFFER - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        text[length] = '\0';
    }
    return text;
}

static void flood(struct log *log)
{
    for (int i = 0; i < FLOOD; i++)
        log_say(log, LOG_LEVEL_INFO, "NOISE", "line %d %0100d", i, 0);
}

static void lines_are_written(void **state)
{
    struct pipe_ends ends = open_pipe();
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    (void)state;
    log_say(log, LOG_LEVEL_INFO, "ONE", "line %d", 1);
    log_say(log, LOG_LEVEL_DEBUG, "TWO", "not wanted");
    log_write(log,
              &(struct log_line){.level = LOG_LEVEL_ERROR, .event = "THREE", .text = "3", .has_shard = true});
    log_free(log, PATIENCE);
    close(ends.writes);
    char *text = read_until(ends.reads, "nothing");
    char *second = strchr(text, '\n') + 1;
    assert_non_null(strstr(text, "Z info  line 1 [ONE]\n"));
    assert_non_null(strstr(second, "Z error 3 [THREE shard=0]\n"));
    assert_null(strstr(text, "TWO"));
    free(text);
    close(ends.reads);
}

static void the_level_can_change(void **state)
{
    struct pipe_ends ends = open_pipe();
    struct log *log = open_log(ends.writes, LOG_FORMAT_JOURNAL);
    (void)state;
    log_set_level(log, LOG_LEVEL_WARN);
    assert_false(log_wants(log, LOG_LEVEL_INFO));
    log_toggle_debug(log);
    assert_true(log_wants(log, LOG_LEVEL_DEBUG));
    log_toggle_debug(log);
    assert_true(log_wants(log, LOG_LEVEL_WARN));
    assert_false(log_wants(log, LOG_LEVEL_INFO));
    log_set_level(log, LOG_LEVEL_SUPPRESS);
    log_say(log, LOG_LEVEL_ERROR, "ERROR", "not wanted");
    log_free(log, PATIENCE);
    close(ends.writes);
    char *text = read_until(ends.reads, "nothing");
    assert_string_equal(text, "<6>the log is at the level debug until the next SIGUSR2 [LOG_LEVEL]\n"
                              "<6>the log is back at the level of LOG_LEVEL [LOG_LEVEL]\n");
    free(text);
    close(ends.reads);
}

/* A pipe holds 64 KiB, and the flood is some megabytes. */
static void a_reader_that_comes_late_is_told_what_is_missing(void **state)
{
    struct pipe_ends ends = open_pipe();
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    unsigned missing;
    unsigned thousands;
    (void)state;
    flood(log);
    log_say(log, LOG_LEVEL_WARN, "WARNING", "behind the flood");
    log_say(log, LOG_LEVEL_ERROR, "ERROR", "behind the warning");
    char *text = read_until(ends.reads, "LOG_LINES_DROPPED");
    assert_non_null(strstr(text, "behind the flood"));
    assert_non_null(strstr(text, "behind the warning"));
    char *told = strstr(text, " were not written");
    assert_non_null(told);
    while (*told != '\n')
        told--;
    assert_int_equal(sscanf(told,
                            "%*s warn  %u,%u lines (0 errors, 0 warnings) were not written: nobody read",
                            &thousands, &missing),
                     2);
    size_t lines = 0;
    for (char *at = text; (at = strstr(at, "[NOISE]")); at++)
        lines++;
    assert_int_equal(lines + 1000 * thousands + missing, FLOOD);
    log_say(log, LOG_LEVEL_INFO, "AFTER", "afterwards");
    free(text);
    log_free(log, PATIENCE);
    close(ends.writes);
    text = read_until(ends.reads, "[AFTER]");
    assert_non_null(strstr(text, "afterwards"));
    assert_null(strstr(text, "[NOISE]"));
    free(text);
    close(ends.reads);
}

static void a_log_that_nobody_reads_is_ended_in_time(void **state)
{
    struct pipe_ends ends = open_pipe();
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    (void)state;
    flood(log);
    uint64_t before = spectacles_now();
    log_free(log, SOON);
    assert_true(spectacles_now() - before < PATIENCE / 2);
    close(ends.reads);
    close(ends.writes);
}

/* SIGPIPE keeps its default in this process: it would end it. */
static void a_dead_reader_ends_nobody(void **state)
{
    struct pipe_ends ends = open_pipe();
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    (void)state;
    close(ends.reads);
    flood(log);
    log_free(log, SOON);
    close(ends.writes);
}

static void a_fifo_with_a_new_reader_goes_on(void **state)
{
    char folder[] = "/tmp/log-XXXXXX";
    char path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reads = open(path, O_RDONLY | O_NONBLOCK);
    int writes = open(path, O_WRONLY);
    assert_true(reads >= 0 && writes >= 0);
    struct log *log = open_log(writes, LOG_FORMAT_TEXT);
    close(reads);
    log_say(log, LOG_LEVEL_INFO, "ONE", "while nobody reads");
    poll(NULL, 0, SOON);
    reads = open(path, O_RDONLY | O_NONBLOCK);
    char *text = read_until(reads, "[ONE]\n");
    assert_non_null(strstr(text, "while nobody reads"));
    free(text);
    log_free(log, PATIENCE);
    close(reads);
    close(writes);
    unlink(path);
    rmdir(folder);
}

static void a_full_disk_stops_nobody(void **state)
{
    int full = open("/dev/full", O_WRONLY);
    (void)state;
    if (full < 0)
        skip();
    struct log *log = open_log(full, LOG_FORMAT_TEXT);
    flood(log);
    uint64_t before = spectacles_now();
    log_free(log, PATIENCE);
    assert_true(spectacles_now() - before < PATIENCE / 2);
    close(full);
}

/* poll(2) finds room in a terminal where a whole line has none: the thread hangs in write(2), and is left behind. */
static void a_terminal_that_is_stopped_stops_nobody(void **state)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    (void)state;
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        skip();
    int fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    struct log *log = open_log(fd, LOG_FORMAT_TEXT);
    for (int i = 0; i < 100; i++)
        log_say(log, LOG_LEVEL_INFO, "NOISE", "%03000d", i);
    uint64_t before = spectacles_now();
    log_free(log, SOON);
    assert_true(spectacles_now() - before < PATIENCE / 2);
    close(terminal); /* whoever waits in write(2) gets EIO */
    close(fd);
}

static void a_line_longer_than_a_pipe_is_whole(void **state)
{
    enum {
        LONG = 200000
    };
    struct pipe_ends ends = open_pipe();
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    (void)state;
    log_say(log, LOG_LEVEL_INFO, "LONG", "%0*d", LONG, 7);
    char *text = read_until(ends.reads, "[LONG]\n");
    assert_true(strlen(text) > LONG);
    free(text);
    log_free(log, PATIENCE);
    close(ends.writes);
    close(ends.reads);
}

/* Somebody else has made the open file of stderr non-blocking. */
static void a_descriptor_that_does_not_block_loses_nothing(void **state)
{
    struct pipe_ends ends = open_pipe();
    (void)state;
    assert_int_equal(fcntl(ends.writes, F_SETFL, O_NONBLOCK), 0);
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    for (int i = 0; i < 2000; i++)
        log_say(log, LOG_LEVEL_INFO, i == 1999 ? "LAST" : "ONE", "%0100d", i);
    char *text = read_until(ends.reads, "[LAST]\n");
    size_t lines = 0;
    for (char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 2000);
    free(text);
    log_free(log, PATIENCE);
    close(ends.writes);
    close(ends.reads);
}

/* The flags of an open file are everybody's who has it: the terminal's, the parent's. */
static void the_flags_of_stderr_stay(void **state)
{
    struct pipe_ends ends = open_pipe();
    int before = fcntl(ends.writes, F_GETFL);
    (void)state;
    struct log *log = open_log(ends.writes, LOG_FORMAT_TEXT);
    flood(log);
    assert_int_equal(fcntl(ends.writes, F_GETFL), before);
    close(ends.reads);
    log_free(log, SOON);
    assert_int_equal(fcntl(ends.writes, F_GETFL), before);
    close(ends.writes);
}

/* ---- The journal ---- */

static int listen_as_journal(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* A log with the stream to a journal on stderr, and the datagrams that the journal gets. */
static void the_journal_gets_entries_with_fields(void **state)
{
    char folder[] = "/tmp/log-XXXXXX";
    char path[64];
    char stream[64];
    char entry[1024];
    struct stat status;
    struct log *log = NULL;
    struct log_config config;
    spectacles_problem problem;
    struct pipe_ends ends = open_pipe();
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    int journal = listen_as_journal(path);
    assert_int_equal(fstat(ends.writes, &status), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    log_config_init(&config);
    config.fd = ends.writes;
    config.format = LOG_FORMAT_JOURNAL;
    config.journal_stream = stream;
    config.journal_socket = path;
    assert_int_equal(log_new(&log, &config, &problem), SPECTACLES_OK);
    log_write(log, &(struct log_line){.level = LOG_LEVEL_ERROR, .event = "X", .text = "no\nMESSAGE=yes"});
    ssize_t length = recv(journal, entry, sizeof entry - 1, 0);
    assert_true(length > 0);
    entry[length] = '\0';
    assert_string_equal(entry, "PRIORITY=3\nSYSLOG_IDENTIFIER=spectacles-gateway\nSPECTACLES_EVENT=X\n"
                               "MESSAGE=no?MESSAGE=yes\n");
    log_free(log, PATIENCE);
    close(journal);
    close(ends.writes);
    close(ends.reads);
    unlink(path);
    rmdir(folder);
}

static void without_a_log_nothing_happens(void **state)
{
    (void)state;
    log_say(NULL, LOG_LEVEL_ERROR, "X", "x");
    log_write(NULL, &(struct log_line){.level = LOG_LEVEL_ERROR, .event = "X", .text = "x"});
    log_set_level(NULL, LOG_LEVEL_DEBUG);
    log_toggle_debug(NULL);
    assert_false(log_wants(NULL, LOG_LEVEL_ERROR));
    log_free(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_written),
        cmocka_unit_test(the_level_can_change),
        cmocka_unit_test(a_reader_that_comes_late_is_told_what_is_missing),
        cmocka_unit_test(a_log_that_nobody_reads_is_ended_in_time),
        cmocka_unit_test(a_dead_reader_ends_nobody),
        cmocka_unit_test(a_fifo_with_a_new_reader_goes_on),
        cmocka_unit_test(a_full_disk_stops_nobody),
        cmocka_unit_test(a_terminal_that_is_stopped_stops_nobody),
        cmocka_unit_test(a_line_longer_than_a_pipe_is_whole),
        cmocka_unit_test(a_descriptor_that_does_not_block_loses_nothing),
        cmocka_unit_test(the_flags_of_stderr_stay),
        cmocka_unit_test(the_journal_gets_entries_with_fields),
        cmocka_unit_test(without_a_log_nothing_happens),
    };
    return cmocka_run_group_tests_name("tools/log", tests, NULL, NULL);
}
