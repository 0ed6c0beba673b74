#ifndef SP_NET_TLS_MBEDTLS_H
#define SP_NET_TLS_MBEDTLS_H

#include "net/tls_library.h"
#include "net/tls_tickets.h"

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#endif

/* What the files of mbedTLS, tls_mbedtls_*.c, know of each other: mbedTLS 2.28, 3.x and 4.x. */

struct sp_tls_context {
    mbedtls_ssl_config config;
    mbedtls_x509_crt authorities;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
#endif
    sp_tls_tickets tickets; /* of mbedtls_ssl_session */
    bool verifies;
};

/* Whether mbedTLS failed because memory ran out. */
bool sp_tls_mbedtls_no_memory(int error);

/* Puts mbedTLS's error into words. Returns SPECTACLES_E_NOMEM when memory ran out, else SPECTACLES_E_TLS. */
int sp_tls_mbedtls_error(int error, char reason[SP_TLS_REASON_MAX]);

#endif
