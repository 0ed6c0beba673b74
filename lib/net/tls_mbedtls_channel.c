/*
 * mbedTLS: one connection. Called by tls.c through tls_library.h. A write always takes everything (tls_socket.h), so
 * that mbedTLS waits for bytes to read and for nothing else.
 */
#include "net/tls_mbedtls.h"

#include "net/tcp.h"

#include <mbedtls/platform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IO_FAILED = -0x7fff0 /* outside of the ranges of mbedTLS: the socket knows why */
};

#define NO_RESULT UINT32_MAX /* no certificate was verified */

struct sp_tls_channel {
    mbedtls_ssl_context ssl;
    sp_tls_context *context;
    sp_tls_socket *socket;
    sp_address numeric; /* the host, when it is an address: family 0 otherwise */
    const char *host;
    uint32_t port;
    bool offered; /* a session was to be taken up again */
    bool failed;
};

/* ---- What differs between versions ---- */

/*
 * What of a handshake nobody looks at again: the peer's chain of certificates, some kilobytes. Newer versions keep
 * it where it can not be reached.
 */
static void forget_chain(mbedtls_ssl_context *ssl)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000 && defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    if (!ssl->session || !ssl->session->peer_cert)
        return;
    mbedtls_x509_crt_free(ssl->session->peer_cert);
    mbedtls_free(ssl->session->peer_cert);
    ssl->session->peer_cert = NULL;
#else
    (void)ssl;
#endif
}

/* The alert that the peer has sent; mbedTLS has no function that tells. */
static int alert_of(const mbedtls_ssl_context *ssl)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return ssl->in_msg ? ssl->in_msg[1] : SP_TLS_NO_ALERT;
#elif MBEDTLS_VERSION_NUMBER < 0x04000000
    return ssl->MBEDTLS_PRIVATE(in_msg) ? ssl->MBEDTLS_PRIVATE(in_msg)[1] : SP_TLS_NO_ALERT;
#else
    (void)ssl;
    return SP_TLS_NO_ALERT;
#endif
}

static bool is_version_error(int error)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return error == MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION;
#else
    return error == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
#endif
}

/* TLS 1.3 tells of a ticket in place of bytes. */
static bool is_ticket(int error)
{
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    return error == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#else
    (void)error;
    return false;
#endif
}

/* ---- The socket, for mbedTLS ---- */

static int bio_send(void *socket, const unsigned char *bytes, size_t length)
{
    return sp_tls_socket_write(socket, bytes, length) < 0 ? IO_FAILED : (int)length;
}

static int bio_receive(void *socket, unsigned char *bytes, size_t length)
{
    ssize_t got = sp_tls_socket_read(socket, bytes, length);
    if (sp_tcp_would_block(got))
        return MBEDTLS_ERR_SSL_WANT_READ;
    return got < 0 ? IO_FAILED : (int)got;
}

/* ---- Whom the certificate names ---- */

static bool is_named(const mbedtls_x509_crt *certificate, const sp_address *numeric)
{
    enum {
        TAG_DNS_NAME = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2,
        TAG_IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7
    };
    for (const mbedtls_x509_sequence *name = &certificate->subject_alt_names; name; name = name->next) {
        if (!numeric->family && name->buf.tag == TAG_DNS_NAME)
            return true;
        if (numeric->family && name->buf.tag == TAG_IP_ADDRESS && name->buf.len == numeric->length &&
            memcmp(name->buf.p, numeric->bytes, name->buf.len) == 0)
            return true;
    }
    return false;
}

/*
 * An address has to stand in the certificate as one: mbedTLS 2.28 looks at names only. Where no name stands in it,
 * mbedTLS takes the common name: that counts for nothing (RFC 9525).
 */
static int check_names(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    const sp_tls_channel *channel = context;
    if (depth == 0 && !is_named(certificate, &channel->numeric))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

static int set_peer(sp_tls_channel *channel)
{
    if (channel->context->verifies)
        mbedtls_ssl_set_verify(&channel->ssl, check_names, channel);
    /* NULL is said in so many words: newer versions refuse a connection for which nobody named a host. */
    return mbedtls_ssl_set_hostname(&channel->ssl, channel->numeric.family ? NULL : channel->host);
}

/* ---- Sessions that are taken up again ---- */

static int offer_session(sp_tls_channel *channel)
{
    mbedtls_ssl_session *session =
        sp_tls_tickets_find(&channel->context->tickets, channel->host, channel->port);
    if (!session)
        return 0;
    channel->offered = true;
    return mbedtls_ssl_set_session(&channel->ssl, session);
}

/* Keeps the session, when the peer lets us take it up again. That memory runs out is no reason to fail. */
static void keep_session(sp_tls_channel *channel)
{
    mbedtls_ssl_session *session = calloc(1, sizeof *session);
    if (!session)
        return;
    mbedtls_ssl_session_init(session);
    if (mbedtls_ssl_get_session(&channel->ssl, session) == 0) {
        sp_tls_tickets_keep(&channel->context->tickets, channel->host, channel->port, session);
        return;
    }
    mbedtls_ssl_session_free(session);
    free(session);
}

/* ---- Made and freed ---- */

int sp_tls_channel_new(sp_tls_channel **out, sp_tls_context *context, sp_tls_socket *socket,
                       const sp_tls_peer *peer)
{
    sp_tls_channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return SPECTACLES_E_NOMEM;
    channel->context = context;
    channel->socket = socket;
    channel->numeric = peer->numeric;
    channel->host = peer->host;
    channel->port = peer->port;
    mbedtls_ssl_init(&channel->ssl);
    if (mbedtls_ssl_setup(&channel->ssl, &context->config) != 0 || set_peer(channel) != 0 ||
        offer_session(channel) != 0) {
        sp_tls_channel_free(channel);
        return SPECTACLES_E_NOMEM;
    }
    mbedtls_ssl_set_bio(&channel->ssl, socket, bio_send, bio_receive, NULL);
    *out = channel;
    return SPECTACLES_OK;
}

void sp_tls_channel_free(sp_tls_channel *channel)
{
    mbedtls_ssl_free(&channel->ssl);
    free(channel);
}

/* ---- What went wrong ---- */

/* Which faults of the peer's certificate were found: a mask of enum sp_tls_fault. */
static uint32_t faults_of(const sp_tls_channel *channel)
{
    static const struct {
        uint32_t flag;
        uint32_t fault;
    } faults[] = {
        {MBEDTLS_X509_BADCERT_EXPIRED, SP_TLS_FAULT_EXPIRED},
        {MBEDTLS_X509_BADCERT_FUTURE, SP_TLS_FAULT_FUTURE},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, SP_TLS_FAULT_OTHER_HOST},
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {MBEDTLS_X509_BADCERT_REVOKED, SP_TLS_FAULT_REVOKED},
        {MBEDTLS_X509_BADCERT_MISSING, SP_TLS_FAULT_MISSING},
        {MBEDTLS_X509_BADCERT_BAD_KEY, SP_TLS_FAULT_WEAK_KEY},
        {MBEDTLS_X509_BADCERT_BAD_PK, SP_TLS_FAULT_WEAK_KEY},
        {MBEDTLS_X509_BADCERT_BAD_MD, SP_TLS_FAULT_WEAK_HASH},
        {MBEDTLS_X509_BADCERT_KEY_USAGE, SP_TLS_FAULT_PURPOSE},
        {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, SP_TLS_FAULT_PURPOSE},
        {MBEDTLS_X509_BADCERT_NS_CERT_TYPE, SP_TLS_FAULT_PURPOSE},
    };
    uint32_t flags = mbedtls_ssl_get_verify_result(&channel->ssl);
    uint32_t found = 0;
    if (!channel->context->verifies || flags == NO_RESULT)
        return 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        found |= flags & faults[i].flag ? faults[i].fault : 0;
    return found;
}

static int explain(sp_tls_channel *channel, int error, sp_tls_failure *failure)
{
    if (error == MBEDTLS_ERR_SSL_WANT_READ)
        return SP_TLS_CHANNEL_WAITS;
    channel->failed = true;
    failure->faults = faults_of(channel);
    if (error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || failure->faults != 0) {
        failure->cause = SP_TLS_CAUSE_CERTIFICATE;
        sp_tls_mbedtls_error(error, failure->reason);
    } else if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        failure->cause = SP_TLS_CAUSE_ALERT;
        failure->alert = alert_of(&channel->ssl);
    } else if (is_version_error(error))
        failure->cause = SP_TLS_CAUSE_VERSION;
    else if (error != IO_FAILED && sp_tls_mbedtls_error(error, failure->reason) == SPECTACLES_E_NOMEM)
        failure->cause = SP_TLS_CAUSE_NOMEM;
    return SP_TLS_CHANNEL_FAILED;
}

/* ---- Moving bytes ---- */

int sp_tls_channel_handshake(sp_tls_channel *channel, sp_tls_failure *failure)
{
    int done = mbedtls_ssl_handshake(&channel->ssl);
    if (done == 0) {
        forget_chain(&channel->ssl);
        keep_session(channel);
        return 1;
    }
    int result = explain(channel, done, failure);
    if (result == SP_TLS_CHANNEL_FAILED && channel->offered)
        sp_tls_tickets_forget(&channel->context->tickets, channel->host, channel->port);
    if (done == MBEDTLS_ERR_SSL_INVALID_RECORD)
        failure->cause = SP_TLS_CAUSE_NOT_TLS;
    return result;
}

ssize_t sp_tls_channel_read(sp_tls_channel *channel, uint8_t *bytes, size_t length, sp_tls_failure *failure)
{
    int got;
    /* mbedTLS also wants to read when it has taken a message of its own, such as a ticket, and more waits behind it. */
    do {
        got = mbedtls_ssl_read(&channel->ssl, bytes, length);
        if (is_ticket(got))
            keep_session(channel);
    } while (is_ticket(got) || (got == MBEDTLS_ERR_SSL_WANT_READ && !channel->socket->waits));
    if (got > 0)
        return got;
    return got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : explain(channel, got, failure);
}

ssize_t sp_tls_channel_write(sp_tls_channel *channel, const uint8_t *bytes, size_t length,
                             sp_tls_failure *failure)
{
    int put = mbedtls_ssl_write(&channel->ssl, bytes, length);
    if (put >= 0)
        return put;
    explain(channel, put, failure);
    channel->failed = true;
    return SP_TLS_CHANNEL_FAILED;
}

void sp_tls_channel_close(sp_tls_channel *channel)
{
    if (!channel->failed)
        mbedtls_ssl_close_notify(&channel->ssl);
}
