/* What systemd is told: when, in which order, and by which bytes, with an invented clock and a real socket. */
#include "notify.h"

#include "unit.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    START = 1000,
    SECOND = 1000,
    HALF = 5000 /* of the watchdog's time, milliseconds */
};

static const struct notify_view starting = {
    .shards = 16, .ready = 3, .are_brokers_ready = true, .is_healthy = true};
static const struct notify_view ready = {
    .shards = 16, .ready = 16, .are_brokers_ready = true, .is_healthy = true};
static const struct notify_view lost = {
    .shards = 16, .ready = 15, .are_brokers_ready = true, .is_healthy = true};
static const struct notify_view away = {.shards = 16, .ready = 16, .is_healthy = true};
static const struct notify_view stuck = {.shards = 16, .ready = 16, .are_brokers_ready = true};

/* What stands for systemd: a socket in a folder of its own. */
struct fixture {
    char folder[32];
    char path[64];
    int fd;
    struct notify *notify;
};

static int bind_to(const struct sockaddr_un *address, size_t length)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)address, (socklen_t)length), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void listen_on(struct fixture *fixture)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", fixture->path);
    fixture->fd = bind_to(&address, sizeof address);
}

static void prepare(struct fixture *fixture, const char *watchdog_usec)
{
    spectacles_problem problem;
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/notify-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/socket", fixture->folder);
    const struct notify_environment environment = {.socket = fixture->path, .watchdog_usec = watchdog_usec};
    assert_int_equal(notify_new(&fixture->notify, &environment, START, &problem), SPECTACLES_OK);
    assert_non_null(fixture->notify);
}

static void begin(struct fixture *fixture, const char *watchdog_usec)
{
    prepare(fixture, watchdog_usec);
    listen_on(fixture);
}

static void end(struct fixture *fixture)
{
    char left[8];
    assert_int_equal(recv(fixture->fd, left, sizeof left, 0), -1);
    notify_free(fixture->notify);
    close(fixture->fd);
    unlink(fixture->path);
    rmdir(fixture->folder);
}

/* The next datagram. "" when there is none. */
static const char *next(struct fixture *fixture)
{
    static char text[512];
    ssize_t length = recv(fixture->fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void expect(struct fixture *fixture, const char *expected)
{
    assert_string_equal(next(fixture), expected);
}

/* Each shard has been ready, not all of them at the same time. */
static void let_all_be_ready(struct notify *notify)
{
    for (uint32_t shard = 0; shard < 16; shard++)
        notify_shard_ready(notify, shard);
}

static void get_ready(struct fixture *fixture)
{
    let_all_be_ready(fixture->notify);
    notify_process(fixture->notify, &ready, START);
    expect(fixture, "READY=1");
    expect(fixture, "STATUS=16 of 16 shards ready");
}

static void a_start_may_take_long_while_it_goes_on(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, NULL);
    notify_process(fixture.notify, &starting, START);
    expect(&fixture, "EXTEND_TIMEOUT_USEC=60000000");
    expect(&fixture, "STATUS=starting: 3 of 16 shards ready");
    notify_process(fixture.notify, &starting, START + 14 * SECOND);
    expect(&fixture, "");
    notify_process(fixture.notify, &starting, START + 15 * SECOND);
    expect(&fixture, "EXTEND_TIMEOUT_USEC=60000000");
    let_all_be_ready(fixture.notify);
    notify_process(fixture.notify, &ready, START + 16 * SECOND);
    expect(&fixture, "READY=1");
    expect(&fixture, "STATUS=16 of 16 shards ready");
    notify_process(fixture.notify, &ready, START + 60 * SECOND);
    end(&fixture);
}

static void ready_is_told_once(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, NULL);
    get_ready(&fixture);
    notify_process(fixture.notify, &lost, START + SECOND);
    expect(&fixture, "STATUS=15 of 16 shards ready");
    notify_process(fixture.notify, &ready, START + 2 * SECOND);
    expect(&fixture, "STATUS=16 of 16 shards ready");
    end(&fixture);
}

/* A shard that has lost its connection meanwhile was ready once. A broker has to be there. */
static void ready_needs_each_shard_once_and_the_brokers_now(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, NULL);
    for (int again = 0; again < 2; again++) {
        for (uint32_t shard = 1; shard < 16; shard++)
            notify_shard_ready(fixture.notify, shard);
    }
    notify_process(fixture.notify, &lost, START);
    expect(&fixture, "EXTEND_TIMEOUT_USEC=60000000");
    expect(&fixture, "STATUS=starting: 15 of 16 shards ready");
    notify_shard_ready(fixture.notify, 0);
    notify_process(fixture.notify, &away, START + SECOND);
    expect(&fixture, "STATUS=starting: 16 of 16 shards ready, RabbitMQ is not");
    notify_process(fixture.notify, &lost, START + 2 * SECOND);
    expect(&fixture, "READY=1");
    expect(&fixture, "STATUS=15 of 16 shards ready");
    end(&fixture);
}

/* It stands by: others may serve all shards. */
static void a_member_of_a_fleet_is_ready_without_shards(void **state)
{
    struct fixture fixture;
    const struct notify_view alone = {.are_brokers_ready = true, .is_healthy = true};
    const struct notify_view member = {.are_brokers_ready = true, .is_healthy = true, .is_member = true};
    (void)state;
    begin(&fixture, NULL);
    notify_process(fixture.notify, &alone, START);
    expect(&fixture, "EXTEND_TIMEOUT_USEC=60000000");
    notify_process(fixture.notify, &member, START + SECOND);
    expect(&fixture, "READY=1");
    end(&fixture);
}

static void a_status_is_told_when_it_changes_and_once_a_second(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, NULL);
    get_ready(&fixture);
    notify_process(fixture.notify, &lost, START + SECOND - 1);
    expect(&fixture, "");
    assert_int_equal(notify_deadline(fixture.notify), START + SECOND);
    notify_process(fixture.notify, &lost, START + SECOND);
    expect(&fixture, "STATUS=15 of 16 shards ready");
    notify_process(fixture.notify, &lost, START + 2 * SECOND);
    end(&fixture);
}

static void the_watchdog_is_fed_at_half_its_time(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, "10000000");
    let_all_be_ready(fixture.notify);
    notify_process(fixture.notify, &ready, START);
    expect(&fixture, "READY=1");
    expect(&fixture, "WATCHDOG=1");
    expect(&fixture, "STATUS=16 of 16 shards ready");
    notify_process(fixture.notify, &ready, START + HALF - 1);
    expect(&fixture, "");
    assert_true(notify_deadline(fixture.notify) <= START + HALF);
    notify_process(fixture.notify, &ready, START + HALF);
    expect(&fixture, "WATCHDOG=1");
    end(&fixture);
}

static void a_gateway_that_is_stuck_does_not_feed_it(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, "10000000");
    let_all_be_ready(fixture.notify);
    notify_process(fixture.notify, &ready, START);
    next(&fixture), next(&fixture), next(&fixture);
    for (uint64_t now = START + HALF; now <= START + 2 * HALF; now += 100) {
        notify_process(fixture.notify, &stuck, now);
        assert_true(notify_deadline(fixture.notify) > now);
    }
    expect(&fixture, "STATUS=16 of 16 shards ready, the gateway is stuck");
    expect(&fixture, "");
    /* It goes on before systemd has killed it: nobody waits for another half. */
    notify_process(fixture.notify, &ready, START + 2 * HALF + HALF / 4);
    expect(&fixture, "WATCHDOG=1");
    expect(&fixture, "STATUS=16 of 16 shards ready");
    end(&fixture);
}

static void a_reload_has_a_beginning_and_an_end(void **state)
{
    struct fixture fixture;
    uint64_t usec = 0;
    (void)state;
    begin(&fixture, NULL);
    notify_reloading(fixture.notify, START); /* not before it is ready */
    notify_reloaded(fixture.notify, START);
    expect(&fixture, "");
    get_ready(&fixture);
    notify_reloading(fixture.notify, START);
    assert_int_equal(sscanf(next(&fixture), "RELOADING=1\nMONOTONIC_USEC=%ju", &usec), 1);
    assert_true(usec > 0);
    notify_reloaded(fixture.notify, START);
    expect(&fixture, "READY=1");
    end(&fixture);
}

static void a_stop_is_told_from_every_state(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, NULL);
    notify_stopping(fixture.notify, START);
    expect(&fixture, "STOPPING=1");
    notify_stopping(fixture.notify, START);
    notify_process(fixture.notify, &ready, START);
    expect(&fixture, "STATUS=stopping: 16 of 16 shards ready");
    end(&fixture);
    begin(&fixture, NULL);
    get_ready(&fixture);
    notify_reloading(fixture.notify, START);
    next(&fixture);
    notify_stopping(fixture.notify, START);
    expect(&fixture, "STOPPING=1");
    notify_reloaded(fixture.notify, START);
    end(&fixture);
}

/* systemd restarts itself, or its queue is full. */
static void what_was_not_taken_is_told_later_in_its_order(void **state)
{
    struct fixture fixture;
    (void)state;
    prepare(&fixture, NULL);
    let_all_be_ready(fixture.notify);
    notify_process(fixture.notify, &ready, START);
    notify_reloading(fixture.notify, START);
    notify_reloaded(fixture.notify, START);
    assert_int_equal(notify_deadline(fixture.notify), START + SECOND);
    listen_on(&fixture);
    notify_process(fixture.notify, &ready, START + SECOND - 1);
    expect(&fixture, "");
    notify_process(fixture.notify, &ready, START + SECOND);
    assert_memory_equal(next(&fixture), "RELOADING=1\n", 12);
    expect(&fixture, "READY=1");
    expect(&fixture, "STATUS=16 of 16 shards ready");
    end(&fixture);
}

static void abstract_addresses_are_taken(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fixture fixture = {.path = ""};
    struct notify_environment environment = {.socket = fixture.path};
    spectacles_problem problem;
    (void)state;
    int length = snprintf(fixture.path, sizeof fixture.path, "@spectacles-test-%d", (int)getpid());
    memcpy(address.sun_path + 1, fixture.path + 1, (size_t)length - 1);
    fixture.fd = bind_to(&address, offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    assert_int_equal(notify_new(&fixture.notify, &environment, START, &problem), SPECTACLES_OK);
    get_ready(&fixture);
    notify_free(fixture.notify);
    close(fixture.fd);
}

static void refuse(const char *socket, const char *usec, const char *pid, int expected)
{
    const struct notify_environment environment = {
        .socket = socket, .watchdog_usec = usec, .watchdog_pid = pid};
    struct notify *notify = NULL;
    spectacles_problem problem = {.text = ""};
    assert_int_equal(notify_new(&notify, &environment, START, &problem), expected);
    assert_null(notify);
    assert_true(problem.text[0]);
}

static void wrong_environments_are_refused(void **state)
{
    char longer[200];
    (void)state;
    memset(longer, '/', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    refuse("vsock:2:1234", NULL, NULL, SPECTACLES_E_UNSUPPORTED);
    refuse("@", NULL, NULL, SPECTACLES_E_UNSUPPORTED);
    refuse(longer, NULL, NULL, SPECTACLES_E_UNSUPPORTED);
    refuse("/x", "10s", NULL, SPECTACLES_E_INVAL);
    refuse("/x", "-1", NULL, SPECTACLES_E_INVAL);
    refuse("/x", "1", "x", SPECTACLES_E_INVAL);
}

static void a_watchdog_of_another_process_is_not_fed(void **state)
{
    struct notify *notify = NULL;
    spectacles_problem problem;
    const struct notify_environment environment = {
        .socket = "/nowhere", .watchdog_usec = "1000", .watchdog_pid = "1"};
    (void)state;
    assert_int_equal(notify_new(&notify, &environment, START, &problem), SPECTACLES_OK);
    notify_process(notify, &ready, START);
    assert_int_equal(notify_deadline(notify), START + SECOND);
    notify_free(notify);
}

static void without_systemd_nothing_happens(void **state)
{
    struct notify *notify = (struct notify *)state;
    spectacles_problem problem;
    const struct notify_environment environment = {.socket = ""};
    assert_int_equal(notify_new(&notify, &environment, START, &problem), SPECTACLES_OK);
    assert_null(notify);
    notify_process(notify, &ready, START);
    notify_reloading(notify, START);
    notify_reloaded(notify, START);
    notify_stopping(notify, START);
    assert_int_equal(notify_deadline(notify), SPECTACLES_NEVER);
    notify_free(notify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_may_take_long_while_it_goes_on),
        cmocka_unit_test(ready_is_told_once),
        cmocka_unit_test(ready_needs_each_shard_once_and_the_brokers_now),
        cmocka_unit_test(a_member_of_a_fleet_is_ready_without_shards),
        cmocka_unit_test(a_status_is_told_when_it_changes_and_once_a_second),
        cmocka_unit_test(the_watchdog_is_fed_at_half_its_time),
        cmocka_unit_test(a_gateway_that_is_stuck_does_not_feed_it),
        cmocka_unit_test(a_reload_has_a_beginning_and_an_end),
        cmocka_unit_test(a_stop_is_told_from_every_state),
        cmocka_unit_test(what_was_not_taken_is_told_later_in_its_order),
        cmocka_unit_test(abstract_addresses_are_taken),
        cmocka_unit_test(wrong_environments_are_refused),
        cmocka_unit_test(a_watchdog_of_another_process_is_not_fed),
        cmocka_unit_test(without_systemd_nothing_happens),
    };
    return cmocka_run_group_tests_name("tools/notify", tests, NULL, NULL);
}
