/*
 * OpenSSL 3: one connection. Called by tls.c through tls_library.h. A write always takes everything (tls_socket.h), so
 * that OpenSSL waits for bytes to read and for nothing else.
 */
#include "net/tls_openssl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Made and freed ---- */

static bool set_socket(sp_tls_channel *channel)
{
    BIO *bio = BIO_new(channel->context->socket_method);
    if (!bio)
        return false;
    BIO_set_data(bio, channel->socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(channel->ssl, bio, bio);
    return true;
}

static bool offer_session(sp_tls_channel *channel)
{
    SSL_SESSION *session = sp_tls_tickets_find(&channel->context->tickets, channel->host, channel->port);
    if (!session)
        return true;
    channel->offered = true;
    return SSL_set_session(channel->ssl, session) == 1;
}

/* Whom the certificate has to name: a host or an address. A common name alone counts for nothing (RFC 9525). */
static bool set_peer(sp_tls_channel *channel, const sp_tls_peer *peer)
{
    X509_VERIFY_PARAM *wanted = SSL_get0_param(channel->ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (peer->numeric.family)
        return X509_VERIFY_PARAM_set1_ip(wanted, peer->numeric.bytes, peer->numeric.length) == 1;
    return X509_VERIFY_PARAM_set1_host(wanted, peer->host, 0) == 1 &&
           SSL_set_tlsext_host_name(channel->ssl, (char *)(uintptr_t)peer->host) == 1;
}

int sp_tls_channel_new(sp_tls_channel **out, sp_tls_context *context, sp_tls_socket *socket,
                       const sp_tls_peer *peer)
{
    sp_tls_channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return SPECTACLES_E_NOMEM;
    *channel = (sp_tls_channel){.context = context, .socket = socket, .host = peer->host, .port = peer->port};
    ERR_clear_error();
    channel->ssl = SSL_new(context->ssl);
    if (!channel->ssl || SSL_set_app_data(channel->ssl, channel) != 1 || !set_socket(channel) ||
        !set_peer(channel, peer) || !offer_session(channel)) {
        ERR_clear_error();
        sp_tls_channel_free(channel);
        return SPECTACLES_E_NOMEM;
    }
    SSL_set_connect_state(channel->ssl);
    *out = channel;
    return SPECTACLES_OK;
}

/* OpenSSL would forget a session whose connection was not shut down, although it can be taken up again. */
void sp_tls_channel_free(sp_tls_channel *channel)
{
    if (channel->ssl)
        SSL_set_shutdown(channel->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(channel->ssl);
    free(channel);
}

/* ---- What went wrong ---- */

static void judge_certificate(const sp_tls_channel *channel, sp_tls_failure *failure)
{
    static const struct {
        long result;
        uint32_t fault;
    } faults[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, SP_TLS_FAULT_EXPIRED},
        {X509_V_ERR_CERT_NOT_YET_VALID, SP_TLS_FAULT_FUTURE},
        {X509_V_ERR_HOSTNAME_MISMATCH, SP_TLS_FAULT_OTHER_HOST},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, SP_TLS_FAULT_OTHER_HOST},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {X509_V_ERR_CERT_UNTRUSTED, SP_TLS_FAULT_UNKNOWN_AUTHORITY},
        {X509_V_ERR_CERT_REVOKED, SP_TLS_FAULT_REVOKED},
        {X509_V_ERR_EE_KEY_TOO_SMALL, SP_TLS_FAULT_WEAK_KEY},
        {X509_V_ERR_CA_KEY_TOO_SMALL, SP_TLS_FAULT_WEAK_KEY},
        {X509_V_ERR_CA_MD_TOO_WEAK, SP_TLS_FAULT_WEAK_HASH},
        {X509_V_ERR_INVALID_PURPOSE, SP_TLS_FAULT_PURPOSE},
    };
    long result = SSL_get_verify_result(channel->ssl);
    failure->cause = result == X509_V_ERR_OUT_OF_MEM ? SP_TLS_CAUSE_NOMEM : SP_TLS_CAUSE_CERTIFICATE;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        failure->faults |= faults[i].result == result ? faults[i].fault : 0;
    snprintf(failure->reason, sizeof failure->reason, "%s", X509_verify_cert_error_string(result));
}

/* Nothing of TLS was heard of the peer yet. */
static bool is_first_answer(const sp_tls_channel *channel)
{
    return SSL_get_state(channel->ssl) == TLS_ST_CW_CLNT_HELLO;
}

static void judge(const sp_tls_channel *channel, unsigned long error, sp_tls_failure *failure)
{
    int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        judge_certificate(channel, failure);
    } else if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
        failure->cause = SP_TLS_CAUSE_ALERT;
        failure->alert = reason - SSL_AD_REASON_OFFSET;
    } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_NO_PROTOCOLS_AVAILABLE) {
        failure->cause = SP_TLS_CAUSE_VERSION;
    } else if (reason != SSL_R_UNEXPECTED_EOF_WHILE_READING && is_first_answer(channel)) {
        failure->cause = SP_TLS_CAUSE_NOT_TLS;
    }
}

/* What OpenSSL's answer means: WAITS, FAILED, or 0 for the peer's goodbye. */
static int explain(sp_tls_channel *channel, int result, sp_tls_failure *failure)
{
    unsigned long cause;
    switch (SSL_get_error(channel->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return SP_TLS_CHANNEL_WAITS;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        break;
    }
    channel->failed = true;
    if (sp_tls_openssl_error(failure->reason, &cause) == SPECTACLES_E_NOMEM)
        failure->cause = SP_TLS_CAUSE_NOMEM;
    else
        judge(channel, cause, failure);
    return SP_TLS_CHANNEL_FAILED;
}

/* ---- Moving bytes ---- */

int sp_tls_channel_handshake(sp_tls_channel *channel, sp_tls_failure *failure)
{
    ERR_clear_error();
    int done = SSL_do_handshake(channel->ssl);
    if (done == 1)
        return 1;
    int result = explain(channel, done, failure);
    /* Nothing ends here in an orderly way: a goodbye instead of a handshake is a refusal. */
    result = result == 0 ? SP_TLS_CHANNEL_FAILED : result;
    if (result == SP_TLS_CHANNEL_FAILED && channel->offered)
        sp_tls_tickets_forget(&channel->context->tickets, channel->host, channel->port);
    return result;
}

ssize_t sp_tls_channel_read(sp_tls_channel *channel, uint8_t *bytes, size_t length, sp_tls_failure *failure)
{
    size_t got;
    if (sp_tls_socket_is_empty(channel->socket) && !SSL_has_pending(channel->ssl))
        return SP_TLS_CHANNEL_WAITS;
    sp_tls_openssl_begin();
    int done = SSL_read_ex(channel->ssl, bytes, length, &got);
    return done == 1 ? (ssize_t)got : explain(channel, done, failure);
}

ssize_t sp_tls_channel_write(sp_tls_channel *channel, const uint8_t *bytes, size_t length,
                             sp_tls_failure *failure)
{
    size_t put;
    sp_tls_openssl_begin();
    int done = SSL_write_ex(channel->ssl, bytes, length, &put);
    if (done == 1)
        return (ssize_t)put;
    explain(channel, done, failure);
    channel->failed = true;
    return SP_TLS_CHANNEL_FAILED;
}

/* After a failure OpenSSL must not be asked for more. */
void sp_tls_channel_close(sp_tls_channel *channel)
{
    ERR_clear_error();
    if (!channel->failed)
        SSL_shutdown(channel->ssl);
    ERR_clear_error();
}
