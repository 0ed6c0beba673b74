/*
 * How OpenSSL reads and writes a socket. The BIO that OpenSSL has for sockets raises SIGPIPE, so this is another one.
 * Called by OpenSSL, and by tls_openssl_context.c, which makes it.
 */
#include "net/tls_openssl.h"

#include "net/tcp.h"

static int bio_read(BIO *bio, char *bytes, int length)
{
    sp_tls_socket *socket = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = sp_tls_socket_read(socket, (uint8_t *)bytes, (size_t)length);
    if (sp_tcp_would_block(got))
        BIO_set_retry_read(bio);
    return got < 0 ? -1 : (int)got;
}

static int bio_write(BIO *bio, const char *bytes, int length)
{
    BIO_clear_retry_flags(bio);
    return sp_tls_socket_write(BIO_get_data(bio), (const uint8_t *)bytes, (size_t)length) < 0 ? -1 : length;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    const sp_tls_socket *socket = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return socket->ended;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *sp_tls_openssl_socket_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "libspectacles");
    if (method && BIO_meth_set_read(method, bio_read) == 1 && BIO_meth_set_write(method, bio_write) == 1 &&
        BIO_meth_set_ctrl(method, bio_control) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}
