/*
 * TLS over a socket: the certificates that links share, and the session of one connection. What a TLS library does is
 * behind tls_library.h. Called by connect.c, transfer.c, link_state.c, link.c and by owners.
 */
#include "net/tls.h"

#include "core/config.h"
#include "core/export.h"
#include "net/file.h"
#include "net/tls_library.h"
#include "net/trust.h"

#include <stdlib.h>
#include <string.h>

enum {
    RECORD_MAX = 16384,
    HOST_MAX = 256
};

struct spectacles_tls {
    uint32_t holds;
    sp_tls_context *context;
    char authorities[SP_TRUST_SOURCE_MAX]; /* where they came from */
};

struct sp_tls_session {
    spectacles_tls *tls;
    sp_tls_socket socket;
    sp_tls_channel *channel;
    char host[HOST_MAX];
};

SPECTACLES_EXPORT const char *spectacles_tls_library(void)
{
    return sp_tls_library();
}

/* ---- The certificates that links share ---- */

SPECTACLES_EXPORT void spectacles_tls_config_init(spectacles_tls_config *config, size_t size)
{
    const spectacles_tls_config defaults = {0};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

void sp_tls_hold(spectacles_tls *tls)
{
    tls->holds++;
}

SPECTACLES_EXPORT void spectacles_tls_free(spectacles_tls *tls)
{
    if (!tls || --tls->holds > 0)
        return;
    sp_tls_context_free(tls->context);
    free(tls);
}

static int read_file(sp_buffer *file, const char *what, const char *path, sp_text *why)
{
    const char *reason;
    int error = sp_file_read(file, path, &reason);
    if (error == SPECTACLES_OK)
        return SPECTACLES_OK;
    sp_text_set(why, "the %s in %s can not be read: %s", what, path, reason);
    return error == SPECTACLES_E_SYS ? SPECTACLES_E_TLS : error;
}

static sp_slice pem_of(const sp_buffer *file)
{
    sp_slice bytes = sp_buffer_slice(file);
    return (sp_slice){bytes.bytes, bytes.length - 1};
}

static int load_certificate(spectacles_tls *tls, const spectacles_tls_config *config, sp_text *why)
{
    sp_buffer file;
    char reason[SP_TLS_REASON_MAX] = "";
    int error = read_file(&file, "certificate", config->cert_file, why);
    if (error == SPECTACLES_OK) {
        error = sp_tls_context_set_certificate(tls->context, pem_of(&file), reason);
        if (error != SPECTACLES_OK)
            sp_text_set(why, "the certificate in %s can not be used: %s", config->cert_file, reason);
    }
    sp_buffer_free(&file);
    return error;
}

static int explain_key(const spectacles_tls_config *config, int error, const char *reason, sp_text *why)
{
    if (error == SPECTACLES_E_INVAL) {
        sp_text_set(why, "the key in %s does not belong to the certificate in %s", config->key_file,
                    config->cert_file);
        return SPECTACLES_E_INVAL;
    }
    if (error == SPECTACLES_E_AUTH)
        sp_text_set(why, "the key in %s is encrypted: it has to be stored without a passphrase",
                    config->key_file);
    else
        sp_text_set(why, "the key in %s can not be used: %s", config->key_file, reason);
    return error == SPECTACLES_E_AUTH ? SPECTACLES_E_TLS : error;
}

/* Whether the key belongs to the certificate is checked here: the peer's alert would not say it. */
static int load_key(spectacles_tls *tls, const spectacles_tls_config *config, sp_text *why)
{
    sp_buffer file;
    char reason[SP_TLS_REASON_MAX] = "";
    int error = read_file(&file, "key", config->key_file, why);
    if (error == SPECTACLES_OK) {
        error = sp_tls_context_set_key(tls->context, pem_of(&file), reason);
        if (error != SPECTACLES_OK)
            error = explain_key(config, error, reason, why);
    }
    sp_buffer_free(&file);
    return error;
}

static int load_own_certificate(spectacles_tls *tls, const spectacles_tls_config *config, sp_text *why)
{
    if (!config->cert_file && !config->key_file)
        return SPECTACLES_OK;
    if (!config->cert_file || !config->key_file) {
        sp_text_set(why, "cert_file and key_file have to be given together");
        return SPECTACLES_E_INVAL;
    }
    int error = load_certificate(tls, config, why);
    return error == SPECTACLES_OK ? load_key(tls, config, why) : error;
}

static int set_up(spectacles_tls *tls, const spectacles_tls_config *config, sp_text *why)
{
    bool verifies = !(config->flags & SPECTACLES_TLS_INSECURE_NO_VERIFICATION);
    char reason[SP_TLS_REASON_MAX] = "";
    int error = sp_tls_context_new(&tls->context, verifies, reason);
    if (error != SPECTACLES_OK) {
        sp_text_set(why, "TLS could not be set up: %s", reason);
        return error;
    }
    if (verifies)
        error = sp_trust_load(sp_tls_context_trust, tls->context, config->ca_file, tls->authorities, why);
    return error == SPECTACLES_OK ? load_own_certificate(tls, config, why) : error;
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
    tls->holds = 1;
    error = set_up(tls, &read, &why);
    if (error != SPECTACLES_OK) {
        spectacles_tls_free(tls);
        return sp_refuse(problem, error, error == SPECTACLES_E_NOMEM ? "out of memory" : why.chars);
    }
    *out = tls;
    return SPECTACLES_OK;
}

/* ---- The session of one connection ---- */

/* A dot at the end of a host name is for the resolver alone. */
static size_t length_of_name(const char *host)
{
    size_t length = strlen(host);
    length = length > 1 && host[length - 1] == '.' ? length - 1 : length;
    return length < HOST_MAX ? length : HOST_MAX - 1;
}

int sp_tls_session_new(sp_tls_session **out, spectacles_tls *tls, int fd, const char *host, uint32_t port)
{
    size_t length = length_of_name(host);
    sp_tls_session *session = calloc(1, sizeof *session);
    if (!session)
        return SPECTACLES_E_NOMEM;
    memcpy(session->host, host, length);
    session->socket.fd = fd;
    sp_tls_peer peer = {.host = session->host, .port = port};
    if (!sp_address_parse(&peer.numeric, session->host, length))
        peer.numeric.family = 0;
    int error = sp_tls_channel_new(&session->channel, tls->context, &session->socket, &peer);
    if (error != SPECTACLES_OK) {
        free(session);
        return error;
    }
    sp_tls_hold(tls);
    session->tls = tls;
    *out = session;
    return SPECTACLES_OK;
}

void sp_tls_session_free(sp_tls_session *session)
{
    if (!session)
        return;
    sp_tls_channel_free(session->channel);
    sp_tls_socket_free(&session->socket);
    spectacles_tls_free(session->tls);
    free(session);
}

static int explain(const sp_tls_session *session, const sp_tls_failure *failure, const char *doing, int error,
                   sp_text *why)
{
    const sp_tls_scene scene = {doing, session->host, session->tls->authorities, &session->socket};
    return sp_tls_failure_tell(failure, &scene, error, why);
}

static int explain_loss(const sp_tls_session *session, const sp_tls_failure *failure, sp_text *why)
{
    return explain(session, failure, "lost the TLS connection to", SPECTACLES_E_CLOSED, why);
}

int sp_tls_handshake(sp_tls_session *session, sp_text *why)
{
    sp_tls_failure failure;
    sp_tls_failure_clear(&failure);
    sp_tls_socket_ready(&session->socket);
    int done = sp_tls_socket_flush(&session->socket) < 0
                   ? SP_TLS_CHANNEL_FAILED
                   : sp_tls_channel_handshake(session->channel, &failure);
    if (done == SP_TLS_CHANNEL_FAILED)
        return explain(session, &failure, "the TLS handshake failed with", SPECTACLES_E_TLS, why);
    return done == SP_TLS_CHANNEL_WAITS ? SP_TLS_WANTS_READ : done;
}

void sp_tls_ready(sp_tls_session *session)
{
    sp_tls_socket_ready(&session->socket);
}

ssize_t sp_tls_read(sp_tls_session *session, uint8_t *bytes, size_t length, sp_text *why)
{
    sp_tls_failure failure;
    sp_tls_failure_clear(&failure);
    ssize_t got = sp_tls_channel_read(session->channel, bytes, length, &failure);
    if (got == SP_TLS_CHANNEL_FAILED)
        return explain_loss(session, &failure, why);
    return got == SP_TLS_CHANNEL_WAITS ? SP_TLS_WANTS_READ : got;
}

bool sp_tls_is_flushed(const sp_tls_session *session)
{
    return sp_tls_socket_is_flushed(&session->socket);
}

int sp_tls_flush(sp_tls_session *session, sp_text *why)
{
    sp_tls_failure failure;
    sp_tls_failure_clear(&failure);
    int done = sp_tls_socket_flush(&session->socket);
    return done < 0 ? explain_loss(session, &failure, why) : done;
}

ssize_t sp_tls_write(sp_tls_session *session, const uint8_t *bytes, size_t length, sp_text *why)
{
    sp_tls_failure failure;
    sp_tls_failure_clear(&failure);
    ssize_t put =
        sp_tls_channel_write(session->channel, bytes, length < RECORD_MAX ? length : RECORD_MAX, &failure);
    return put == SP_TLS_CHANNEL_FAILED ? explain_loss(session, &failure, why) : put;
}

void sp_tls_goodbye(sp_tls_session *session)
{
    sp_tls_channel_close(session->channel);
    sp_tls_socket_flush(&session->socket);
}
