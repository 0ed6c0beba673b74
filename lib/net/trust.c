/*
 * Finds the certificates of the authorities that the system trusts. Called by tls.c.
 */
#include "net/trust.h"

#include <spectacles/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const known_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Gentoo */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, Red Hat */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* older Red Hat */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/ssl/cert.pem",                                 /* Alpine, OpenBSD, macOS */
    "/usr/local/etc/ssl/cert.pem",                       /* FreeBSD */
    "/usr/local/share/certs/ca-root-nss.crt",            /* older FreeBSD */
    "/etc/openssl/certs/ca-certificates.crt",            /* NetBSD */
    "/opt/homebrew/etc/ca-certificates/cert.pem",        /* Homebrew */
};

/* mbedTLS answers how many certificates of a bundle it could not read: some are no reason to refuse the
 * others. */
static bool took_any(const mbedtls_x509_crt *authorities)
{
    return authorities->raw.p != NULL;
}

static bool load_file(mbedtls_x509_crt *authorities, const char *path, sp_text *tried)
{
    mbedtls_x509_crt_parse_file(authorities, path);
    if (took_any(authorities))
        return true;
    sp_text_add(tried, "%s%s", tried->length ? ", " : "", path);
    return false;
}

/* Directories in a list with colons, as OpenSSL reads it. */
static bool load_directories(mbedtls_x509_crt *authorities, const char *list, sp_text *tried)
{
    char path[1024];
    while (*list) {
        size_t length = strcspn(list, ":");
        if (length > 0 && length < sizeof path) {
            memcpy(path, list, length);
            path[length] = '\0';
            mbedtls_x509_crt_parse_path(authorities, path);
            sp_text_add(tried, "%s%s", tried->length ? ", " : "", path);
        }
        list += length + (list[length] == ':');
    }
    return took_any(authorities);
}

static bool is_set(const char *value)
{
    return value && *value;
}

static bool load(mbedtls_x509_crt *authorities, const char *ca_file, sp_text *tried)
{
    const char *file = getenv("SSL_CERT_FILE");
    const char *directories = getenv("SSL_CERT_DIR");
    if (ca_file)
        return load_file(authorities, ca_file, tried);
    if (is_set(file) && load_file(authorities, file, tried))
        return true;
    if (is_set(directories) && load_directories(authorities, directories, tried))
        return true;
    /* Who names a place means that place: falling back to another one would trust more than was asked for. */
    if (is_set(file) || is_set(directories))
        return false;
    for (size_t i = 0; i < sizeof known_files / sizeof known_files[0]; i++) {
        if (load_file(authorities, known_files[i], tried))
            return true;
    }
    return false;
}

int sp_trust_load(mbedtls_x509_crt *authorities, const char *ca_file, sp_text *why)
{
    sp_text tried;
    sp_text_set(&tried, "%s", "");
    if (load(authorities, ca_file, &tried))
        return SPECTACLES_OK;
    sp_text_set(
        why, "no trusted certificate authorities found; tried %s. Set SSL_CERT_FILE to a bundle in PEM form",
        tried.chars);
    return SPECTACLES_E_TLS;
}
