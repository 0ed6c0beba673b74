/*
 * Finds the certificates of the authorities that the system trusts. Called by tls.c, which says to which TLS library
 * they go.
 */
#include "net/trust.h"

#include "net/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_LENGTH_MAX = 1024
};

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

/* A search: where certificates go, and what was tried for them. */
typedef struct trust_search {
    sp_trust_take *take;
    void *store;
    char *source;
    sp_text tried;
} trust_search;

static void set_source(trust_search *search, const char *path)
{
    snprintf(search->source, SP_TRUST_SOURCE_MAX, "%.*s", SP_TRUST_SOURCE_MAX - 1, path);
}

/* 1 when certificates were taken, 0 when there are none, or SPECTACLES_E_NOMEM. reason: why there are none. */
static int take_file(trust_search *search, const char *path, const char **reason)
{
    sp_buffer file;
    int taken = sp_file_read(&file, path, reason);
    if (taken == SPECTACLES_OK) {
        sp_slice bytes = sp_buffer_slice(&file);
        *reason = "it holds no certificate in PEM form";
        taken = search->take(search->store, (sp_slice){bytes.bytes, bytes.length - 1});
    }
    sp_buffer_free(&file);
    return taken == SPECTACLES_E_SYS ? 0 : taken;
}

static int load_file(trust_search *search, const char *path, bool told)
{
    const char *reason;
    int taken = take_file(search, path, &reason);
    if (taken == 1)
        set_source(search, path);
    if (taken == 0)
        sp_text_add(&search->tried, "%s%s", search->tried.length ? ", " : "", path);
    if (taken == 0 && told)
        sp_text_add(&search->tried, " (%s)", reason);
    return taken;
}

/* c_rehash(1) puts links beside the files of a directory. The files themselves are enough. */
static bool is_link_within(const char *path)
{
    char target[PATH_LENGTH_MAX];
    ssize_t length = readlink(path, target, sizeof target);
    return length > 0 && !memchr(target, '/', (size_t)length);
}

/* 1 when at least one file of the directory holds certificates, 0, or SPECTACLES_E_NOMEM. */
static int take_directory(trust_search *search, const char *path)
{
    char file[PATH_LENGTH_MAX];
    const char *reason;
    int taken = 0;
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    for (struct dirent *entry; taken >= 0 && (entry = readdir(directory));) {
        int length = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || length < 0 || (size_t)length >= sizeof file || is_link_within(file))
            continue;
        int some = take_file(search, file, &reason);
        taken = some == 0 ? taken : some;
    }
    closedir(directory);
    return taken;
}

/* Directories in a list with colons, as OpenSSL reads it. */
static int load_directories(trust_search *search, const char *list)
{
    char path[PATH_LENGTH_MAX];
    int taken = 0;
    while (*list && taken >= 0) {
        size_t length = strcspn(list, ":");
        if (length > 0 && length < sizeof path) {
            memcpy(path, list, length);
            path[length] = '\0';
            int some = take_directory(search, path);
            if (some == 1 && taken == 0)
                set_source(search, path);
            taken = some == 0 ? taken : some;
            sp_text_add(&search->tried, "%s%s", search->tried.length ? ", " : "", path);
        }
        list += length + (list[length] == ':');
    }
    return taken;
}

static bool is_set(const char *value)
{
    return value && *value;
}

static int load_known(trust_search *search)
{
    int taken = 0;
    for (size_t i = 0; taken == 0 && i < sizeof known_files / sizeof known_files[0]; i++)
        taken = load_file(search, known_files[i], false);
    return taken;
}

static int load(trust_search *search, const char *ca_file)
{
    const char *file = getenv("SSL_CERT_FILE");
    const char *directories = getenv("SSL_CERT_DIR");
    int taken = 0;
    if (ca_file)
        return load_file(search, ca_file, true);
    if (is_set(file))
        taken = load_file(search, file, true);
    if (taken == 0 && is_set(directories))
        taken = load_directories(search, directories);
    /* Who names a place means that place: falling back to another one would trust more than was asked for. */
    return is_set(file) || is_set(directories) ? taken : load_known(search);
}

int sp_trust_load(sp_trust_take *take, void *store, const char *ca_file, char source[SP_TRUST_SOURCE_MAX],
                  sp_text *why)
{
    trust_search search = {.take = take, .store = store, .source = source};
    sp_text_set(&search.tried, "%s", "");
    int taken = load(&search, ca_file);
    if (taken == 1)
        return SPECTACLES_OK;
    if (taken == 0)
        sp_text_set(
            why,
            "no trusted certificate authorities found; tried %s. Set SSL_CERT_FILE to a bundle in PEM "
            "form",
            search.tried.chars);
    return taken == 0 ? SPECTACLES_E_TLS : taken;
}
