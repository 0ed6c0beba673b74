/* TLS inside the link, against a server in this process: real sockets, a throw-away authority, and whatever can go wrong. */
#include "certificates.h"
#include "net/tls.h"
#include "tls_server.h"
#include "toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct sp_pair {
    sp_scene *scene;
    tls_server *server;
    spectacles_tls *tls;
} sp_pair;

/* ---- Setting the scene ---- */

static const char *file_of(const char *text)
{
    static char paths[8][32];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "/tmp/spectacles-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static spectacles_tls *make_tls(const char *cert, const char *key, uint32_t flags)
{
    spectacles_problem problem = {0};
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.flags = flags;
    config.ca_file = flags ? NULL : file_of(ca_pem);
    config.cert_file = cert ? file_of(cert) : NULL;
    config.key_file = key ? file_of(key) : NULL;
    if (spectacles_tls_new(&tls, &config, &problem) != SPECTACLES_OK)
        fail_msg("%s", problem.text);
    const char *const made[] = {config.ca_file, config.cert_file, config.key_file};
    for (size_t i = 0; i < 3; i++) {
        if (made[i])
            unlink(made[i]);
    }
    return tls;
}

/* A link to this host and a peer that has accepted its TCP connection; no server yet. */
static sp_pair meet(const char *host, spectacles_tls *tls)
{
    sp_pair pair = {.tls = tls};
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.tls = tls;
    pair.scene = scene_begin(host, &config);
    pair.scene->toy.endpoint.tls = 1;
    scene_turn(pair.scene);
    if (spectacles_link_wants_address(pair.scene->link))
        assert_int_equal(spectacles_link_set_address(pair.scene->link, "127.0.0.1", 9), SPECTACLES_OK);
    scene_accept(pair.scene);
    return pair;
}

static void part(sp_pair *pair)
{
    if (pair->server)
        tls_server_free(pair->server);
    scene_end(pair->scene);
    spectacles_tls_free(pair->tls);
}

/* Both shake hands, until the link has an open connection or has given up. */
static void shake(sp_pair *pair)
{
    for (int i = 0; i < 20000 && !pair->scene->toy.opened && !pair->scene->toy.ended; i++) {
        tls_server_shake(pair->server);
        scene_turn(pair->scene);
    }
    assert_true(pair->scene->toy.opened || pair->scene->toy.ended);
    tls_server_shake(pair->server);
}

static sp_pair talk(const char *certificate, const char *key, const char *host)
{
    sp_pair pair = meet(host, make_tls(NULL, NULL, 0));
    pair.server = tls_server_new(pair.scene->peer, certificate, key, NULL);
    shake(&pair);
    return pair;
}

static sp_pair talk_well(void)
{
    sp_pair pair = talk(good_pem, server_key, "gateway.example");
    assert_int_equal(pair.scene->toy.opened, 1);
    return pair;
}

static void fill(uint8_t *bytes, size_t length)
{
    uint32_t noise = 7;
    for (size_t i = 0; i < length; i++) {
        noise = noise * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(noise >> 24);
    }
}

/* Sends it all, with turns of the link in between. */
static void serve(sp_pair *pair, const uint8_t *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        int put = tls_server_write(pair->server, bytes + sent, length - sent);
        assert_true(put >= 0);
        sent += (size_t)put;
        scene_turn(pair->scene);
    }
}

static void wait_for_the_end(sp_scene *scene)
{
    until(scene->toy.ended);
    assert_int_equal(scene->toy.ended, 1);
}

static void check_end(sp_pair *pair, int error, const char *words)
{
    wait_for_the_end(pair->scene);
    assert_int_equal(pair->scene->toy.error, error);
    if (!strstr(pair->scene->toy.text, words))
        fail_msg("\"%s\", expected: %s", pair->scene->toy.text, words);
    assert_int_equal(spectacles_link_fd(pair->scene->link), -1);
}

/* ---- Bytes ---- */

static void bytes_go_both_ways(void **state)
{
    (void)state;
    enum {
        MUCH = 900000
    };
    sp_pair pair = talk_well();
    sp_scene *scene = pair.scene;
    uint8_t *bytes = test_malloc(MUCH);
    uint8_t *back = test_malloc(MUCH);
    fill(bytes, MUCH);
    serve(&pair, bytes, MUCH);
    until(scene->toy.in_length == MUCH);
    assert_memory_equal(scene->toy.in, bytes, MUCH);
    scene->toy.out = bytes;
    scene->toy.out_length = MUCH;
    for (size_t got = 0; got < MUCH;) {
        scene_turn(scene);
        int some = tls_server_read(pair.server, back + got, MUCH - got);
        assert_true(some >= 0);
        got += (size_t)some;
    }
    assert_memory_equal(back, bytes, MUCH);
    assert_int_equal(spectacles_link_interest(scene->link), SPECTACLES_LINK_READ);
    test_free(bytes);
    test_free(back);
    part(&pair);
}

/* TCP cuts where it likes: in the head of a record, in its middle, between two. */
static void records_may_come_byte_by_byte(void **state)
{
    (void)state;
    sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
    pair.server = tls_server_new(pair.scene->peer, good_pem, server_key, NULL);
    tls_server_hold(pair.server, 1, SIZE_MAX);
    shake(&pair);
    assert_int_equal(pair.scene->toy.opened, 1);
    uint8_t bytes[600];
    fill(bytes, sizeof bytes);
    serve(&pair, bytes, 100);
    serve(&pair, bytes + 100, 1);
    serve(&pair, bytes + 101, sizeof bytes - 101);
    sp_scene *scene = pair.scene;
    until(scene->toy.in_length == sizeof bytes);
    assert_memory_equal(scene->toy.in, bytes, sizeof bytes);
    part(&pair);
}

/* A record is 16 KiB at most, and a turn reads more: what mbedTLS still holds is not announced by the socket. */
static void what_waits_inside_is_not_forgotten(void **state)
{
    (void)state;
    static uint8_t bytes[40000];
    sp_pair pair = talk_well();
    sp_scene *scene = pair.scene;
    fill(bytes, sizeof bytes);
    scene->toy.wants_input = 0;
    serve(&pair, bytes, sizeof bytes);
    assert_int_equal(scene->toy.in_length, 0);
    assert_int_equal(spectacles_link_interest(scene->link) & SPECTACLES_LINK_READ, 0);
    scene->toy.wants_input = 1;
    until(scene->toy.in_length == sizeof bytes);
    assert_memory_equal(scene->toy.in, bytes, sizeof bytes);
    part(&pair);
}

/* The rest of a record that was read in part: no socket will announce it. */
static void what_is_left_of_a_record_is_known(void **state)
{
    (void)state;
    int ends[2];
    uint8_t bytes[100];
    sp_text why;
    sp_tls_session *stream = NULL;
    spectacles_tls *tls = make_tls(NULL, NULL, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    tls_server *server = tls_server_new(ends[1], good_pem, server_key, NULL);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(sp_tls_session_new(&stream, tls, ends[0], "gateway.example"), SPECTACLES_OK);
    while (sp_tls_handshake(stream, &why) != 1)
        assert_true(tls_server_shake(server) >= 0);
    tls_server_shake(server);
    assert_int_equal(tls_server_write(server, (const uint8_t *)"hello there", 11), 11);
    assert_int_equal(sp_tls_read(stream, bytes, 5, &why), 5);
    assert_true(sp_tls_has_more(stream));
    assert_int_equal(sp_tls_read(stream, bytes, sizeof bytes, &why), 6);
    assert_memory_equal(bytes, " there", 6);
    assert_false(sp_tls_has_more(stream));
    assert_int_equal(sp_tls_read(stream, bytes, sizeof bytes, &why), SP_TLS_WANTS_READ);
    tls_server_free(server);
    sp_tls_session_free(stream);
    spectacles_tls_free(tls);
    close(ends[0]);
    close(ends[1]);
}

/* The socket is full in the middle of a record: the engine may put other bytes in front, and the peer sees none twice. */
static void a_full_socket_holds_one_record(void **state)
{
    (void)state;
    enum {
        MUCH = 8 << 20
    };
    sp_pair pair = talk_well();
    sp_scene *scene = pair.scene;
    uint8_t *bytes = test_malloc(MUCH);
    uint8_t *back = test_malloc(MUCH);
    fill(bytes, MUCH);
    scene->toy.out = bytes;
    scene->toy.out_length = MUCH;
    size_t before;
    do {
        before = scene->toy.out_length;
        scene_turn(scene);
    } while (scene->toy.out_length < before);
    assert_true(scene->toy.out_length > 0);
    assert_int_equal(spectacles_link_interest(scene->link) & SPECTACLES_LINK_WRITE, SPECTACLES_LINK_WRITE);
    /* Something shorter comes first now. */
    size_t taken = MUCH - scene->toy.out_length;
    scene->toy.out = (const uint8_t *)"urgent";
    scene->toy.out_length = 6;
    size_t got = 0;
    while (got < taken + 6) {
        int some = tls_server_read(pair.server, back + got, MUCH - got);
        assert_true(some >= 0);
        got += (size_t)some;
        scene_turn(scene);
    }
    assert_memory_equal(back, bytes, taken);
    assert_memory_equal(back + taken, "urgent", 6);
    assert_int_equal(scene->toy.out_length, 0);
    test_free(bytes);
    test_free(back);
    part(&pair);
}

/* ---- Ends ---- */

static void the_end_is_an_end_with_and_without_a_goodbye(void **state)
{
    (void)state;
    for (int polite = 0; polite < 2; polite++) {
        sp_pair pair = talk_well();
        serve(&pair, (const uint8_t *)"last words", 10);
        if (polite)
            tls_server_goodbye(pair.server);
        shutdown(pair.scene->peer, SHUT_RDWR);
        check_end(&pair, SPECTACLES_OK, "");
        assert_int_equal(pair.scene->toy.in_length, 10);
        part(&pair);
    }
}

static void a_record_that_is_cut_off_is_an_end(void **state)
{
    (void)state;
    sp_pair pair = talk_well();
    tls_server_hold(pair.server, SIZE_MAX, tls_server_gone(pair.server) + 20);
    tls_server_write(pair.server, (const uint8_t *)"a record of some length, of which twenty bytes go out",
                     53);
    for (int i = 0; i < 3; i++)
        scene_turn(pair.scene);
    assert_int_equal(pair.scene->toy.in_length, 0);
    shutdown(pair.scene->peer, SHUT_RDWR);
    check_end(&pair, SPECTACLES_OK, "");
    part(&pair);
}

static void a_reset_is_a_sentence(void **state)
{
    (void)state;
    sp_pair pair = talk_well();
    struct linger hard = {1, 0};
    setsockopt(pair.scene->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(pair.scene->peer);
    pair.scene->peer = -1;
    check_end(&pair, SPECTACLES_E_CLOSED, "lost the TLS connection to gateway.example: connection reset");
    part(&pair);
}

static void a_spoilt_record_ends_the_connection(void **state)
{
    (void)state;
    sp_pair pair = talk_well();
    tls_server_spoil(pair.server);
    tls_server_write(pair.server, (const uint8_t *)"hello", 5);
    tls_server_write(pair.server, (const uint8_t *)"hello", 5);
    check_end(&pair, SPECTACLES_E_CLOSED, "lost the TLS connection to gateway.example: ");
    assert_int_equal(pair.scene->toy.in_length, 0);
    part(&pair);
}

static void we_say_goodbye(void **state)
{
    (void)state;
    uint8_t byte;
    sp_pair pair = talk_well();
    pair.scene->toy.wants_connection = 0;
    scene_turn(pair.scene);
    int got = 0;
    for (int i = 0; i < 100 && got == 0; i++) {
        got = tls_server_read(pair.server, &byte, 1);
        scene_turn(pair.scene);
    }
    assert_int_equal(got, -1);
    assert_int_equal(pair.scene->toy.ended, 0);
    part(&pair);
}

/* ---- Whom we trust ---- */

static void refused(const char *certificate, const char *key, const char *host, const char *words)
{
    sp_pair pair = talk(certificate, key, host);
    assert_int_equal(pair.scene->toy.opened, 0);
    check_end(&pair, SPECTACLES_E_TLS, words);
    assert_non_null(strstr(pair.scene->toy.text, host));
    part(&pair);
}

static void accepted(const char *certificate, const char *host)
{
    sp_pair pair = talk(certificate, server_key, host);
    if (!pair.scene->toy.opened)
        fail_msg("%s: %s", host, pair.scene->toy.text);
    part(&pair);
}

static void only_the_right_certificate_is_trusted(void **state)
{
    (void)state;
    accepted(good_pem, "gateway.example");
    accepted(good_pem, "GATEWAY.example");
    accepted(good_pem, "any.wild.example");
    accepted(good_pem, "127.0.0.1");
    accepted(other_pem, "other.example");
    refused(other_pem, server_key, "gateway.example", "is not trusted: it is for another host name");
    refused(other_pem, server_key, "127.0.0.1", "is not trusted: it is for another host name");
    refused(good_pem, server_key, "wild.example", "it is for another host name");
    refused(good_pem, server_key, "a.b.wild.example", "it is for another host name");
    refused(expired_pem, server_key, "gateway.example", "it has expired");
    refused(future_pem, server_key, "gateway.example", "it is not valid yet (is the clock right?)");
    refused(foreign_pem, foreign_key, "gateway.example", "it is not signed by a known authority");
    refused(foreign_pem, foreign_key, "127.0.0.1", "it is not signed by a known authority");
    refused(foreign_pem, foreign_key, "other.example", "it is for another host name, and it is not signed");
}

static void insecure_is_what_its_name_says(void **state)
{
    (void)state;
    sp_pair pair = meet("other.example", make_tls(NULL, NULL, SPECTACLES_TLS_INSECURE_NO_VERIFICATION));
    pair.server = tls_server_new(pair.scene->peer, foreign_pem, foreign_key, NULL);
    shake(&pair);
    assert_int_equal(pair.scene->toy.opened, 1);
    part(&pair);
}

/* Noticed when both are loaded, and not by the peer's alert. */
static void a_key_of_another_certificate_is_named(void **state)
{
    spectacles_problem problem = {0};
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    (void)state;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = file_of(ca_pem);
    config.cert_file = file_of(foreign_pem);
    config.key_file = file_of(server_key);
    assert_int_equal(spectacles_tls_new(&tls, &config, &problem), SPECTACLES_E_INVAL);
    assert_null(tls);
    assert_non_null(strstr(problem.text, "does not belong to the certificate in"));
    assert_non_null(strstr(problem.text, config.key_file));
    assert_non_null(strstr(problem.text, config.cert_file));
    unlink(config.ca_file);
    unlink(config.cert_file);
    unlink(config.key_file);
}

/* A server that asks for a certificate of ours. */
static void we_can_show_a_certificate(void **state)
{
    (void)state;
    uint8_t bytes[5];
    for (int shown = 0; shown < 2; shown++) {
        sp_pair pair =
            meet("gateway.example", make_tls(shown ? other_pem : NULL, shown ? server_key : NULL, 0));
        pair.server = tls_server_new(pair.scene->peer, good_pem, server_key, ca_pem);
        shake(&pair);
        if (shown) {
            assert_int_equal(pair.scene->toy.opened, 1);
            pair.scene->toy.out = (const uint8_t *)"hello";
            pair.scene->toy.out_length = 5;
            scene_turn(pair.scene);
            int got = 0;
            for (int i = 0; i < 100 && got == 0; i++)
                got = tls_server_read(pair.server, bytes, sizeof bytes);
            assert_int_equal(got, 5);
        } else {
            wait_for_the_end(pair.scene);
            assert_non_null(strstr(pair.scene->toy.text, "does it want a client certificate"));
        }
        part(&pair);
    }
}

static void a_port_without_tls_is_named(void **state)
{
    (void)state;
    static const char *const greetings[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"};
    for (size_t i = 0; i < 2; i++) {
        sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
        assert_true(send(pair.scene->peer, greetings[i], strlen(greetings[i]), 0) > 0);
        check_end(&pair, SPECTACLES_E_TLS, "the peer does not speak TLS on this port");
        part(&pair);
    }
}

/* ---- A handshake that goes no further ---- */

static size_t length_of_a_handshake(void)
{
    sp_pair pair = talk_well();
    size_t length = tls_server_gone(pair.server);
    part(&pair);
    return length;
}

static sp_pair shake_until(size_t bytes)
{
    sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
    pair.server = tls_server_new(pair.scene->peer, good_pem, server_key, NULL);
    tls_server_hold(pair.server, SIZE_MAX, bytes);
    for (int i = 0; i < 100 && tls_server_gone(pair.server) < bytes; i++) {
        tls_server_shake(pair.server);
        scene_turn(pair.scene);
    }
    assert_int_equal(tls_server_gone(pair.server), bytes);
    assert_int_equal(pair.scene->toy.opened, 0);
    return pair;
}

/* After any byte: silence lasts 20 s of the link's clock, and an end is told at once. */
static void a_handshake_may_stop_anywhere(void **state)
{
    (void)state;
    size_t length = length_of_a_handshake();
    assert_true(length > 500);
    for (size_t cut = 0; cut < length; cut += 41) {
        sp_pair pair = shake_until(cut);
        pair.scene->now = 20999;
        scene_turn(pair.scene);
        assert_int_equal(pair.scene->toy.ended, 0);
        assert_int_equal(spectacles_link_deadline(pair.scene->link), 21000);
        pair.scene->now = 21000;
        check_end(&pair, SPECTACLES_E_SYS, "timed out after 20000 ms");
        assert_non_null(strstr(pair.scene->toy.text, "while the TLS handshake"));
        part(&pair);

        pair = shake_until(cut);
        shutdown(pair.scene->peer, SHUT_RDWR);
        wait_for_the_end(pair.scene);
        assert_int_equal(pair.scene->toy.error, SPECTACLES_E_TLS);
        assert_non_null(strstr(pair.scene->toy.text, "the TLS handshake failed with gateway.example"));
        part(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(records_may_come_byte_by_byte),
        cmocka_unit_test(what_waits_inside_is_not_forgotten),
        cmocka_unit_test(what_is_left_of_a_record_is_known),
        cmocka_unit_test(a_full_socket_holds_one_record),
        cmocka_unit_test(the_end_is_an_end_with_and_without_a_goodbye),
        cmocka_unit_test(a_record_that_is_cut_off_is_an_end),
        cmocka_unit_test(a_reset_is_a_sentence),
        cmocka_unit_test(a_spoilt_record_ends_the_connection),
        cmocka_unit_test(we_say_goodbye),
        cmocka_unit_test(only_the_right_certificate_is_trusted),
        cmocka_unit_test(insecure_is_what_its_name_says),
        cmocka_unit_test(a_key_of_another_certificate_is_named),
        cmocka_unit_test(we_can_show_a_certificate),
        cmocka_unit_test(a_port_without_tls_is_named),
        cmocka_unit_test(a_handshake_may_stop_anywhere),
    };
    return cmocka_run_group_tests_name("net/tls", tests, NULL, NULL);
}
