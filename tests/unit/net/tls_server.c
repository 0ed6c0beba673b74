#include "tls_server.h"

#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <sys/socket.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

struct tls_server {
    int fd;
    size_t at_a_time;
    size_t in_all;
    size_t gone;
    int spoils;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt authority;
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
};

static size_t least(size_t one, size_t two)
{
    return one < two ? one : two;
}

static int put(void *context, const unsigned char *bytes, size_t length)
{
    tls_server *server = context;
    size_t left = least(least(length, server->at_a_time), server->in_all - server->gone);
    if (left == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    unsigned char first = server->spoils ? bytes[0] ^ 0x55 : bytes[0];
    ssize_t sent = server->spoils ? send(server->fd, &first, 1, MSG_DONTWAIT | MSG_NOSIGNAL)
                                  : send(server->fd, bytes, left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : -1;
    server->spoils = 0;
    server->gone += (size_t)sent;
    return (int)sent;
}

static int take(void *context, unsigned char *bytes, size_t length)
{
    tls_server *server = context;
    ssize_t got = recv(server->fd, bytes, length, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : -1;
    return (int)got;
}

static void parse(mbedtls_x509_crt *out, const char *pem)
{
    assert_int_equal(mbedtls_x509_crt_parse(out, (const unsigned char *)pem, strlen(pem) + 1), 0);
}

static void parse_key(tls_server *server, const char *pem)
{
    const unsigned char *bytes = (const unsigned char *)pem;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    int error = mbedtls_pk_parse_key(&server->key, bytes, strlen(pem) + 1, NULL, 0);
#else
    int error = mbedtls_pk_parse_key(&server->key, bytes, strlen(pem) + 1, NULL, 0, mbedtls_ctr_drbg_random,
                                     &server->random);
#endif
    assert_int_equal(error, 0);
}

static void init(tls_server *server)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
#endif
    mbedtls_ssl_init(&server->ssl);
    mbedtls_ssl_config_init(&server->config);
    mbedtls_x509_crt_init(&server->certificate);
    mbedtls_x509_crt_init(&server->authority);
    mbedtls_pk_init(&server->key);
    mbedtls_entropy_init(&server->entropy);
    mbedtls_ctr_drbg_init(&server->random);
    assert_int_equal(mbedtls_ctr_drbg_seed(&server->random, mbedtls_entropy_func, &server->entropy, NULL, 0),
                     0);
    assert_int_equal(mbedtls_ssl_config_defaults(&server->config, MBEDTLS_SSL_IS_SERVER,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&server->config, mbedtls_ctr_drbg_random, &server->random);
}

tls_server *tls_server_new(int fd, const char *certificate, const char *key, const char *authority)
{
    tls_server *server = test_calloc(1, sizeof *server);
    server->fd = fd;
    tls_server_hold(server, SIZE_MAX, SIZE_MAX);
    init(server);
    parse(&server->certificate, certificate);
    parse_key(server, key);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&server->config, &server->certificate, &server->key), 0);
    if (authority) {
        parse(&server->authority, authority);
        mbedtls_ssl_conf_ca_chain(&server->config, &server->authority, NULL);
        mbedtls_ssl_conf_authmode(&server->config, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
    assert_int_equal(mbedtls_ssl_setup(&server->ssl, &server->config), 0);
    mbedtls_ssl_set_bio(&server->ssl, server, put, take, NULL);
    return server;
}

void tls_server_free(tls_server *server)
{
    mbedtls_ssl_free(&server->ssl);
    mbedtls_ssl_config_free(&server->config);
    mbedtls_x509_crt_free(&server->certificate);
    mbedtls_x509_crt_free(&server->authority);
    mbedtls_pk_free(&server->key);
    mbedtls_ctr_drbg_free(&server->random);
    mbedtls_entropy_free(&server->entropy);
    test_free(server);
}

void tls_server_hold(tls_server *server, size_t at_a_time, size_t in_all)
{
    server->at_a_time = at_a_time;
    server->in_all = in_all;
}

void tls_server_spoil(tls_server *server)
{
    server->spoils = 1;
}

size_t tls_server_gone(const tls_server *server)
{
    return server->gone;
}

/* Nothing yet is 0. */
static int judge(int result)
{
    if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE)
        return 0;
    if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return -1;
    return result > 0 ? result : -2;
}

int tls_server_shake(tls_server *server)
{
    int result = mbedtls_ssl_handshake(&server->ssl);
    return result == 0 ? 1 : judge(result);
}

int tls_server_read(tls_server *server, uint8_t *bytes, size_t length)
{
    return judge(mbedtls_ssl_read(&server->ssl, bytes, length));
}

int tls_server_write(tls_server *server, const uint8_t *bytes, size_t length)
{
    return judge(mbedtls_ssl_write(&server->ssl, bytes, length));
}

void tls_server_goodbye(tls_server *server)
{
    mbedtls_ssl_close_notify(&server->ssl);
}
