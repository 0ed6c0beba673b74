/*
 * OpenSSL 3: settings, trusted authorities and a certificate of our own. Called by tls.c through tls_library.h, and by
 * tls_openssl_channel.c.
 */
#include "net/tls_openssl.h"

#include "net/processor.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_AHEAD = 32 * 1024 /* bytes of one read: as much as the link asks for */
};

const char *sp_tls_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

/* To clear an empty queue costs more than to look whether it is empty. */
void sp_tls_openssl_begin(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

int sp_tls_openssl_error(char reason[SP_TLS_REASON_MAX], unsigned long *cause)
{
    int error = SPECTACLES_E_TLS;
    unsigned long found = 0;
    unsigned long code;
    /* The first error is the deepest one. One of TLS itself says more than one of what TLS is made of. */
    while ((code = ERR_get_error()) != 0) {
        if (found == 0 || (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_LIB(found) != ERR_LIB_SSL))
            found = code;
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
            error = SPECTACLES_E_NOMEM;
    }
    const char *words = found ? ERR_reason_error_string(found) : NULL;
    snprintf(reason, SP_TLS_REASON_MAX, "%s", words ? words : "OpenSSL gives no reason");
    if (cause)
        *cause = found;
    return error;
}

/* Why a certificate, a key or a setting was not taken. When memory runs out, OpenSSL does not always say why. */
static int explain(char reason[SP_TLS_REASON_MAX])
{
    unsigned long cause;
    int error = sp_tls_openssl_error(reason, &cause);
    return cause == 0 ? SPECTACLES_E_NOMEM : error;
}

/* ---- The order of ciphers ---- */

enum {
    NO_FORWARD_SECRECY = 8
};

/* What comes first is lowest. Ciphers of the same rank keep the order that OpenSSL gives them. */
static int rank_of(const SSL_CIPHER *cipher, bool has_aes)
{
    int key_exchange = SSL_CIPHER_get_kx_nid(cipher);
    bool secret_later =
        key_exchange == NID_kx_any || key_exchange == NID_kx_ecdhe || key_exchange == NID_kx_dhe;
    int rank = secret_later ? 0 : NO_FORWARD_SECRECY;
    switch (SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_aes_128_gcm:
        return rank + (has_aes ? 0 : 1);
    case NID_aes_256_gcm:
        return rank + (has_aes ? 1 : 2);
    case NID_chacha20_poly1305:
        return rank + (has_aes ? 2 : 0);
    default:
        return rank + 3;
    }
}

static void add_ciphers(sp_buffer *names, const STACK_OF(SSL_CIPHER) * ciphers, int rank, bool tls13)
{
    bool has_aes = sp_processor_has_aes();
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        if ((SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any) != tls13 || rank_of(cipher, has_aes) != rank)
            continue;
        sp_buffer_text(names, sp_buffer_length(names) > 0 ? ":" : "");
        sp_buffer_text(names, SSL_CIPHER_get_name(cipher));
    }
}

/* The names of the ciphers that are allowed, in the order of their ranks. NUL-terminated; NULL: out of memory. */
static const char *order_ciphers(sp_buffer *names, const STACK_OF(SSL_CIPHER) * ciphers, bool tls13)
{
    sp_buffer_clear(names);
    for (int rank = 0; rank < 2 * NO_FORWARD_SECRECY; rank++)
        add_ciphers(names, ciphers, rank, tls13);
    sp_buffer_u8(names, 0);
    return sp_buffer_failed(names) ? NULL : (const char *)sp_buffer_slice(names).bytes;
}

/* The system's policy (openssl.cnf) says which ciphers are allowed. The processor decides which of them come first. */
static bool prefer_fast_ciphers(SSL_CTX *ssl)
{
    sp_buffer names = {0};
    STACK_OF(SSL_CIPHER) *ciphers = sk_SSL_CIPHER_dup(SSL_CTX_get_ciphers(ssl));
    const char *ordered = ciphers ? order_ciphers(&names, ciphers, true) : NULL;
    bool done = ordered && (*ordered == '\0' || SSL_CTX_set_ciphersuites(ssl, ordered) == 1);
    ordered = done ? order_ciphers(&names, ciphers, false) : NULL;
    done = ordered && (*ordered == '\0' || SSL_CTX_set_cipher_list(ssl, ordered) == 1);
    sk_SSL_CIPHER_free(ciphers);
    sp_buffer_free(&names);
    return done;
}

/* ---- The context ---- */

static void free_session(void *session)
{
    SSL_SESSION_free(session);
}

/* Keeps a session that the peer lets us take up again. 1: the session belongs to the tickets now. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    const sp_tls_channel *channel = SSL_get_app_data(ssl);
    sp_tls_tickets_keep(&channel->context->tickets, channel->host, channel->port, session);
    return 1;
}

static bool set_up(sp_tls_context *context, bool verifies)
{
    SSL_CTX *ssl = context->ssl = SSL_CTX_new(TLS_client_method());
    context->socket_method = sp_tls_openssl_socket_method();
    if (!ssl || !context->socket_method || !prefer_fast_ciphers(ssl))
        return false;
    /* The system's policy may ask for more, and never for less. */
    if (SSL_CTX_get_min_proto_version(ssl) < TLS1_2_VERSION &&
        SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1)
        return false;
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_default_read_buffer_len(ssl, READ_AHEAD);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, keep_session);
    SSL_CTX_set_verify(ssl, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return true;
}

int sp_tls_context_new(sp_tls_context **out, bool verifies, char reason[SP_TLS_REASON_MAX])
{
    sp_tls_context *context = calloc(1, sizeof *context);
    if (!context)
        return SPECTACLES_E_NOMEM;
    ERR_clear_error();
    context->tickets.free_session = free_session;
    if (!set_up(context, verifies)) {
        sp_tls_context_free(context);
        return explain(reason);
    }
    *out = context;
    return SPECTACLES_OK;
}

void sp_tls_context_free(sp_tls_context *context)
{
    if (!context)
        return;
    sp_tls_tickets_free(&context->tickets);
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->socket_method);
    free(context);
}

/* ---- Certificates and keys ---- */

/* A file that is encrypted is refused: nobody is asked at the terminal. asked: learns that a passphrase is wanted. */
static int refuse_passphrase(char *out, int size, int writes, void *asked)
{
    (void)out;
    (void)size;
    (void)writes;
    if (asked)
        *(bool *)asked = true;
    return -1;
}

static BIO *open_pem(sp_slice pem)
{
    ERR_clear_error();
    return BIO_new_mem_buf(pem.bytes, (int)pem.length);
}

/* The next certificate; NULL at the end, when memory ran out, or for one that cannot be read (*passed). */
static X509 *next_certificate(BIO *pem, bool *passed)
{
    X509 *certificate = PEM_read_bio_X509_AUX(pem, NULL, refuse_passphrase, NULL);
    unsigned long error = ERR_peek_last_error();
    *passed = !certificate && ERR_GET_REASON(error) != PEM_R_NO_START_LINE;
    return certificate;
}

static bool queue_says_no_memory(void)
{
    char reason[SP_TLS_REASON_MAX];
    return sp_tls_openssl_error(reason, NULL) == SPECTACLES_E_NOMEM;
}

int sp_tls_context_trust(void *store, sp_slice pem)
{
    sp_tls_context *context = store;
    X509_STORE *authorities = SSL_CTX_get_cert_store(context->ssl);
    BIO *in = open_pem(pem);
    X509 *certificate = NULL;
    bool passed = false;
    bool no_memory = !in;
    int taken = 0;
    while (!no_memory && ((certificate = next_certificate(in, &passed)) || passed)) {
        if (certificate && X509_STORE_add_cert(authorities, certificate) == 1)
            taken = 1;
        X509_free(certificate);
        no_memory = queue_says_no_memory();
    }
    no_memory = queue_says_no_memory() || no_memory;
    BIO_free(in);
    return no_memory ? SPECTACLES_E_NOMEM : taken;
}

static bool take_own_certificates(SSL_CTX *ssl, BIO *pem)
{
    X509 *certificate = PEM_read_bio_X509_AUX(pem, NULL, refuse_passphrase, NULL);
    bool taken = certificate && SSL_CTX_use_certificate(ssl, certificate) == 1;
    X509_free(certificate);
    while (taken && (certificate = PEM_read_bio_X509(pem, NULL, refuse_passphrase, NULL))) {
        taken = SSL_CTX_add1_chain_cert(ssl, certificate) == 1;
        X509_free(certificate);
    }
    return taken && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

int sp_tls_context_set_certificate(sp_tls_context *context, sp_slice pem, char reason[SP_TLS_REASON_MAX])
{
    BIO *in = open_pem(pem);
    bool taken = in && take_own_certificates(context->ssl, in);
    BIO_free(in);
    if (!taken)
        return explain(reason);
    ERR_clear_error();
    return SPECTACLES_OK;
}

static int take_key(SSL_CTX *ssl, EVP_PKEY *key, char reason[SP_TLS_REASON_MAX])
{
    X509 *certificate = SSL_CTX_get0_certificate(ssl);
    if (certificate && X509_check_private_key(certificate, key) != 1)
        return explain(reason) == SPECTACLES_E_NOMEM ? SPECTACLES_E_NOMEM : SPECTACLES_E_INVAL;
    return SSL_CTX_use_PrivateKey(ssl, key) == 1 ? SPECTACLES_OK : explain(reason);
}

int sp_tls_context_set_key(sp_tls_context *context, sp_slice pem, char reason[SP_TLS_REASON_MAX])
{
    bool asked = false;
    BIO *in = open_pem(pem);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, refuse_passphrase, &asked) : NULL;
    int error = key ? take_key(context->ssl, key, reason) : explain(reason);
    EVP_PKEY_free(key);
    BIO_free(in);
    ERR_clear_error();
    return error == SPECTACLES_E_TLS && asked ? SPECTACLES_E_AUTH : error;
}
