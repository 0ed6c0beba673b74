/* What is left of a token that went through TLS, and of a private key, in memory that is held or was given back. */
#include "certificates.h"
#include "heap.h"
#include "tls_memory.h"

#include <stdio.h>
#include <unistd.h>

static const char token[] = "MTA4.the-token-of-a-bot.wDkG";

static const char *file_of(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static spectacles_tls *load(const char *cert, const char *key)
{
    char paths[3][32] = {"/tmp/spectacles-XXXXXX", "/tmp/spectacles-XXXXXX", "/tmp/spectacles-XXXXXX"};
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = file_of(paths[0], ca_pem);
    config.cert_file = cert ? file_of(paths[1], cert) : NULL;
    config.key_file = key ? file_of(paths[2], key) : NULL;
    assert_int_equal(spectacles_tls_new(&tls, &config, NULL), SPECTACLES_OK);
    for (size_t i = 0; i < (cert ? 3 : 1); i++)
        unlink(paths[i]);
    return tls;
}

/* The server of this test reads nothing: it would have the token too. */
static void a_token_is_encrypted_where_it_is_kept(void **state)
{
    char message[2000];
    sp_text why;
    sp_tls_session *session = NULL;
    (void)state;
    spectacles_tls *tls = load(NULL, NULL);
    memory_pair pair = memory_pair_begin(good_pem, server_key);
    assert_int_equal(sp_tls_session_new(&session, tls, pair.ends[0], "gateway.example", 443), SPECTACLES_OK);
    assert_int_equal(memory_pair_shake(&pair, session, &why), 1);
    snprintf(message, sizeof message, "{\"op\":2,\"d\":{\"token\":\"%s\",\"more\":\"%01900d\"}}", token, 0);
    heap_watch(token);
    /* Until the socket is full, so that something has to be kept. */
    for (int i = 0; i < 10000 && sp_tls_is_flushed(session); i++)
        assert_int_equal(sp_tls_write(session, (const uint8_t *)message, strlen(message), &why),
                         strlen(message));
    assert_false(sp_tls_is_flushed(session));
    assert_int_equal(heap_copies(NULL), 0);
    assert_int_equal(heap_left_behind(), 0);
    sp_tls_goodbye(session);
    sp_tls_session_free(session);
    memory_pair_end(&pair);
    spectacles_tls_free(tls);
    assert_int_equal(heap_left_behind(), 0);
}

/* A line of the key as it stands in its file. */
static void a_private_key_is_not_left_behind(void **state)
{
    static char line[40]; /* OpenSSL frees memory after the test as well */
    (void)state;
    snprintf(line, sizeof line, "%.32s", strchr(server_key, '\n') + 10);
    heap_watch(line);
    spectacles_tls *tls = load(good_pem, server_key);
    assert_int_equal(heap_copies(NULL), 0);
    assert_int_equal(heap_left_behind(), 0);
    spectacles_tls_free(tls);
    assert_int_equal(heap_left_behind(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_encrypted_where_it_is_kept),
        cmocka_unit_test(a_private_key_is_not_left_behind),
    };
    tls_memory_begin(NULL);
    return cmocka_run_group_tests_name("net/secrets", tests, NULL, NULL);
}
