/* The HTTP server on real sockets, in the loop of the test: what is answered, what is refused, and who waits. */
#include "http.h"

#include "shown.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_SIZE = 1 << 20,
    LIMIT = 64,      /* CONNECTIONS of http.c */
    PATIENCE = 20000 /* milliseconds, on a machine that is busy with other things */
};

static struct shown shown;
static struct http *http;
static bool hangs; /* the rest of the daemon does not turn */
static char answer[ANSWER_SIZE + 1];

static bool is_without_epoll;
static time_t seconds_ahead;

/* In front of libmicrohttpd's own. */
enum MHD_Result MHD_is_feature_supported(enum MHD_FEATURE feature)
{
    return feature == MHD_FEATURE_EPOLL && is_without_epoll ? MHD_NO : MHD_YES;
}

/* In front of the system's own: the clock of libmicrohttpd and of the test, moved on without waiting. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    int error = (int)syscall(SYS_clock_gettime, clock, time);
    time->tv_sec += seconds_ahead;
    return error;
}

static int begin(void **state)
{
    struct problems problems = {0};
    (void)state;
    shown_begin(&shown, 2);
    http = http_new("127.0.0.1:0", &problems);
    assert_non_null(http);
    return 0;
}

static int end(void **state)
{
    (void)state;
    http_free(http);
    shown_end(&shown);
    return 0;
}

static int dial(int receive_buffer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(http))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    connect(fd, (const struct sockaddr *)&address, sizeof address);
    return fd;
}

/* One turn of a loop that has the server and one socket of a client, as status_server.c makes it. */
static bool turn(int fd)
{
    struct pollfd both[] = {{.fd = http_descriptor(http), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    uint64_t now = spectacles_now();
    uint64_t deadline = http_deadline(http, now) < now + PATIENCE ? http_deadline(http, now) : now + PATIENCE;
    int found = poll(both, 2, spectacles_poll_timeout(deadline, now));
    shown.routes.now = spectacles_now();
    if (!hangs)
        shown.status.turn = shown.routes.now;
    if (both[0].revents || http_deadline(http, shown.routes.now) <= shown.routes.now)
        http_process(http, &shown.routes);
    return found > 0 && both[1].revents != 0;
}

static void say(int fd, const char *text)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    uint64_t until = spectacles_now() + PATIENCE;
    while (poll(&one, 1, 1) == 0 && spectacles_now() < until)
        http_process(http, &shown.routes);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Turns until the server has closed the connection. */
static const char *hear(int fd)
{
    size_t length = 0;
    uint64_t until = spectacles_now() + PATIENCE;
    while (spectacles_now() < until) {
        if (!turn(fd))
            continue;
        ssize_t got = recv(fd, answer + length, ANSWER_SIZE - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    answer[length] = '\0';
    close(fd);
    return answer;
}

static const char *ask(const char *request)
{
    int fd = dial(0);
    say(fd, request);
    return hear(fd);
}

static void expect(const char *request, const char *status, const char *word)
{
    const char *text = ask(request);
    assert_memory_equal(text, status, strlen(status));
    assert_non_null(strstr(text, word));
}

static void get_and_head_are_answered(void **state)
{
    (void)state;
    expect("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "alive: the loop has turned 0 ms ago");
    expect("GET /readyz HTTP/1.0\r\n\r\n", "HTTP/1.1 503", "shard 0 has not been ready yet");
    expect("GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "\ngateway_total_shards 2\n");
    expect("GET /status.json?x=1 HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "\"shards\":[");
    expect("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "Content-Security-Policy: default-src 'none'");
    const char *text = ask("HEAD /metrics HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(text, "version=0.0.4"));
    assert_null(strstr(text, "gateway_total_shards"));
}

static void everything_else_is_refused(void **state)
{
    (void)state;
    expect("POST /metrics HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405", "Allow: GET, HEAD");
    expect("DELETE / HTTP/1.0\r\n\r\n", "HTTP/1.1 405", "Only GET and HEAD");
    expect("GET /metrics HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400", "has no body");
    expect("GET /../../etc/passwd HTTP/1.0\r\n\r\n", "HTTP/1.1 404", "There is nothing here");
    expect("GET /%2e%2e/metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 404", "There is nothing here");
    expect("GET /metrics%00 HTTP/1.0\r\n\r\n", "HTTP/1.1 404", "There is nothing here");
}

static void a_request_that_is_too_long_is_refused(void **state)
{
    static char request[64 * 1024];
    (void)state;
    int length = snprintf(request, sizeof request, "GET /livez HTTP/1.0\r\nX: ");
    memset(request + length, 'x', sizeof request - 10 - (size_t)length);
    const char *text = ask(request);
    assert_true(strncmp(text, "HTTP/1.1 431", 12) == 0 || strncmp(text, "HTTP/1.1 413", 12) == 0 ||
                *text == '\0');
    expect("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "alive");
}

/* Connections beyond the limit are not taken before others end, and the loop turns all the same. */
static void connections_are_limited(void **state)
{
    int fds[100];
    int taken = 0;
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        fds[i] = dial(0);
        http_process(http, &shown.routes);
        send(fds[i], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 32, MSG_NOSIGNAL);
    }
    uint64_t until = spectacles_now() + 500;
    while (spectacles_now() < until)
        turn(fds[0]);
    for (size_t i = 0; i < 100; i++) {
        taken += recv(fds[i], answer, 1, 0) == 1;
        close(fds[i]);
    }
    assert_in_range(taken, 32, LIMIT);
    expect("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "alive");
}

static bool has_work(void)
{
    struct pollfd one = {.fd = http_descriptor(http), .events = POLLIN};
    uint64_t now = spectacles_now();
    return poll(&one, 1, 0) > 0 || http_deadline(http, now) <= now;
}

/*
 * As many as are served ask for much and read nothing. Their time is up in one turn of the loop, after which nothing
 * happens but that somebody waits.
 */
static void who_waits_is_taken_when_all_others_end(void **state)
{
    int fds[LIMIT + 1];
    (void)state;
    shown_end(&shown);
    shown_begin(&shown, 4000);
    for (size_t i = 0; i < LIMIT; i++) {
        fds[i] = dial(1024);
        say(fds[i], "GET /metrics HTTP/1.0\r\n\r\n");
    }
    while (has_work())
        http_process(http, &shown.routes);
    fds[LIMIT] = dial(0);
    say(fds[LIMIT], "GET /livez HTTP/1.0\r\n\r\n");
    assert_false(has_work());
    seconds_ahead += 3600;
    assert_non_null(strstr(hear(fds[LIMIT]), "alive"));
    for (size_t i = 0; i < LIMIT; i++)
        close(fds[i]);
}

/* Who asks for much and reads nothing is left waiting; others are answered at once. */
static void a_slow_reader_costs_nothing(void **state)
{
    (void)state;
    shown_end(&shown);
    shown_begin(&shown, 4000);
    int slow = dial(1024);
    say(slow, "GET /metrics HTTP/1.0\r\n\r\n");
    while (!turn(slow))
        ;
    for (int i = 0; i < 50; i++)
        expect("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "alive");
    /* Nothing is left to do until the slow one reads, or its time is up. */
    assert_false(has_work());
    close(slow);
}

/* What is expensive is made twice a second at most, however often it is asked for. */
static void answers_are_shared(void **state)
{
    (void)state;
    expect("GET /status.json HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "\"group\":\"gateway\"");
    shown.routes.names.group = "another";
    uint64_t until = spectacles_now() + PATIENCE;
    int asked = 0;
    while (!strstr(ask("GET /status.json HTTP/1.0\r\n\r\n"), "another") && spectacles_now() < until)
        asked++;
    assert_true(asked > 0);
    assert_non_null(strstr(answer, "another"));
    /* Probes are never of a moment ago. */
    expect("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "alive");
    hangs = true;
    shown.status.turn = 0;
    expect("GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 503", "hangs");
    hangs = false;
    shown.status.is_stopping = true;
    expect("GET /readyz HTTP/1.0\r\n\r\n", "HTTP/1.1 503", "the gateway stops");
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, begin, end)

/* As on systems without epoll. It never passes, so that it must not look like memory that ran out. */
static void a_libmicrohttpd_without_epoll_is_told(void **state)
{
    struct problems problems = {0};
    (void)state;
    is_without_epoll = true;
    assert_null(http_new("127.0.0.1:0", &problems));
    is_without_epoll = false;
    assert_int_equal(problems_exit_code(&problems), PROBLEM_IS_FINAL);
    assert_non_null(strstr(problems.first->text, "without epoll"));
    assert_null(problems.first->next);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(get_and_head_are_answered),
        WITH_SERVER(everything_else_is_refused),
        WITH_SERVER(a_request_that_is_too_long_is_refused),
        WITH_SERVER(connections_are_limited),
        WITH_SERVER(who_waits_is_taken_when_all_others_end),
        WITH_SERVER(a_slow_reader_costs_nothing),
        WITH_SERVER(answers_are_shared),
        cmocka_unit_test(a_libmicrohttpd_without_epoll_is_told),
    };
    return cmocka_run_group_tests_name("tools/http", tests, NULL, NULL);
}
