/* The bytes of a connection, with or without TLS (see transport.h). discord.c calls it. */
#include "transport.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

SSL_CTX *transport_tls(const char *certificate, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        errx(1, "%s, %s: no certificate and key", certificate, key);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

transport transport_new(int fd, SSL_CTX *tls)
{
    int on = 1;
    transport made = {fd, NULL};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls) {
        made.tls = SSL_new(tls);
        SSL_set_fd(made.tls, fd);
        SSL_set_accept_state(made.tls);
    }
    return made;
}

void transport_close(transport *self)
{
    SSL_free(self->tls);
    close(self->fd);
}

static ssize_t of_tls(SSL *tls, int done)
{
    if (done > 0)
        return done;
    int why = SSL_get_error(tls, done);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t of_socket(ssize_t done)
{
    if (done > 0)
        return done;
    return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t transport_put(const transport *self, const void *bytes, size_t length)
{
    if (self->tls)
        return of_tls(self->tls, SSL_write(self->tls, bytes, (int)length));
    return of_socket(send(self->fd, bytes, length, MSG_NOSIGNAL));
}

ssize_t transport_get(const transport *self, void *to, size_t room)
{
    if (self->tls)
        return of_tls(self->tls, SSL_read(self->tls, to, (int)room));
    return of_socket(recv(self->fd, to, room, 0));
}

void transport_finish(const transport *self)
{
    if (self->tls)
        SSL_shutdown(self->tls);
    shutdown(self->fd, SHUT_WR);
}
