#ifndef SP_NET_TRUST_H
#define SP_NET_TRUST_H

#include "core/text.h"

#include <mbedtls/x509_crt.h>

/*
 * Loads the authorities that are trusted: from ca_file, else from where the environment says (SSL_CERT_FILE,
 * SSL_CERT_DIR), else from the first of the paths where systems keep them. 0, or SPECTACLES_E_TLS and a
 * sentence that names what was tried.
 */
int sp_trust_load(mbedtls_x509_crt *authorities, const char *ca_file, sp_text *why);

#endif
