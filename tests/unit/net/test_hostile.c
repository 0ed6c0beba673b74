/* Peers that break TLS: each ends the connection with a sentence, and with nothing else. */
#include "certificates.h"
#include "tls_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECORD_HEAD = 5,
    TYPE_CHANGE_CIPHER_SPEC = 20,
    TYPE_ALERT = 21,
    TYPE_HANDSHAKE = 22,
    TYPE_DATA = 23
};

static void check_sentence(const sp_scene *scene)
{
    assert_int_equal(scene->toy.ended, 1);
    assert_true(strlen(scene->toy.text) > 20);
    assert_null(strstr(scene->toy.text, "0x"));
    assert_int_equal(scene->toy.in_length, 0);
    assert_int_equal(spectacles_link_fd(scene->link), -1);
}

static void throw(const sp_scene *scene, const uint8_t *bytes, size_t length)
{
    assert_int_equal(send(scene->peer, bytes, length, MSG_NOSIGNAL), length);
}

static size_t record(uint8_t *out, uint8_t type, size_t claims, const uint8_t *body, size_t length)
{
    const uint8_t head[RECORD_HEAD] = {type, 3, 3, (uint8_t)(claims >> 8), (uint8_t)claims};
    memcpy(out, head, sizeof head);
    if (length > 0)
        memcpy(out + sizeof head, body, length);
    return sizeof head + length;
}

static void noise_instead_of_a_handshake_is_refused(void **state)
{
    uint8_t bytes[600];
    (void)state;
    srand(7);
    for (int i = 0; i < 200; i++) {
        sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
        size_t length = 1 + (size_t)rand() % sizeof bytes;
        for (size_t at = 0; at < length; at++)
            bytes[at] = (uint8_t)rand();
        /* Half of it looks like a record, so that the noise comes further. */
        if (i % 2)
            length = record(bytes, TYPE_HANDSHAKE, length, bytes + RECORD_HEAD,
                            length > RECORD_HEAD ? length - RECORD_HEAD : 0);
        throw(pair.scene, bytes, length);
        shutdown(pair.scene->peer, SHUT_WR);
        wait_for_the_end(pair.scene);
        check_sentence(pair.scene);
        assert_int_equal(pair.scene->toy.error, SPECTACLES_E_TLS);
        assert_int_equal(pair.scene->toy.opened, 0);
        part(&pair);
    }
}

static size_t length_of_a_handshake(void)
{
    sp_pair pair = talk_well();
    size_t length = tls_server_gone(pair.server);
    part(&pair);
    return length;
}

/* One byte is another one: the handshake fails, or it was a byte that means nothing. Nobody is trusted for it. */
static void a_handshake_that_is_spoilt_anywhere_ends(void **state)
{
    (void)state;
    size_t length = length_of_a_handshake();
    for (size_t at = 0; at < length; at += 13) {
        sp_pair pair = meet("gateway.example", make_tls(NULL, NULL, 0));
        answer(&pair, good_pem, server_key, NULL);
        tls_server_spoil_at(pair.server, at);
        for (int i = 0; i < 200 && !pair.scene->toy.opened && !pair.scene->toy.ended; i++) {
            /* Whoever waits for the rest of a record that is longer now is not kept waiting. */
            if (tls_server_shake(pair.server) < 0 || i > 20)
                shutdown(pair.scene->peer, SHUT_WR);
            scene_turn(pair.scene);
        }
        assert_true(pair.scene->toy.opened || pair.scene->toy.ended);
        if (pair.scene->toy.ended)
            check_sentence(pair.scene);
        part(&pair);
    }
}

/* What follows the handshake, in plain: each of it is refused. */
static void nonsense_behind_the_handshake_is_refused(void **state)
{
    static uint8_t body[17000];
    static uint8_t bytes[RECORD_HEAD + sizeof body];
    static const struct {
        uint8_t type;
        size_t claims;
        size_t length;
    } cases[] = {
        {TYPE_DATA, 5, 5},         /* not encrypted */
        {TYPE_DATA, 0, 0},         /* nothing, not even what proves it */
        {TYPE_DATA, 65535, 16000}, /* longer than any record may be */
        {TYPE_DATA, 17000, 17000}, /* the same, whole */
        {TYPE_ALERT, 2, 2},        /* an alert in plain */
        {TYPE_HANDSHAKE, 4, 4},    /* a handshake in plain */
        {TYPE_CHANGE_CIPHER_SPEC, 1, 1},
        {99, 30, 30}, /* no kind of record */
        {'H', 0x5454, 100},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_pair pair = talk_well();
        memset(body, i % 2 ? 0 : 2, sizeof body);
        throw(pair.scene, bytes, record(bytes, cases[i].type, cases[i].claims, body, cases[i].length));
        for (int turn = 0; turn < 5; turn++)
            scene_turn(pair.scene);
        /* What is not refused at once waits for the rest of the record, and the end comes before it. */
        shutdown(pair.scene->peer, SHUT_WR);
        wait_for_the_end(pair.scene);
        check_sentence(pair.scene);
        assert_int_equal(pair.scene->toy.error, SPECTACLES_E_CLOSED);
        part(&pair);
    }
}

/* A peer that reads nothing: the engine keeps its bytes. TLS has taken a record, and no more. */
static void a_peer_that_reads_nothing_is_not_written_to(void **state)
{
    static uint8_t much[64000];
    (void)state;
    sp_pair pair = talk_well();
    sp_scene *scene = pair.scene;
    for (int i = 0; i < 2000; i++) {
        if (scene->toy.out_length == 0)
            scene->toy.out_length = sizeof much;
        scene->toy.out = much + sizeof much - scene->toy.out_length;
        spectacles_link_process(scene->link, SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE, scene->now);
    }
    assert_int_equal(scene->toy.ended, 0);
    assert_true(scene->toy.out_length > 0);
    part(&pair);
}

static int speak_1_2(void **state)
{
    (void)state;
    scene_set_version(TLS_1_2);
    return 0;
}

static int speak_any(void **state)
{
    (void)state;
    scene_set_version(0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_instead_of_a_handshake_is_refused),
        cmocka_unit_test(a_handshake_that_is_spoilt_anywhere_ends),
        cmocka_unit_test(nonsense_behind_the_handshake_is_refused),
        {"a_handshake_that_is_spoilt_anywhere_ends (TLS 1.2)", a_handshake_that_is_spoilt_anywhere_ends,
         speak_1_2, speak_any, NULL},
        {"nonsense_behind_the_handshake_is_refused (TLS 1.2)", nonsense_behind_the_handshake_is_refused,
         speak_1_2, speak_any, NULL},
        cmocka_unit_test(a_peer_that_reads_nothing_is_not_written_to),
    };
    return cmocka_run_group_tests_name("net/hostile", tests, NULL, NULL);
}
