/* An attempt that has TCP is not through yet: what TLS does, or does not do, while several addresses race. */
#include "certificates.h"
#include "tls_scene.h"

#include <spectacles/poller.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__linux__)

static const char both[] = "127.0.0.1 127.0.0.2";

/* TCP stands at the first of two addresses, and nobody shakes hands there yet. */
static sp_pair meet_first(int *second)
{
    sp_pair pair = {.tls = make_tls(NULL, NULL, 0)};
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.tls = pair.tls;
    pair.scene = scene_begin("gateway.example", &config);
    pair.scene->toy.endpoint.tls = 1;
    *second = scene_listen_at(pair.scene, 2);
    scene_resolve(pair.scene, both);
    scene_accept(pair.scene);
    scene_turn(pair.scene);
    return pair;
}

static void meet_second(sp_pair *pair, int second)
{
    close(pair->scene->peer);
    pair->scene->peer = scene_accept_at(pair->scene, second);
    answer(pair, good_pem, server_key, NULL);
    shake(pair);
    assert_int_equal(pair->scene->toy.opened, 1);
    assert_int_equal(pair->scene->toy.ended, 0);
    close(second);
    part(pair);
}

/* A balancer without a live server takes TCP, and is silent. */
static void a_handshake_that_stalls_does_not_win(void **state)
{
    (void)state;
    int second;
    sp_pair pair = meet_first(&second);
    int first = pair.scene->peer;
    assert_int_equal(spectacles_link_deadline(pair.scene->link), 3000);
    pair.scene->now = 2999;
    scene_turn(pair.scene);
    assert_int_equal(spectacles_link_deadline(pair.scene->link), 3000);
    pair.scene->now = 3000;
    pair.scene->peer = scene_accept_at(pair.scene, second);
    answer(&pair, good_pem, server_key, NULL);
    shake(&pair);
    assert_int_equal(pair.scene->toy.opened, 1);
    /* The other one is closed behind its hello (1,600 bytes with OpenSSL 3.5), and the winner works. */
    char hello[4096];
    assert_true(recv(first, hello, sizeof hello, 0) > 0);
    assert_int_equal(recv(first, hello, 1, 0), 0);
    check_talk(&pair);
    close(first);
    close(second);
    part(&pair);
}

/* A server under load that answers at last wins over an address that has not. */
static void the_first_address_may_still_win(void **state)
{
    (void)state;
    int second;
    sp_pair pair = meet_first(&second);
    pair.scene->now = 3000;
    int other = scene_accept_at(pair.scene, second);
    scene_turn(pair.scene);
    answer(&pair, good_pem, server_key, NULL);
    for (int i = 0; i < 1000 && !pair.scene->toy.opened; i++) {
        pair.scene->now += 5;
        tls_server_shake(pair.server);
        scene_turn(pair.scene);
    }
    assert_int_equal(pair.scene->toy.opened, 1);
    check_talk(&pair);
    close(other);
    close(second);
    part(&pair);
}

/* A poller watches all attempts, so that it need not look at them in between. */
static void a_poller_hears_of_each_attempt(void **state)
{
    (void)state;
    static const uint32_t kinds[] = {SPECTACLES_POLLER_AUTO, SPECTACLES_POLLER_POLL};
    for (size_t kind = 0; kind < 2; kind++) {
        int second;
        sp_pair pair = meet_first(&second);
        spectacles_poller *poller;
        spectacles_poller_config config;
        spectacles_poller_config_init(&config, sizeof config);
        config.kind = kinds[kind];
        assert_int_equal(spectacles_poller_new(&poller, &config, NULL), SPECTACLES_OK);
        assert_int_equal(spectacles_poller_add(poller, pair.scene->link, 0), SPECTACLES_OK);
        spectacles_poller_process(poller, 3000);
        int other = accept(second, NULL, NULL);
        assert_true(other >= 0);
        /* The second one shakes hands now, and has its time too. */
        spectacles_poller_process(poller, 3000);
        answer(&pair, good_pem, server_key, NULL);
        for (int i = 0; i < 1000 && !pair.scene->toy.opened; i++) {
            assert_true(spectacles_poller_deadline(poller) >= 3100);
            tls_server_shake(pair.server);
            spectacles_poller_wait(poller, 3005, 3000);
            spectacles_poller_process(poller, 3000);
        }
        assert_int_equal(pair.scene->toy.opened, 1);
        spectacles_poller_free(poller);
        close(other);
        close(second);
        part(&pair);
    }
}

/* A link may leave its poller, and be freed, while its addresses race. */
static void a_link_leaves_its_poller_while_it_races(void **state)
{
    (void)state;
    int second;
    sp_pair pair = meet_first(&second);
    spectacles_poller *poller;
    assert_int_equal(spectacles_poller_new(&poller, NULL, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_add(poller, pair.scene->link, 0), SPECTACLES_OK);
    spectacles_poller_process(poller, 3000);
    assert_int_equal(spectacles_poller_remove(poller, pair.scene->link), SPECTACLES_OK);
    answer(&pair, good_pem, server_key, NULL);
    shake(&pair);
    assert_int_equal(pair.scene->toy.opened, 1);
    close(second);
    part(&pair);
    pair = meet_first(&second);
    assert_int_equal(spectacles_poller_add(poller, pair.scene->link, 0), SPECTACLES_OK);
    spectacles_poller_process(poller, 3000);
    close(second);
    part(&pair);
    spectacles_poller_process(poller, 3000);
    spectacles_poller_free(poller);
}

/* A proxy whose server is gone hangs up, and one in front of something else speaks no TLS. */
static void a_handshake_that_fails_goes_on_at_the_next_address(void **state)
{
    (void)state;
    for (int speaks = 0; speaks < 2; speaks++) {
        int second;
        sp_pair pair = meet_first(&second);
        if (speaks)
            assert_int_equal(write(pair.scene->peer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28), 28);
        shutdown(pair.scene->peer, SHUT_WR);
        meet_second(&pair, second);
    }
}

/* A person can mend a certificate, while an address that leads nowhere is no news. */
static void a_certificate_is_told_whatever_other_addresses_do(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        int second;
        sp_pair pair = meet_first(&second);
        close(second);
        if (silent)
            scene_swallow(pair.scene);
        answer(&pair, foreign_pem, foreign_key, NULL);
        for (int i = 0; i < 1000 && !pair.scene->toy.ended; i++) {
            tls_server_shake(pair.server);
            pair.scene->now += 50;
            scene_turn(pair.scene);
        }
        check_end(&pair, SPECTACLES_E_TLS, "not signed by a known authority");
        assert_string_equal(pair.scene->toy.stream.peer, "127.0.0.1");
        part(&pair);
    }
}

/* A tunnel of the owner ends in front of TLS, which still proves the host. */
static void tls_is_made_over_a_descriptor_of_the_owner(void **state)
{
    (void)state;
    int ends[2];
    sp_pair pair = {.tls = make_tls(NULL, NULL, 0)};
    spectacles_link_config config;
    spectacles_link_config_init(&config, sizeof config);
    config.tls = pair.tls;
    config.flags = SPECTACLES_LINK_DESCRIPTORS;
    pair.scene = scene_begin("gateway.example", &config);
    pair.scene->toy.endpoint.tls = 1;
    scene_turn(pair.scene);
    assert_int_equal(spectacles_link_wants_descriptor(pair.scene->link), 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(spectacles_link_set_descriptor(pair.scene->link, ends[0]), SPECTACLES_OK);
    pair.scene->peer = ends[1];
    answer(&pair, good_pem, server_key, NULL);
    shake(&pair);
    check_talk(&pair);
    part(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_is_made_over_a_descriptor_of_the_owner),
        cmocka_unit_test(a_handshake_that_stalls_does_not_win),
        cmocka_unit_test(the_first_address_may_still_win),
        cmocka_unit_test(a_poller_hears_of_each_attempt),
        cmocka_unit_test(a_link_leaves_its_poller_while_it_races),
        cmocka_unit_test(a_handshake_that_fails_goes_on_at_the_next_address),
        cmocka_unit_test(a_certificate_is_told_whatever_other_addresses_do),
    };
    return cmocka_run_group_tests_name("net/attempt", tests, NULL, NULL);
}

#else

int main(void)
{
    return 77; /* skipped: only Linux has more than one loopback address */
}

#endif
