/* TLS inside the link, against a server in this process, over real sockets: whatever can go wrong. */
#include "certificates.h"
#include "net/processor.h"
#include "net/tls.h"
#include "tls_scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
    answer(&pair, good_pem, server_key, NULL);
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
static void what_is_left_of_a_record_is_read(void **state)
{
    (void)state;
    int ends[2];
    uint8_t bytes[100];
    sp_text why;
    sp_tls_session *session = NULL;
    spectacles_tls *tls = make_tls(NULL, NULL, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    tls_server *server = tls_server_new(ends[1], good_pem, server_key, NULL);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(sp_tls_session_new(&session, tls, ends[0], "gateway.example", 443), SPECTACLES_OK);
    while (sp_tls_handshake(session, &why) != 1)
        assert_true(tls_server_shake(server) >= 0);
    tls_server_shake(server);
    assert_int_equal(tls_server_write(server, (const uint8_t *)"hello there", 11), 11);
    sp_tls_ready(session);
    assert_int_equal(sp_tls_read(session, bytes, 5, &why), 5);
    assert_int_equal(sp_tls_read(session, bytes, sizeof bytes, &why), 6);
    assert_memory_equal(bytes, " there", 6);
    assert_int_equal(sp_tls_read(session, bytes, sizeof bytes, &why), SP_TLS_WANTS_READ);
    tls_server_free(server);
    sp_tls_session_free(session);
    spectacles_tls_free(tls);
    close(ends[0]);
    close(ends[1]);
}

/*
 * The socket is full in the middle of a record: the engine may put other bytes in front, and the peer sees none twice.
 */
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
    size_t taken = MUCH - scene->toy.out_length;
    /* Also when the engine has nothing more to say. */
    scene->toy.out_length = 0;
    assert_int_equal(spectacles_link_interest(scene->link) & SPECTACLES_LINK_WRITE, SPECTACLES_LINK_WRITE);
    /* Something shorter comes first now. */
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

static const char cut_off[] =
    "lost the TLS connection to gateway.example: the peer closed the connection without a "
    "close_notify of TLS";

/* Whoever stands in between can end the TCP connection. Only the peer can say goodbye. */
static void an_end_with_a_goodbye_is_told_from_one_without(void **state)
{
    (void)state;
    for (int polite = 0; polite < 2; polite++) {
        sp_pair pair = talk_well();
        serve(&pair, (const uint8_t *)"last words", 10);
        if (polite)
            tls_server_goodbye(pair.server);
        shutdown(pair.scene->peer, SHUT_RDWR);
        check_end(&pair, polite ? SPECTACLES_OK : SPECTACLES_E_CLOSED, polite ? "" : cut_off);
        assert_int_equal(pair.scene->toy.in_length, 10);
        part(&pair);
    }
}

static void a_record_that_is_cut_off_is_named(void **state)
{
    (void)state;
    sp_pair pair = talk_well();
    tls_server_hold(pair.server, SIZE_MAX, tls_server_gone(pair.server) + 20);
    tls_server_write(pair.server, (const uint8_t *)"a record of some length, of which twenty bytes go out",
                     53);
    for (int i = 0; i < 3; i++)
        scene_turn(pair.scene);
    assert_int_equal(pair.scene->toy.in_length, 0);
    assert_true(spectacles_link_deadline(pair.scene->link) > pair.scene->now);
    shutdown(pair.scene->peer, SHUT_RDWR);
    check_end(&pair, SPECTACLES_E_CLOSED, cut_off);
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

static sp_pair meet_under_a_name(const char *name)
{
    sp_pair pair = {.tls = make_tls(NULL, NULL, 0)};
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.tls = pair.tls;
    pair.scene = scene_begin("127.0.0.1", &config);
    pair.scene->toy.endpoint.tls = 1;
    pair.scene->toy.endpoint.server_name = name;
    scene_accept(pair.scene);
    answer(&pair, other_pem, server_key, NULL);
    shake(&pair);
    return pair;
}

/* server_name_indication of an AMQP URL: a RabbitMQ that is reached by an address, or through a tunnel. */
static void the_endpoint_may_name_whom_the_certificate_is_for(void **state)
{
    (void)state;
    sp_pair pair = meet_under_a_name("other.example");
    assert_int_equal(pair.scene->toy.opened, 1);
    assert_string_equal(tls_server_asked_for(pair.server), "other.example");
    check_talk(&pair);
    part(&pair);
    pair = meet_under_a_name("gateway.example");
    check_end(&pair, SPECTACLES_E_TLS, "gateway.example");
    part(&pair);
}

/* A server that asks for a certificate of ours. */
static void we_can_show_a_certificate(void **state)
{
    (void)state;
    uint8_t bytes[5];
    for (int shown = 0; shown < 2; shown++) {
        sp_pair pair =
            meet("gateway.example", make_tls(shown ? other_pem : NULL, shown ? server_key : NULL, 0));
        answer(&pair, good_pem, server_key, ca_pem);
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
            assert_non_null(strstr(pair.scene->toy.text, "wants a client certificate"));
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

/* What the server sends until the client has an open connection. */
static size_t length_of_a_handshake(void)
{
    sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
    answer(&pair, good_pem, server_key, NULL);
    while (!pair.scene->toy.opened) {
        tls_server_shake(pair.server);
        scene_turn(pair.scene);
    }
    size_t length = tls_server_gone(pair.server);
    part(&pair);
    return length;
}

static sp_pair shake_until(size_t bytes)
{
    sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
    answer(&pair, good_pem, server_key, NULL);
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

/* ---- What a server may do ---- */

/* TLS 1.0 is not offered, and neither is a server that has nothing else believed. */
static void old_versions_are_refused(void **state)
{
    (void)state;
    scene_set_version(TLS_1_0);
    sp_pair pair = talk(good_pem, server_key, "gateway.example");
    check_end(&pair, SPECTACLES_E_TLS, "no version of TLS that");
    part(&pair);
    scene_set_version(0);
}

/* RFC 6066, section 3: a name without a dot at its end, and never an address. */
static void the_host_is_asked_for_by_its_name(void **state)
{
    static const struct {
        const char *host;
        const char *asked;
    } cases[] = {
        {"gateway.example", "gateway.example"}, {"gateway.example.", "gateway.example"}, {"127.0.0.1", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_pair pair = talk(good_pem, server_key, cases[i].host);
        assert_int_equal(pair.scene->toy.opened, 1);
        const char *asked = tls_server_asked_for(pair.server);
        if (cases[i].asked)
            assert_string_equal(asked, cases[i].asked);
        else
            assert_null(asked);
        part(&pair);
    }
}

/* A second handshake on the same connection (RFC 5246, section 7.4.1.1) is declined, and the connection goes on. */
static void the_peer_may_ask_for_another_handshake(void **state)
{
    (void)state;
    scene_set_version(TLS_1_2);
    sp_pair pair = talk_well();
    uint8_t byte;
    tls_server_renegotiate(pair.server);
    for (int i = 0; i < 3; i++)
        scene_turn(pair.scene);
    /* OpenSSL's server takes a "no" for an error. */
    assert_int_equal(tls_server_read(pair.server, &byte, 1), -2);
    assert_int_equal(pair.scene->toy.ended, 0);
    assert_int_equal(spectacles_link_interest(pair.scene->link), SPECTACLES_LINK_READ);
    part(&pair);
    scene_set_version(0);
}

#if SP_TLS_OPENSSL
/* The server takes the first of our ciphers that it knows. What comes first is what this processor does fast. */
static void the_fast_cipher_comes_first(void **state)
{
    static const struct {
        int speaks;
        const char *knows;
        const char *with_aes;
        const char *without;
    } cases[] = {
        {TLS_1_3, NULL, "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
        {TLS_1_2, "ALL", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
        {TLS_1_2, "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305",
         "ECDHE-ECDSA-CHACHA20-POLY1305"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
        answer(&pair, good_pem, server_key, NULL);
        tls_server_set_version(pair.server, cases[i].speaks);
        if (cases[i].knows)
            tls_server_set_ciphers(pair.server, cases[i].knows);
        shake(&pair);
        assert_int_equal(pair.scene->toy.opened, 1);
        assert_string_equal(tls_server_cipher(pair.server),
                            sp_processor_has_aes() ? cases[i].with_aes : cases[i].without);
        part(&pair);
    }
}

/*
 * RFC 8446, section 4.6.3: the peer changes its key and wants ours changed, in the middle of everything. mbedTLS 3.6
 * takes no such message: it ends the connection.
 */
static void keys_may_be_updated(void **state)
{
    (void)state;
    sp_pair pair = talk_well();
    for (int i = 0; i < 3; i++) {
        tls_server_update_keys(pair.server);
        check_talk(&pair);
    }
    part(&pair);
}

#endif

static void the_library_has_a_name(void **state)
{
    (void)state;
    const char *library = spectacles_tls_library();
    assert_int_equal(strncmp(library, SP_TLS_OPENSSL ? "OpenSSL " : "mbedTLS ", 8), 0);
    assert_non_null(strchr(library, '.'));
}

static int speak_1_2(void **state)
{
    (void)state;
    scene_set_version(TLS_1_2);
    return 0;
}

static int speak_1_3(void **state)
{
    (void)state;
    scene_set_version(TLS_1_3);
    return 0;
}

static int speak_any(void **state)
{
    (void)state;
    scene_set_version(0);
    return 0;
}

#define IN_1_2(test)                                                                                         \
    {                                                                                                        \
#test " (TLS 1.2)", test, speak_1_2, speak_any, NULL                                                 \
    }
#define IN_1_3(test)                                                                                         \
    {                                                                                                        \
#test " (TLS 1.3)", test, speak_1_3, speak_any, NULL                                                 \
    }

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_left_of_a_record_is_read),
    cmocka_unit_test(a_port_without_tls_is_named),
    cmocka_unit_test(old_versions_are_refused),
    cmocka_unit_test(the_host_is_asked_for_by_its_name),
    cmocka_unit_test(the_peer_may_ask_for_another_handshake),
    cmocka_unit_test(the_library_has_a_name),
#if SP_TLS_OPENSSL
    cmocka_unit_test(the_fast_cipher_comes_first),
#endif
    IN_1_2(bytes_go_both_ways),
    IN_1_2(records_may_come_byte_by_byte),
    IN_1_2(what_waits_inside_is_not_forgotten),
    IN_1_2(a_full_socket_holds_one_record),
    IN_1_2(an_end_with_a_goodbye_is_told_from_one_without),
    IN_1_2(a_record_that_is_cut_off_is_named),
    IN_1_2(a_reset_is_a_sentence),
    IN_1_2(a_spoilt_record_ends_the_connection),
    IN_1_2(we_say_goodbye),
    IN_1_2(we_can_show_a_certificate),
    IN_1_2(the_endpoint_may_name_whom_the_certificate_is_for),
    IN_1_2(a_handshake_may_stop_anywhere),
};

static const struct CMUnitTest tests_of_1_3[] = {
    IN_1_3(bytes_go_both_ways),
    IN_1_3(records_may_come_byte_by_byte),
    IN_1_3(what_waits_inside_is_not_forgotten),
    IN_1_3(a_full_socket_holds_one_record),
    IN_1_3(an_end_with_a_goodbye_is_told_from_one_without),
    IN_1_3(a_record_that_is_cut_off_is_named),
    IN_1_3(a_reset_is_a_sentence),
    IN_1_3(a_spoilt_record_ends_the_connection),
    IN_1_3(we_say_goodbye),
    IN_1_3(we_can_show_a_certificate),
    IN_1_3(the_endpoint_may_name_whom_the_certificate_is_for),
    IN_1_3(a_handshake_may_stop_anywhere),
#if SP_TLS_OPENSSL
    IN_1_3(keys_may_be_updated),
#endif
};

int main(void)
{
    struct CMUnitTest all[sizeof tests / sizeof *tests + sizeof tests_of_1_3 / sizeof *tests_of_1_3];
    memcpy(all, tests, sizeof tests);
    memcpy(all + sizeof tests / sizeof *tests, tests_of_1_3, sizeof tests_of_1_3);
    size_t count = (scene_has_tls_1_3() ? sizeof all : sizeof tests) / sizeof *tests;
    return _cmocka_run_group_tests("net/tls", all, count, NULL, NULL);
}
