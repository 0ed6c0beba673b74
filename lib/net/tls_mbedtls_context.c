/*
 * mbedTLS: settings, trusted authorities and a certificate of our own. Called by tls.c through tls_library.h, and by
 * tls_mbedtls_channel.c.
 */
#include "net/tls_mbedtls.h"

#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

const char *sp_tls_library(void)
{
    return "mbedTLS " MBEDTLS_VERSION_STRING;
}

bool sp_tls_mbedtls_no_memory(int error)
{
    enum {
        LOW = 0x7f, /* an error is the sum of what a high module and a low one say */
        HIGH = 0xff80
    };
    static const int high[] = {0x7f00 /* SSL */, 0x2880 /* X.509 */,  0x3f80 /* PK */, 0x4d80 /* ECP */,
                               0x5180 /* MD */,  0x6180 /* cipher */, 0x1180 /* PEM */};
    static const int low[] = {0x10 /* big numbers */, 0x6a /* ASN.1 */};
    static const int psa_no_memory = -141;
    if (error == psa_no_memory)
        return true;
    for (size_t i = 0; i < sizeof high / sizeof high[0]; i++) {
        if ((-error & HIGH) == high[i])
            return true;
    }
    return (-error & LOW) == low[0] || (-error & LOW) == low[1];
}

int sp_tls_mbedtls_error(int error, char reason[SP_TLS_REASON_MAX])
{
#if defined(MBEDTLS_ERROR_C)
    mbedtls_strerror(error, reason, SP_TLS_REASON_MAX);
#else
    snprintf(reason, SP_TLS_REASON_MAX, "mbedTLS was built without texts for its errors");
#endif
    return sp_tls_mbedtls_no_memory(error) ? SPECTACLES_E_NOMEM : SPECTACLES_E_TLS;
}

/* ---- What differs between versions ---- */

static int seed(sp_tls_context *context)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    /* TLS 1.3 needs it. It may be called any number of times. */
    psa_status_t status = psa_crypto_init();
    if (status != PSA_SUCCESS)
        return (int)status;
#endif
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    static const unsigned char name[] = "libspectacles";
    mbedtls_ssl_conf_rng(&context->config, mbedtls_ctr_drbg_random, &context->random);
    return mbedtls_ctr_drbg_seed(&context->random, mbedtls_entropy_func, &context->entropy, name,
                                 sizeof name - 1);
#else
    (void)context;
    return 0;
#endif
}

static void set_lowest_version(sp_tls_context *context)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    mbedtls_ssl_conf_min_version(&context->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#else
    mbedtls_ssl_conf_min_tls_version(&context->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
}

/* TLS 1.3 sends its tickets behind the handshake. From 3.6.1 on mbedTLS 3 tells of them only when it is asked to. */
static void ask_for_tickets(sp_tls_context *context)
{
#if defined(MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED) && defined(MBEDTLS_SSL_PROTO_TLS1_3) &&   \
    defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &context->config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#else
    (void)context;
#endif
}

static int parse_key(sp_tls_context *context, sp_slice pem)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
    return mbedtls_pk_parse_key(&context->key, pem.bytes, pem.length + 1, NULL, 0);
#else
    return mbedtls_pk_parse_key(&context->key, pem.bytes, pem.length + 1, NULL, 0, mbedtls_ctr_drbg_random,
                                &context->random);
#endif
}

static int check_pair(sp_tls_context *context)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
    return mbedtls_pk_check_pair(&context->certificate.pk, &context->key);
#else
    return mbedtls_pk_check_pair(&context->certificate.pk, &context->key, mbedtls_ctr_drbg_random,
                                 &context->random);
#endif
}

/* ---- The context ---- */

static void free_session(void *session)
{
    mbedtls_ssl_session_free(session);
    free(session);
}

static void init(sp_tls_context *context)
{
    context->tickets.free_session = free_session;
    mbedtls_ssl_config_init(&context->config);
    mbedtls_x509_crt_init(&context->authorities);
    mbedtls_x509_crt_init(&context->certificate);
    mbedtls_pk_init(&context->key);
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    mbedtls_entropy_init(&context->entropy);
    mbedtls_ctr_drbg_init(&context->random);
#endif
}

static int set_up(sp_tls_context *context)
{
    int error = mbedtls_ssl_config_defaults(&context->config, MBEDTLS_SSL_IS_CLIENT,
                                            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (error == 0)
        error = seed(context);
    if (error != 0)
        return error;
    set_lowest_version(context);
    ask_for_tickets(context);
    mbedtls_ssl_conf_authmode(&context->config,
                              context->verifies ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_ca_chain(&context->config, &context->authorities, NULL);
    return 0;
}

int sp_tls_context_new(sp_tls_context **out, bool verifies, char reason[SP_TLS_REASON_MAX])
{
    sp_tls_context *context = calloc(1, sizeof *context);
    if (!context)
        return SPECTACLES_E_NOMEM;
    init(context);
    context->verifies = verifies;
    int error = set_up(context);
    if (error != 0) {
        sp_tls_context_free(context);
        return sp_tls_mbedtls_error(error, reason);
    }
    *out = context;
    return SPECTACLES_OK;
}

void sp_tls_context_free(sp_tls_context *context)
{
    if (!context)
        return;
    sp_tls_tickets_free(&context->tickets);
    mbedtls_ssl_config_free(&context->config);
    mbedtls_x509_crt_free(&context->authorities);
    mbedtls_x509_crt_free(&context->certificate);
    mbedtls_pk_free(&context->key);
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    mbedtls_ctr_drbg_free(&context->random);
    mbedtls_entropy_free(&context->entropy);
#endif
    free(context);
}

/* ---- Certificates and keys ---- */

/* mbedTLS answers how many certificates of a bundle it could not read: some are no reason to refuse the others. */
int sp_tls_context_trust(void *store, sp_slice pem)
{
    sp_tls_context *context = store;
    int error = mbedtls_x509_crt_parse(&context->authorities, pem.bytes, pem.length + 1);
    if (error < 0 && sp_tls_mbedtls_no_memory(error))
        return SPECTACLES_E_NOMEM;
    return error >= 0 && context->authorities.raw.p != NULL;
}

int sp_tls_context_set_certificate(sp_tls_context *context, sp_slice pem, char reason[SP_TLS_REASON_MAX])
{
    int error = mbedtls_x509_crt_parse(&context->certificate, pem.bytes, pem.length + 1);
    if (error == 0)
        return SPECTACLES_OK;
    if (error < 0)
        return sp_tls_mbedtls_error(error, reason);
    snprintf(reason, SP_TLS_REASON_MAX, "a certificate of its chain is damaged");
    return SPECTACLES_E_TLS;
}

int sp_tls_context_set_key(sp_tls_context *context, sp_slice pem, char reason[SP_TLS_REASON_MAX])
{
    int error = parse_key(context, pem);
    if (error == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || error == MBEDTLS_ERR_PK_PASSWORD_MISMATCH)
        return SPECTACLES_E_AUTH;
    if (error == 0)
        error = mbedtls_ssl_conf_own_cert(&context->config, &context->certificate, &context->key);
    if (error != 0)
        return sp_tls_mbedtls_error(error, reason);
    error = check_pair(context);
    if (error == 0)
        return SPECTACLES_OK;
    return sp_tls_mbedtls_no_memory(error) ? SPECTACLES_E_NOMEM : SPECTACLES_E_INVAL;
}
