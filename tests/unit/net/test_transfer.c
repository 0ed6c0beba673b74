/* The bytes of a connection: both ways, by level and by edge, within budgets, delayed; and how a connection ends. */
#include "toy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif
#include <sys/socket.h>
#include <unistd.h>

static void bytes_go_both_ways(void **state)
{
    (void)state;
    enum {
        MUCH = 4 << 20
    };
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    uint8_t *much = test_malloc(MUCH);
    memset(much, 'x', MUCH);
    scene_connect(scene);
    assert_int_equal(write(scene->peer, "hello", 5), 5);
    until(scene->toy.in_length == 5);
    assert_memory_equal(scene->toy.in, "hello", 5);
    /* More than a socket takes at once. */
    scene->toy.out = much;
    scene->toy.out_length = MUCH;
    size_t read_so_far = 0;
    scene_turn(scene);
    assert_true(scene->toy.out_length > 0);
    assert_int_equal(spectacles_link_interest(scene->link) & SPECTACLES_LINK_WRITE, SPECTACLES_LINK_WRITE);
    while (read_so_far < MUCH) {
        uint8_t part[65536];
        scene_turn(scene);
        ssize_t got = recv(scene->peer, part, sizeof part, MSG_DONTWAIT);
        read_so_far += got > 0 ? (size_t)got : 0;
    }
    assert_int_equal(scene->toy.out_length, 0);
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_READ);
    test_free(much);
    scene_end(scene);
}

#ifdef __linux__
/* ---- Edges ---- */

typedef struct edges {
    sp_scene *scene;
    int epoll;
    int watched;
} edges;

/* One turn of a loop that is told of changes only, and of each once. A wait that nothing ends is a stall. */
static void edge_turn(edges *loop)
{
    sp_scene *scene = loop->scene;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    int fd = spectacles_link_fd(scene->link);
    if (fd != loop->watched && fd >= 0)
        assert_int_equal(epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event), 0);
    loop->watched = fd;
    int timeout = spectacles_poll_timeout(spectacles_link_deadline(scene->link), scene->now);
    int count = epoll_wait(loop->epoll, &event, 1, timeout < 0 ? 20000 : timeout);
    assert_true(count == 1 || timeout >= 0);
    uint32_t ready = count == 0 ? 0
                                : (event.events & EPOLLIN ? (uint32_t)SPECTACLES_LINK_READ : 0) |
                                      (event.events & EPOLLOUT ? (uint32_t)SPECTACLES_LINK_WRITE : 0);
    assert_true(spectacles_link_process(scene->link, ready, scene->now) >= 0);
}

static edges edges_begin(void)
{
    edges loop = {scene_begin("127.0.0.1", NULL), epoll_create1(EPOLL_CLOEXEC), -1};
    while (!loop.scene->toy.opened)
        edge_turn(&loop);
    loop.scene->peer = accept(loop.scene->listener, NULL, NULL);
    assert_true(loop.scene->peer >= 0);
    return loop;
}

/* Puts so much into the socket's buffers at once that one call of the link does not read all of it. */
static size_t fill_from_peer(sp_scene *scene)
{
    static const uint8_t part[65536];
    int size = 1 << 20;
    size_t filled = 0;
    setsockopt(scene->peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    for (ssize_t put = 1; put > 0 && filled<900000; filled += put> 0 ? (size_t)put : 0)
        put = send(scene->peer, part, sizeof part, MSG_DONTWAIT);
    return filled;
}

static void an_edge_that_was_seen_is_not_waited_for_again(void **state)
{
    (void)state;
    edges loop = edges_begin();
    size_t filled = fill_from_peer(loop.scene);
    assert_true(filled > 400000); /* more than a call reads */
    while (loop.scene->toy.in_length < filled)
        edge_turn(&loop);
    close(loop.epoll);
    scene_end(loop.scene);
}

static void an_engine_that_had_enough_gets_the_rest_without_an_edge(void **state)
{
    (void)state;
    edges loop = edges_begin();
    edge_turn(&loop);
    loop.scene->toy.wants_input = 0;
    size_t filled = fill_from_peer(loop.scene);
    for (int i = 0; i < 3 && loop.scene->toy.in_length == 0; i++)
        spectacles_link_process(loop.scene->link, SPECTACLES_LINK_READ, loop.scene->now);
    assert_int_equal(loop.scene->toy.in_length, 0);
    /* All edges are over: epoll has nothing new to say. */
    struct epoll_event event;
    epoll_wait(loop.epoll, &event, 1, 0);
    loop.scene->toy.wants_input = 1;
    while (loop.scene->toy.in_length < filled)
        edge_turn(&loop);
    close(loop.epoll);
    scene_end(loop.scene);
}

static void what_a_call_did_not_write_needs_no_edge_either(void **state)
{
    (void)state;
    enum {
        MUCH = 6 << 20
    };
    edges loop = edges_begin();
    sp_scene *scene = loop.scene;
    uint8_t *much = test_malloc(MUCH);
    uint8_t *part = test_malloc(MUCH);
    memset(much, 'x', MUCH);
    scene->toy.out = much;
    scene->toy.out_length = MUCH;
    scene->toy.deadline = 0; /* the owner's own call: the link is to look */
    for (size_t received = 0; received < MUCH;) {
        edge_turn(&loop);
        ssize_t got = recv(scene->peer, part, MUCH, MSG_DONTWAIT);
        received += got > 0 ? (size_t)got : 0;
    }
    test_free(part);
    test_free(much);
    close(loop.epoll);
    scene_end(scene);
}
#endif

/* Connected, and not read from, although something came. */
static sp_scene *engine_that_has_enough(void)
{
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    scene->toy.wants_input = 0;
    assert_int_equal(spectacles_link_interest(scene->link), 0);
    assert_int_equal(write(scene->peer, "hello", 5), 5);
    for (int i = 0; i < 5; i++)
        scene_turn(scene);
    return scene;
}

static void an_engine_that_has_enough_is_left_alone(void **state)
{
    (void)state;
    sp_scene *scene = engine_that_has_enough();
    assert_int_equal(scene->toy.in_length, 0);
    scene->toy.wants_input = 1;
    until(scene->toy.in_length == 5);
    scene_end(scene);
}

static void a_busy_peer_has_its_turn_only(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    uint8_t *much = test_calloc(1, 1 << 20);
    scene_connect(scene);
    int large = 1 << 20;
    setsockopt(scene->peer, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    size_t written = 0;
    size_t most = 0;
    while (written < 900000 || scene->toy.in_length < written) {
        ssize_t put = written < 900000 ? send(scene->peer, much, 900000 - written, MSG_DONTWAIT) : 0;
        written += put > 0 ? (size_t)put : 0;
        size_t before = scene->toy.in_length;
        scene_turn(scene);
        most = scene->toy.in_length - before > most ? scene->toy.in_length - before : most;
    }
    /* Two rounds at the most: what was ready before anything falls due, and the usual one. */
    assert_true(most <= 2 * 256 * 1024);
    test_free(much);
    scene_end(scene);
}

static void scene_put(sp_scene *scene, const char *text)
{
    struct pollfd arrived = {spectacles_link_fd(scene->link), POLLIN, 0};
    assert_int_equal(write(scene->peer, text, strlen(text)), strlen(text));
    assert_int_equal(poll(&arrived, 1, 5000), 1);
}

/* What `process` is called with when a descriptor that nobody watches has bytes. */
static void process_at(sp_scene *scene, uint64_t now, size_t in_length)
{
    scene->now = now;
    spectacles_link_process(scene->link, 0, now);
    assert_int_equal(scene->toy.in_length, in_length);
}

static void a_delayed_link_reads_more_at_once(void **state)
{
    (void)state;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.read_delay = 5;
    sp_scene *scene = scene_begin("127.0.0.1", &config);
    scene_connect(scene);
    /* The first comes at once; then nobody watches. */
    scene_put(scene, "a");
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_READ);
    spectacles_link_process(scene->link, SPECTACLES_LINK_READ, scene->now);
    assert_int_equal(scene->toy.in_length, 1);
    assert_int_equal(spectacles_link_interest(scene->link), 0);
    assert_int_equal(spectacles_link_deadline(scene->link), 1005);
    scene_put(scene, "b");
    process_at(scene, 1004, 1);
    scene_put(scene, "c");
    process_at(scene, 1005, 3);
    assert_int_equal(spectacles_link_deadline(scene->link), 1010);
    /* Writing does not wait. */
    scene->toy.out = (const uint8_t *)"x";
    scene->toy.out_length = 1;
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_WRITE);
    scene_put(scene, "d");
    process_at(scene, 1006, 3);
    assert_int_equal(scene->toy.out_length, 0);
    scene_end(scene);
}

static void a_delay_ends(void **state)
{
    (void)state;
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.read_delay = 5;
    sp_scene *scene = scene_begin("127.0.0.1", &config);
    scene_connect(scene);
    scene_put(scene, "abc");
    spectacles_link_process(scene->link, SPECTACLES_LINK_READ, scene->now);
    scene_put(scene, "d");
    /* An engine that has enough is not hurried. */
    scene->toy.wants_input = 0;
    assert_int_equal(spectacles_link_deadline(scene->link), SPECTACLES_NEVER);
    process_at(scene, 1005, 3);
    scene->toy.wants_input = 1;
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_READ);
    spectacles_link_process(scene->link, SPECTACLES_LINK_READ, scene->now);
    assert_int_equal(scene->toy.in_length, 4);
    /* When nothing came in all that time, the next is read at once again. */
    process_at(scene, 1010, 4);
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_READ);
    assert_int_equal(spectacles_link_deadline(scene->link), SPECTACLES_NEVER);
    /* The end is seen at the latest when the time is up. */
    scene_put(scene, "e");
    spectacles_link_process(scene->link, SPECTACLES_LINK_READ, scene->now);
    close(scene->peer);
    scene->peer = -1;
    scene->now = 1015;
    until(scene->toy.ended);
    assert_int_equal(scene->toy.in_length, 5);
    scene_end(scene);
    config.read_delay = 1001;
    spectacles_link *refused = NULL;
    sp_toy toy = {.stream = {.calls = &toy_calls, .holder_calls = &toy_holder_calls, .engine = &toy}};
    assert_int_equal(spectacles_link_new(&refused, &toy.stream, &config, NULL), SPECTACLES_E_INVAL);
}

static void the_end_is_told(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    int fd = spectacles_link_fd(scene->link);
    close(scene->peer);
    scene->peer = -1;
    int changed = 0;
    for (int i = 0; i < 100 && !scene->toy.ended; i++)
        changed = scene_turn(scene);
    assert_int_equal(scene->toy.error, SPECTACLES_OK);
    /* The old descriptor is dead, but open until the next call. */
    assert_int_equal(changed & SPECTACLES_LINK_FD, SPECTACLES_LINK_FD);
    assert_int_equal(changed & SPECTACLES_LINK_EVENTS, SPECTACLES_LINK_EVENTS);
    assert_int_equal(spectacles_link_fd(scene->link), -1);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    scene_turn(scene);
    assert_true(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
    scene_end(scene);
}

static void a_reset_is_a_sentence_and_no_signal(void **state)
{
    (void)state;
    sp_scene *scene = scene_begin("127.0.0.1", NULL);
    scene_connect(scene);
    struct linger hard = {1, 0};
    setsockopt(scene->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(scene->peer);
    scene->peer = -1;
    /* Writing into it would raise SIGPIPE, which ends a process that does not look. */
    scene->toy.wants_input = 0;
    scene->toy.out = (const uint8_t *)"xxxx";
    for (int i = 0; i < 100 && !scene->toy.ended; i++) {
        scene->toy.out_length = scene->toy.out_length ? scene->toy.out_length : 1;
        scene_turn(scene);
    }
    assert_true(scene->toy.error < 0);
    assert_non_null(strstr(scene->toy.text, "lost the connection to 127.0.0.1"));
    scene_end(scene);
}

/* poll(2) and epoll report a broken connection in any case: the link reports it once, and stops watching. */
static void a_reset_is_told_to_an_engine_that_has_enough(void **state)
{
    (void)state;
    sp_scene *scene = engine_that_has_enough();
    assert_int_equal(scene->toy.ended, 0);
    struct linger hard = {1, 0};
    setsockopt(scene->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(scene->peer);
    scene->peer = -1;
    until(scene->toy.ended);
    assert_int_equal(scene->toy.error, SPECTACLES_E_SYS);
    assert_string_equal(strrchr(scene->toy.text, ':'), ": connection reset by peer");
    assert_int_equal(scene->toy.in_length, 0);
    scene_end(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
#ifdef __linux__
        cmocka_unit_test(an_edge_that_was_seen_is_not_waited_for_again),
        cmocka_unit_test(an_engine_that_had_enough_gets_the_rest_without_an_edge),
        cmocka_unit_test(what_a_call_did_not_write_needs_no_edge_either),
#endif
        cmocka_unit_test(an_engine_that_has_enough_is_left_alone),
        cmocka_unit_test(a_busy_peer_has_its_turn_only),
        cmocka_unit_test(a_delayed_link_reads_more_at_once),
        cmocka_unit_test(a_delay_ends),
        cmocka_unit_test(the_end_is_told),
        cmocka_unit_test(a_reset_is_a_sentence_and_no_signal),
        cmocka_unit_test(a_reset_is_told_to_an_engine_that_has_enough),
    };
    return cmocka_run_group_tests_name("net/transfer", tests, NULL, NULL);
}
