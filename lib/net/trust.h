#ifndef SP_NET_TRUST_H
#define SP_NET_TRUST_H

#include "core/buffer.h"
#include "core/text.h"

enum {
    SP_TRUST_SOURCE_MAX = 96 /* bytes of the source, its NUL included */
};

/*
 * Takes the certificates of a PEM text that a NUL follows; the NUL is not counted by pem.length. Certificates that
 * cannot be read are passed over. Returns whether there was one at least, or SPECTACLES_E_NOMEM.
 */
typedef int sp_trust_take(void *store, sp_slice pem);

/*
 * Loads the authorities that are trusted: from ca_file, else from where the environment says (SSL_CERT_FILE,
 * SSL_CERT_DIR), else from the first of the paths where systems keep them. Blocks for as long as the disk takes.
 *
 * take, store: where the certificates go.
 * source: receives where they came from, for sentences.
 *
 * Returns 0, SPECTACLES_E_NOMEM, or SPECTACLES_E_TLS and a sentence that names each path that was tried.
 */
int sp_trust_load(sp_trust_take *take, void *store, const char *ca_file, char source[SP_TRUST_SOURCE_MAX],
                  sp_text *why);

#endif
