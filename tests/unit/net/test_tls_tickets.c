/* Sessions that are taken up again: in the list of them, and over a real connection. */
#include "certificates.h"
#include "net/tls.h"
#include "net/tls_tickets.h"
#include "tls_scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- The list ---- */

static int freed;

static void count_freed(void *session)
{
    (void)session;
    freed++;
}

static void a_ticket_is_for_its_host_and_port(void **state)
{
    sp_tls_tickets tickets = {.free_session = count_freed};
    int one;
    int two;
    (void)state;
    freed = 0;
    assert_null(sp_tls_tickets_find(&tickets, "a", 1));
    sp_tls_tickets_keep(&tickets, "a", 1, &one);
    sp_tls_tickets_keep(&tickets, "a", 2, &two);
    assert_ptr_equal(sp_tls_tickets_find(&tickets, "a", 1), &one);
    assert_ptr_equal(sp_tls_tickets_find(&tickets, "a", 2), &two);
    assert_null(sp_tls_tickets_find(&tickets, "b", 1));
    sp_tls_tickets_keep(&tickets, "a", 1, &two);
    assert_int_equal(freed, 1);
    assert_ptr_equal(sp_tls_tickets_find(&tickets, "a", 1), &two);
    sp_tls_tickets_forget(&tickets, "a", 2);
    sp_tls_tickets_forget(&tickets, "a", 2);
    assert_int_equal(freed, 2);
    assert_null(sp_tls_tickets_find(&tickets, "a", 2));
    sp_tls_tickets_free(&tickets);
    assert_int_equal(freed, 3);
}

static void the_last_sixteen_hosts_are_kept(void **state)
{
    sp_tls_tickets tickets = {.free_session = count_freed};
    char host[16];
    (void)state;
    freed = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(host, sizeof host, "host-%d", i);
        sp_tls_tickets_keep(&tickets, host, 443, &tickets);
    }
    assert_int_equal(freed, 4);
    assert_null(sp_tls_tickets_find(&tickets, "host-3", 443));
    assert_non_null(sp_tls_tickets_find(&tickets, "host-4", 443));
    sp_tls_tickets_free(&tickets);
    assert_int_equal(freed, 20);
}

/* ---- Over a connection ---- */

enum {
    REFUSED = -1,
    FRESH = 0,
    RESUMED = 1
};

/* Both sides get what the other one says; with it come the tickets of TLS 1.3. */
static void chat(sp_tls_session *session, tls_server *server)
{
    uint8_t bytes[16];
    sp_text why;
    ssize_t got = SP_TLS_WANTS_READ;
    assert_int_equal(tls_server_write(server, (const uint8_t *)"hello", 5), 5);
    for (int i = 0; i < 10 && got == SP_TLS_WANTS_READ; i++) {
        sp_tls_ready(session);
        got = sp_tls_read(session, bytes, sizeof bytes, &why);
    }
    assert_int_equal(got, 5);
    assert_int_equal(sp_tls_write(session, bytes, 5, &why), 5);
    assert_int_equal(tls_server_read(server, bytes, sizeof bytes), 5);
}

static int shake_hands(sp_tls_session *session, tls_server *server)
{
    sp_text why;
    int done = SP_TLS_WANTS_READ;
    int accepted = 0;
    for (int i = 0; i < 100 && (done == SP_TLS_WANTS_READ || accepted == 0); i++) {
        done = done == SP_TLS_WANTS_READ ? sp_tls_handshake(session, &why) : done;
        accepted = accepted == 0 ? tls_server_shake(server) : accepted;
    }
    return done == 1 && accepted == 1 ? tls_server_resumed(server) : REFUSED;
}

typedef struct visited_server {
    const char *host;
    uint32_t port;
    const char *certificate;
    const char *key;
    int speaks; /* a version of TLS */
} visited_server;

static int visit(spectacles_tls *tls, visited_server to)
{
    int ends[2];
    sp_tls_session *session = NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    tls_server *server = tls_server_new(ends[1], to.certificate, to.key, NULL);
    tls_server_set_version(server, to.speaks);
    assert_int_equal(sp_tls_session_new(&session, tls, ends[0], to.host, to.port), SPECTACLES_OK);
    int result = shake_hands(session, server);
    if (result != REFUSED)
        chat(session, server);
    /* As a link ends: without a goodbye. */
    sp_tls_session_free(session);
    tls_server_free(server);
    close(ends[0]);
    close(ends[1]);
    return result;
}

static const visited_server good = {"gateway.example", 443, good_pem, server_key, TLS_1_2};

/* The second connection to a host needs no certificate, and neither do the ones after it. */
static void a_session_is_taken_up_again(void **state)
{
    (void)state;
    for (int speaks = TLS_1_2; speaks <= (scene_has_tls_1_3() ? TLS_1_3 : TLS_1_2); speaks++) {
        spectacles_tls *tls = make_tls(NULL, NULL, 0);
        visited_server server = good;
        server.speaks = speaks;
        assert_int_equal(visit(tls, server), FRESH);
        for (int i = 0; i < 4; i++)
            assert_int_equal(visit(tls, server), RESUMED);
        spectacles_tls_free(tls);
    }
}

/* The certificates of one host prove nothing about another one, or about the host for somebody else. */
static void a_session_is_for_its_host_alone(void **state)
{
    (void)state;
    spectacles_tls *tls = make_tls(NULL, NULL, 0);
    spectacles_tls *another = make_tls(NULL, NULL, 0);
    visited_server server = good;
    assert_int_equal(visit(tls, server), FRESH);
    assert_int_equal(visit(another, server), FRESH);
    server.port = 444;
    assert_int_equal(visit(tls, server), FRESH);
    server.host = "other.example";
    assert_int_equal(visit(tls, server), REFUSED);
    server.host = "any.wild.example";
    assert_int_equal(visit(tls, server), FRESH);
    assert_int_equal(visit(tls, good), RESUMED);
    spectacles_tls_free(tls);
    spectacles_tls_free(another);
}

/* A handshake that fails with a session might succeed without it: the next one is tried so. */
static void a_session_that_fails_is_forgotten(void **state)
{
    (void)state;
    spectacles_tls *tls = make_tls(NULL, NULL, 0);
    visited_server old = good;
    assert_int_equal(visit(tls, good), FRESH);
    old.speaks = TLS_1_0;
    assert_int_equal(visit(tls, old), REFUSED);
    assert_int_equal(visit(tls, good), FRESH);
    assert_int_equal(visit(tls, good), RESUMED);
    spectacles_tls_free(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_is_for_its_host_and_port),
        cmocka_unit_test(the_last_sixteen_hosts_are_kept),
        cmocka_unit_test(a_session_is_taken_up_again),
        cmocka_unit_test(a_session_is_for_its_host_alone),
        cmocka_unit_test(a_session_that_fails_is_forgotten),
    };
    return cmocka_run_group_tests_name("net/tls_tickets", tests, NULL, NULL);
}
