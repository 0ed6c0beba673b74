/*
 * TLS over a socket: the certificates that links share, and the session of one connection. Called by connect.c,
 * transfer.c, link_state.c, link.c and by owners.
 */
#include "net/tls.h"

#include "core/config.h"
#include "core/export.h"
#include "core/wipe.h"
#include "net/address.h"
#include "net/tcp.h"
#include "net/trust.h"

#include <mbedtls/platform.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#endif
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of our own, so that an errno finds its way through mbedTLS: outside of all its ranges. */
enum {
    IO_FAILED = -0x7fff0,
    RECORD_MOST = 16384
};

struct spectacles_tls {
    uint32_t holds;
    bool insecure;
    mbedtls_ssl_config config;
    mbedtls_x509_crt authorities;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
#endif
};

struct sp_tls_session {
    mbedtls_ssl_context ssl;
    spectacles_tls *tls;
    int fd;
    ssize_t io_error; /* negative errno of the last read or write that failed */
    uint8_t *held;    /* a record that mbedTLS has begun to send */
    size_t held_length;
    size_t held_at;
    sp_address numeric; /* the host, when it is an address: family 0 otherwise */
    char host[256];
};

/* ---- What differs between versions ---- */

static int seed(spectacles_tls *tls)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    /* TLS 1.3 needs it. It may be called any number of times. */
    if (psa_crypto_init() != PSA_SUCCESS)
        return SPECTACLES_E_TLS;
#endif
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    static const unsigned char name[] = "libspectacles";
    if (mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, name, sizeof name - 1) != 0)
        return SPECTACLES_E_TLS;
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
#else
    (void)tls;
#endif
    return SPECTACLES_OK;
}

static void set_lowest_version(spectacles_tls *tls)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    mbedtls_ssl_conf_min_version(&tls->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#else
    mbedtls_ssl_conf_min_tls_version(&tls->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
}

static int parse_key(spectacles_tls *tls, const char *path)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
    return mbedtls_pk_parse_keyfile(&tls->key, path, NULL);
#else
    return mbedtls_pk_parse_keyfile(&tls->key, path, NULL, mbedtls_ctr_drbg_random, &tls->random);
#endif
}

/* Whether the private key is the one that the certificate was made for. */
static bool belong_together(spectacles_tls *tls)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
    return mbedtls_pk_check_pair(&tls->certificate.pk, &tls->key) == 0;
#else
    return mbedtls_pk_check_pair(&tls->certificate.pk, &tls->key, mbedtls_ctr_drbg_random, &tls->random) == 0;
#endif
}

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

/* ---- The shared part ---- */

SPECTACLES_EXPORT void spectacles_tls_config_init(spectacles_tls_config *config, size_t size)
{
    const spectacles_tls_config defaults = {0};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static void init(spectacles_tls *tls)
{
    tls->holds = 1;
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_x509_crt_init(&tls->authorities);
    mbedtls_x509_crt_init(&tls->certificate);
    mbedtls_pk_init(&tls->key);
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->random);
#endif
}

void sp_tls_hold(spectacles_tls *tls)
{
    tls->holds++;
}

SPECTACLES_EXPORT void spectacles_tls_free(spectacles_tls *tls)
{
    if (!tls || --tls->holds > 0)
        return;
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_x509_crt_free(&tls->authorities);
    mbedtls_x509_crt_free(&tls->certificate);
    mbedtls_pk_free(&tls->key);
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    mbedtls_ctr_drbg_free(&tls->random);
    mbedtls_entropy_free(&tls->entropy);
#endif
    free(tls);
}

static int load_own_certificate(spectacles_tls *tls, const spectacles_tls_config *config, sp_text *why)
{
    if (!config->cert_file && !config->key_file)
        return SPECTACLES_OK;
    if (!config->cert_file || !config->key_file) {
        sp_text_set(why, "cert_file and key_file have to be given together");
        return SPECTACLES_E_INVAL;
    }
    if (mbedtls_x509_crt_parse_file(&tls->certificate, config->cert_file) != 0) {
        sp_text_set(why, "the certificate in %s can not be read", config->cert_file);
        return SPECTACLES_E_TLS;
    }
    if (parse_key(tls, config->key_file) != 0 ||
        mbedtls_ssl_conf_own_cert(&tls->config, &tls->certificate, &tls->key) != 0) {
        sp_text_set(why, "the key in %s can not be read, or is encrypted", config->key_file);
        return SPECTACLES_E_TLS;
    }
    /* Otherwise it is the peer who notices, with an alert that says nothing of it. */
    if (!belong_together(tls)) {
        sp_text_set(why, "the key in %s does not belong to the certificate in %s", config->key_file,
                    config->cert_file);
        return SPECTACLES_E_INVAL;
    }
    return SPECTACLES_OK;
}

static int set_up(spectacles_tls *tls, const spectacles_tls_config *config, sp_text *why)
{
    sp_text_set(why, "TLS could not be set up");
    if (mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        seed(tls) != SPECTACLES_OK)
        return SPECTACLES_E_TLS;
    set_lowest_version(tls);
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
    /* No session is ever taken up again: a ticket would only be kept. */
    mbedtls_ssl_conf_session_tickets(&tls->config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
    tls->insecure = config->flags & SPECTACLES_TLS_INSECURE_NO_VERIFICATION;
    mbedtls_ssl_conf_authmode(&tls->config,
                              tls->insecure ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
    if (!tls->insecure) {
        int error = sp_trust_load(&tls->authorities, config->ca_file, why);
        if (error != SPECTACLES_OK)
            return error;
        mbedtls_ssl_conf_ca_chain(&tls->config, &tls->authorities, NULL);
    }
    return load_own_certificate(tls, config, why);
}

SPECTACLES_EXPORT int spectacles_tls_new(spectacles_tls **out, const spectacles_tls_config *config,
                                         spectacles_problem *problem)
{
    spectacles_tls_config read = {0};
    sp_text why;
    int error = config ? sp_config_read(&read, sizeof read, config) : SPECTACLES_OK;
    if (error == SPECTACLES_OK && read.flags & ~(uint32_t)SPECTACLES_TLS_INSECURE_NO_VERIFICATION)
        error = SPECTACLES_E_UNSUPPORTED;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error, "the TLS configuration is not one that this library knows");
    spectacles_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    init(tls);
    error = set_up(tls, &read, &why);
    if (error != SPECTACLES_OK) {
        spectacles_tls_free(tls);
        return sp_refuse(problem, error, why.chars);
    }
    *out = tls;
    return SPECTACLES_OK;
}

/* ---- One stream ---- */

/* mbedTLS's own socket functions ignore SIGPIPE for the whole process, which is not ours to do. */
static int bio_send(void *context, const unsigned char *bytes, size_t length)
{
    sp_tls_session *stream = context;
    ssize_t put = sp_tcp_write(stream->fd, bytes, length);
    if (sp_tcp_would_block(put))
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    if (put < 0)
        stream->io_error = put;
    return put < 0 ? IO_FAILED : (int)put;
}

static int bio_recv(void *context, unsigned char *bytes, size_t length)
{
    sp_tls_session *stream = context;
    ssize_t got = sp_tcp_read(stream->fd, bytes, length);
    if (sp_tcp_would_block(got))
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (got < 0)
        stream->io_error = got;
    return got < 0 ? IO_FAILED : (int)got;
}

/* An address has to stand in the certificate as one: mbedTLS 2.28 looks at names only. */
static int check_address(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    enum {
        TAG_IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7
    };
    const sp_tls_session *stream = context;
    if (depth > 0)
        return 0;
    for (const mbedtls_x509_sequence *name = &certificate->subject_alt_names; name; name = name->next) {
        if (name->buf.tag == TAG_IP_ADDRESS && name->buf.len == stream->numeric.length &&
            memcmp(name->buf.p, stream->numeric.bytes, name->buf.len) == 0)
            return 0;
    }
    *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

static int set_host(sp_tls_session *stream)
{
    if (sp_address_parse(&stream->numeric, stream->host, strlen(stream->host))) {
        if (!stream->tls->insecure)
            mbedtls_ssl_set_verify(&stream->ssl, check_address, stream);
        /* Said in so many words: newer versions refuse a connection for which nobody named a host. */
        return mbedtls_ssl_set_hostname(&stream->ssl, NULL);
    }
    return mbedtls_ssl_set_hostname(&stream->ssl, stream->host);
}

int sp_tls_session_new(sp_tls_session **out, spectacles_tls *tls, int fd, const char *host)
{
    sp_tls_session *stream = calloc(1, sizeof *stream);
    if (!stream)
        return SPECTACLES_E_NOMEM;
    stream->tls = tls;
    stream->fd = fd;
    snprintf(stream->host, sizeof stream->host, "%s", host);
    mbedtls_ssl_init(&stream->ssl);
    if (mbedtls_ssl_setup(&stream->ssl, &tls->config) != 0 || set_host(stream) != 0) {
        mbedtls_ssl_free(&stream->ssl);
        free(stream);
        return SPECTACLES_E_NOMEM;
    }
    mbedtls_ssl_set_bio(&stream->ssl, stream, bio_send, bio_recv, NULL);
    sp_tls_hold(tls);
    *out = stream;
    return SPECTACLES_OK;
}

/* What was held back may be a whole identify. */
static void release(sp_tls_session *stream)
{
    sp_wipe(stream->held, stream->held_length);
    free(stream->held);
    stream->held = NULL;
    stream->held_at = stream->held_length = 0;
}

void sp_tls_session_free(sp_tls_session *stream)
{
    if (!stream)
        return;
    mbedtls_ssl_free(&stream->ssl);
    spectacles_tls_free(stream->tls);
    release(stream);
    free(stream);
}

/* ---- Sentences ---- */

static void explain_certificate(const sp_tls_session *stream, sp_text *why)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } reasons[] = {
        {MBEDTLS_X509_BADCERT_EXPIRED, "it has expired"},
        {MBEDTLS_X509_BADCERT_FUTURE, "it is not valid yet (is the clock right?)"},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, "it is for another host name"},
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, "it is not signed by a known authority"},
        {MBEDTLS_X509_BADCERT_REVOKED, "it was revoked"},
        {MBEDTLS_X509_BADCERT_MISSING, "there is none"},
        {MBEDTLS_X509_BADCERT_BAD_KEY, "its key is too weak"},
        {MBEDTLS_X509_BADCERT_BAD_MD, "its signature uses a weak hash"},
    };
    uint32_t flags = mbedtls_ssl_get_verify_result(&stream->ssl);
    const char *joint = "";
    sp_text_set(why, "the certificate of %s is not trusted: ", stream->host);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (!(flags & reasons[i].flag))
            continue;
        sp_text_add(why, "%s%s", joint, reasons[i].text);
        joint = ", and ";
    }
    if (!*joint)
        sp_text_add(why, "verification failed (flags 0x%x)", (unsigned)flags);
}

static int explain(sp_tls_session *stream, int error, const char *doing, sp_text *why)
{
    if (error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        explain_certificate(stream, why);
    else if (error == IO_FAILED)
        sp_text_set(why, "%s %s: %s", doing, stream->host, sp_tcp_text(stream->io_error));
    else if (error == MBEDTLS_ERR_SSL_CONN_EOF)
        sp_text_set(why, "%s %s: the peer closed the connection", doing, stream->host);
    else if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        sp_text_set(why,
                    "%s %s: the peer refused with a TLS alert (does it want a client certificate, or another "
                    "version?)",
                    doing, stream->host);
    else if (error == MBEDTLS_ERR_SSL_INVALID_RECORD)
        sp_text_set(why, "%s %s: the peer does not speak TLS on this port", doing, stream->host);
    else
        sp_text_set(why, "%s %s: TLS error -0x%04x", doing, stream->host, (unsigned)-error);
    return SP_TLS_FAILED;
}

/* ---- Moving bytes ---- */

/* What is to be tried again once the socket is ready; 0 for another error. */
static int wants(int error)
{
    if (error == MBEDTLS_ERR_SSL_WANT_READ)
        return SP_TLS_WANTS_READ;
    return error == MBEDTLS_ERR_SSL_WANT_WRITE ? SP_TLS_WANTS_WRITE : 0;
}

int sp_tls_handshake(sp_tls_session *stream, sp_text *why)
{
    int done = mbedtls_ssl_handshake(&stream->ssl);
    if (done == 0) {
        forget_chain(&stream->ssl);
        return 1;
    }
    int again = wants(done);
    return again ? again : explain(stream, done, "the TLS handshake failed with", why);
}

static bool is_end(int error)
{
    return error == 0 || error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || error == MBEDTLS_ERR_SSL_CONN_EOF;
}

static bool is_news(int error)
{
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    if (error == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return true;
#endif
    (void)error;
    return false;
}

ssize_t sp_tls_read(sp_tls_session *stream, uint8_t *bytes, size_t length, sp_text *why)
{
    int got;
    do
        got = mbedtls_ssl_read(&stream->ssl, bytes, length);
    while (is_news(got));
    if (got > 0)
        return got;
    if (is_end(got))
        return 0;
    int again = wants(got);
    return again ? again : explain(stream, got, "lost the TLS connection to", why);
}

static bool hold(sp_tls_session *stream, const uint8_t *bytes, size_t length)
{
    stream->held = malloc(length);
    if (!stream->held)
        return false;
    memcpy(stream->held, bytes, length);
    stream->held_length = length;
    return true;
}

bool sp_tls_is_flushed(const sp_tls_session *stream)
{
    return !stream->held;
}

int sp_tls_flush(sp_tls_session *stream, sp_text *why)
{
    while (stream->held) {
        int put = mbedtls_ssl_write(&stream->ssl, stream->held + stream->held_at,
                                    stream->held_length - stream->held_at);
        if (put < 0) {
            int again = wants(put);
            return again ? again : explain(stream, put, "lost the TLS connection to", why);
        }
        stream->held_at += (size_t)put;
        if (stream->held_at == stream->held_length)
            release(stream);
    }
    return 1;
}

ssize_t sp_tls_write(sp_tls_session *stream, const uint8_t *bytes, size_t length, sp_text *why)
{
    length = length < RECORD_MOST ? length : RECORD_MOST;
    int put = mbedtls_ssl_write(&stream->ssl, bytes, length);
    if (put >= 0)
        return put;
    if (!wants(put))
        return explain(stream, put, "lost the TLS connection to", why);
    if (!hold(stream, bytes, length)) {
        sp_text_set(why, "out of memory");
        return SP_TLS_FAILED;
    }
    return (ssize_t)length;
}

bool sp_tls_has_more(const sp_tls_session *stream)
{
    return mbedtls_ssl_check_pending(&stream->ssl) != 0;
}

void sp_tls_goodbye(sp_tls_session *stream)
{
    mbedtls_ssl_close_notify(&stream->ssl);
}
