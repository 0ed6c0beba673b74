/* The socket under TLS: what it keeps, what it reads ahead, and where it ends. */
#include "net/tls_socket.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct two_ends {
    sp_tls_socket socket;
    int peer;
} two_ends;

static two_ends connect_ends(void)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    return (two_ends){.socket = {.fd = ends[0]}, .peer = ends[1]};
}

static void close_ends(two_ends *ends)
{
    sp_tls_socket_free(&ends->socket);
    close(ends->socket.fd);
    if (ends->peer >= 0)
        close(ends->peer);
}

static void what_the_socket_does_not_take_is_kept_in_order(void **state)
{
    static uint8_t bytes[64 * 1024];
    static uint8_t back[sizeof bytes * 16];
    two_ends ends = connect_ends();
    size_t written = 0;
    size_t got = 0;
    (void)state;
    for (; sp_tls_socket_is_flushed(&ends.socket); written += sizeof bytes) {
        memset(bytes, (int)(written / sizeof bytes), sizeof bytes);
        assert_int_equal(sp_tls_socket_write(&ends.socket, bytes, sizeof bytes), sizeof bytes);
    }
    assert_int_equal(sp_tls_socket_write(&ends.socket, (const uint8_t *)"last", 4), 4);
    assert_int_equal(sp_tls_socket_flush(&ends.socket), 0);
    while (got < written + 4) {
        ssize_t some = recv(ends.peer, back + got, sizeof back - got, 0);
        got += some > 0 ? (size_t)some : 0;
        assert_true(sp_tls_socket_flush(&ends.socket) >= 0);
    }
    for (size_t i = 0; i < written; i += 1000)
        assert_int_equal(back[i], i / sizeof bytes);
    assert_memory_equal(back + written, "last", 4);
    assert_int_equal(sp_tls_socket_flush(&ends.socket), 1);
    assert_int_equal(ends.socket.kept.capacity, 0);
    close_ends(&ends);
}

/* A peer that makes us answer (alerts, updates of keys) and reads nothing has an end. */
static void what_is_kept_is_bounded(void **state)
{
    static uint8_t bytes[64 * 1024];
    two_ends ends = connect_ends();
    ssize_t put = 0;
    (void)state;
    for (int i = 0; i < 1000 && put >= 0; i++)
        put = sp_tls_socket_write(&ends.socket, bytes, sizeof bytes);
    assert_int_equal(put, -ENOBUFS);
    assert_int_equal(ends.socket.error, -ENOBUFS);
    assert_true(ends.socket.kept.capacity < 1 << 20);
    close_ends(&ends);
}

static void a_small_read_fetches_more(void **state)
{
    uint8_t bytes[64];
    two_ends ends = connect_ends();
    (void)state;
    assert_int_equal(send(ends.peer, "headbody", 8, 0), 8);
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, 4), 4);
    assert_memory_equal(bytes, "head", 4);
    /* Nothing is left in the socket itself. */
    assert_int_equal(recv(ends.socket.fd, bytes, sizeof bytes, 0), -1);
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "body", 4);
    assert_int_equal(ends.socket.ahead.capacity, 0);
    close_ends(&ends);
}

/* After a read that emptied the socket there is no use in asking it again, until something says so. */
static void an_empty_socket_is_not_asked_twice(void **state)
{
    uint8_t bytes[64];
    two_ends ends = connect_ends();
    (void)state;
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, sizeof bytes), -EAGAIN);
    assert_int_equal(send(ends.peer, "one", 3, 0), 3);
    assert_false(sp_tls_socket_is_empty(&ends.socket));
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, sizeof bytes), 3);
    assert_true(sp_tls_socket_is_empty(&ends.socket));
    assert_int_equal(send(ends.peer, "two", 3, 0), 3);
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, sizeof bytes), -EAGAIN);
    sp_tls_socket_ready(&ends.socket);
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, sizeof bytes), 3);
    assert_int_equal(ends.socket.error, 0);
    close_ends(&ends);
}

static void an_end_is_told_from_an_error(void **state)
{
    uint8_t bytes[4];
    two_ends ends = connect_ends();
    (void)state;
    assert_int_equal(send(ends.peer, "12", 2, 0), 2);
    close(ends.peer);
    ends.peer = -1;
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, 2), 2);
    sp_tls_socket_ready(&ends.socket);
    assert_int_equal(sp_tls_socket_read(&ends.socket, bytes, 2), 0);
    assert_true(ends.socket.ended);
    assert_int_equal(ends.socket.error, 0);
    /* No signal is raised. */
    assert_int_equal(sp_tls_socket_write(&ends.socket, bytes, 4), -EPIPE);
    assert_int_equal(ends.socket.error, -EPIPE);
    close_ends(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_socket_does_not_take_is_kept_in_order),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(a_small_read_fetches_more),
        cmocka_unit_test(an_empty_socket_is_not_asked_twice),
        cmocka_unit_test(an_end_is_told_from_an_error),
    };
    return cmocka_run_group_tests_name("net/tls_socket", tests, NULL, NULL);
}
