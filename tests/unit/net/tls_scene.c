#include "tls_scene.h"

#include "certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *file_of(const char *text)
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

spectacles_tls *make_tls_of(const char *authority, const char *cert, const char *key, uint32_t flags)
{
    spectacles_problem problem = {0};
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.flags = flags;
    config.ca_file = flags ? NULL : file_of(authority);
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

spectacles_tls *make_tls(const char *cert, const char *key, uint32_t flags)
{
    return make_tls_of(ca_pem, cert, key, flags);
}

sp_pair meet(const char *host, spectacles_tls *tls)
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

void part(sp_pair *pair)
{
    if (pair->server)
        tls_server_free(pair->server);
    scene_end(pair->scene);
    spectacles_tls_free(pair->tls);
}

void shake(sp_pair *pair)
{
    for (int i = 0; i < 20000 && !pair->scene->toy.opened && !pair->scene->toy.ended; i++) {
        tls_server_shake(pair->server);
        scene_turn(pair->scene);
    }
    assert_true(pair->scene->toy.opened || pair->scene->toy.ended);
    tls_server_shake(pair->server);
}

static int version;

void scene_set_version(int wanted)
{
    version = wanted;
}

bool scene_has_tls_1_3(void)
{
    const char *library = spectacles_tls_library();
    unsigned major = 0;
    unsigned minor = 0;
    sscanf(library, "mbedTLS %u.%u", &major, &minor);
    return strncmp(library, "OpenSSL ", 8) == 0 || major > 3 || (major == 3 && minor >= 6);
}

void answer(sp_pair *pair, const char *certificate, const char *key, const char *authority)
{
    pair->server = tls_server_new(pair->scene->peer, certificate, key, authority);
    if (version)
        tls_server_set_version(pair->server, version);
}

sp_pair talk(const char *certificate, const char *key, const char *host)
{
    sp_pair pair = meet(host, make_tls(NULL, NULL, 0));
    answer(&pair, certificate, key, NULL);
    shake(&pair);
    return pair;
}

sp_pair talk_well(void)
{
    sp_pair pair = talk(good_pem, server_key, "gateway.example");
    assert_int_equal(pair.scene->toy.opened, 1);
    return pair;
}

void fill(uint8_t *bytes, size_t length)
{
    uint32_t noise = 7;
    for (size_t i = 0; i < length; i++) {
        noise = noise * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(noise >> 24);
    }
}

void serve(sp_pair *pair, const uint8_t *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        int put = tls_server_write(pair->server, bytes + sent, length - sent);
        assert_true(put >= 0);
        sent += (size_t)put;
        scene_turn(pair->scene);
    }
}

void wait_for_the_end(sp_scene *scene)
{
    until(scene->toy.ended);
    assert_int_equal(scene->toy.ended, 1);
}

void check_end(sp_pair *pair, int error, const char *words)
{
    wait_for_the_end(pair->scene);
    assert_int_equal(pair->scene->toy.error, error);
    if (!strstr(pair->scene->toy.text, words))
        fail_msg("\"%s\", expected: %s", pair->scene->toy.text, words);
    assert_int_equal(spectacles_link_fd(pair->scene->link), -1);
}

void check_talk(sp_pair *pair)
{
    static uint8_t bytes[3000];
    uint8_t back[16];
    sp_scene *scene = pair->scene;
    size_t before = scene->toy.in_length;
    int got = 0;
    fill(bytes, sizeof bytes);
    serve(pair, bytes, sizeof bytes);
    until(scene->toy.in_length == before + sizeof bytes);
    assert_memory_equal(scene->toy.in + before, bytes, sizeof bytes);
    scene->toy.out = (const uint8_t *)"hello there";
    scene->toy.out_length = 11;
    for (int i = 0; i < 1000 && got < 11; i++) {
        scene_turn(scene);
        int some = tls_server_read(pair->server, back + got, sizeof back - (size_t)got);
        assert_true(some >= 0);
        got += some;
    }
    assert_int_equal(got, 11);
    assert_memory_equal(back, "hello there", 11);
}
