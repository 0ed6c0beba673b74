#include "tls_server.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/socket.h>

struct tls_server {
    int fd;
    size_t at_a_time;
    size_t in_all;
    size_t gone;
    size_t spoilt_at; /* SIZE_MAX: nowhere */
    SSL_CTX *context;
    BIO_METHOD *method;
    SSL *ssl;
};

static size_t least(size_t one, size_t two)
{
    return one < two ? one : two;
}

static int put(BIO *bio, const char *bytes, int length)
{
    tls_server *server = BIO_get_data(bio);
    size_t left = least(least((size_t)length, server->at_a_time), server->in_all - server->gone);
    BIO_clear_retry_flags(bio);
    bool spoils = server->gone == server->spoilt_at;
    char first = (char)(bytes[0] ^ 0x55);
    ssize_t sent = -1;
    errno = EAGAIN;
    if (server->spoilt_at > server->gone)
        left = least(left, server->spoilt_at - server->gone);
    if (left > 0)
        sent = send(server->fd, spoils ? &first : bytes, spoils ? 1 : left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN)
            BIO_set_retry_write(bio);
        return -1;
    }
    server->gone += (size_t)sent;
    return (int)sent;
}

static int take(BIO *bio, char *bytes, int length)
{
    tls_server *server = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(server->fd, bytes, (size_t)length, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    return (int)got;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static X509 *parse(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
    assert_non_null(certificate);
    BIO_free(in);
    return certificate;
}

static EVP_PKEY *parse_key(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    assert_non_null(key);
    BIO_free(in);
    return key;
}

static void set_certificate(SSL_CTX *context, const char *certificate, const char *key)
{
    X509 *own = parse(certificate);
    EVP_PKEY *secret = parse_key(key);
    assert_int_equal(SSL_CTX_use_certificate(context, own), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, secret), 1);
    X509_free(own);
    EVP_PKEY_free(secret);
}

static void ask_for_certificate(SSL_CTX *context, const char *authority)
{
    X509 *trusted = parse(authority);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(trusted);
}

static SSL_CTX *make_context(void)
{
    static unsigned char ticket_keys[80] = "of a test";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_non_null(context);
    /* Old versions and small keys are there to be refused by the other side. */
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"test", 4);
    SSL_CTX_set_tlsext_ticket_keys(context, ticket_keys, sizeof ticket_keys);
    return context;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "a socket of the test");
    BIO_meth_set_read(method, take);
    BIO_meth_set_write(method, put);
    BIO_meth_set_ctrl(method, control);
    return method;
}

tls_server *tls_server_new(int fd, const char *certificate, const char *key, const char *authority)
{
    tls_server *server = test_calloc(1, sizeof *server);
    server->fd = fd;
    server->spoilt_at = SIZE_MAX;
    tls_server_hold(server, SIZE_MAX, SIZE_MAX);
    server->context = make_context();
    set_certificate(server->context, certificate, key);
    if (authority)
        ask_for_certificate(server->context, authority);
    server->method = make_method();
    server->ssl = SSL_new(server->context);
    BIO *bio = BIO_new(server->method);
    BIO_set_data(bio, server);
    BIO_set_init(bio, 1);
    SSL_set_bio(server->ssl, bio, bio);
    SSL_set_accept_state(server->ssl);
    return server;
}

void tls_server_free(tls_server *server)
{
    SSL_free(server->ssl);
    SSL_CTX_free(server->context);
    BIO_meth_free(server->method);
    test_free(server);
}

void tls_server_set_version(tls_server *server, int version)
{
    SSL_set_min_proto_version(server->ssl, version);
    SSL_set_max_proto_version(server->ssl, version);
}

void tls_server_set_ciphers(tls_server *server, const char *ciphers)
{
    assert_int_equal(SSL_set_cipher_list(server->ssl, ciphers), 1);
}

void tls_server_hold(tls_server *server, size_t at_a_time, size_t in_all)
{
    server->at_a_time = at_a_time;
    server->in_all = in_all;
}

void tls_server_spoil_at(tls_server *server, size_t at)
{
    server->spoilt_at = at;
}

void tls_server_spoil(tls_server *server)
{
    tls_server_spoil_at(server, server->gone);
}

size_t tls_server_gone(const tls_server *server)
{
    return server->gone;
}

/* Nothing yet is 0. */
static int judge(const tls_server *server, int result)
{
    if (result > 0)
        return result;
    int error = SSL_get_error(server->ssl, result);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    return error == SSL_ERROR_ZERO_RETURN ? -1 : -2;
}

int tls_server_shake(tls_server *server)
{
    ERR_clear_error();
    return judge(server, SSL_do_handshake(server->ssl));
}

int tls_server_read(tls_server *server, uint8_t *bytes, size_t length)
{
    ERR_clear_error();
    return judge(server, SSL_read(server->ssl, bytes, (int)length));
}

int tls_server_write(tls_server *server, const uint8_t *bytes, size_t length)
{
    ERR_clear_error();
    return judge(server, SSL_write(server->ssl, bytes, (int)length));
}

void tls_server_goodbye(tls_server *server)
{
    ERR_clear_error();
    SSL_shutdown(server->ssl);
}

void tls_server_renegotiate(tls_server *server)
{
    assert_int_equal(SSL_renegotiate(server->ssl), 1);
    tls_server_shake(server);
}

void tls_server_update_keys(tls_server *server)
{
    assert_int_equal(SSL_key_update(server->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    tls_server_shake(server);
}

int tls_server_resumed(const tls_server *server)
{
    return SSL_session_reused(server->ssl);
}

const char *tls_server_version(const tls_server *server)
{
    return SSL_get_version(server->ssl);
}

const char *tls_server_cipher(const tls_server *server)
{
    return SSL_get_cipher_name(server->ssl);
}

const char *tls_server_asked_for(const tls_server *server)
{
    return SSL_get_servername(server->ssl, TLSEXT_NAMETYPE_host_name);
}
