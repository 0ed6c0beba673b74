/* Makes sentences of what goes wrong with TLS. Called by tls.c; the files of the TLS libraries fill failures in. */
#include "net/tls_failure.h"

#include "net/tcp.h"

#include <errno.h>

void sp_tls_failure_clear(sp_tls_failure *failure)
{
    *failure = (sp_tls_failure){.cause = SP_TLS_CAUSE_LIBRARY, .alert = SP_TLS_NO_ALERT};
}

static void tell_certificate(const sp_tls_failure *failure, const sp_tls_scene *scene, sp_text *why)
{
    static const struct {
        uint32_t fault;
        const char *text;
    } faults[] = {
        {SP_TLS_FAULT_EXPIRED, "it has expired"},
        {SP_TLS_FAULT_FUTURE, "it is not valid yet (is the clock right?)"},
        {SP_TLS_FAULT_OTHER_HOST, "it is for another host name"},
        {SP_TLS_FAULT_REVOKED, "it was revoked"},
        {SP_TLS_FAULT_MISSING, "there is none"},
        {SP_TLS_FAULT_WEAK_KEY, "its key is too weak"},
        {SP_TLS_FAULT_WEAK_HASH, "its signature uses a weak hash"},
        {SP_TLS_FAULT_PURPOSE, "it is not meant for a server"},
        {SP_TLS_FAULT_UNKNOWN_AUTHORITY, "it is not signed by a known authority"},
    };
    const char *joint = "";
    sp_text_set(why, "the certificate of %s is not trusted: ", scene->host);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (!(failure->faults & faults[i].fault))
            continue;
        sp_text_add(why, "%s%s", joint, faults[i].text);
        joint = ", and ";
    }
    if (failure->faults & SP_TLS_FAULT_UNKNOWN_AUTHORITY)
        sp_text_add(why, " (the authorities come from %s)", scene->authorities);
    if (failure->faults == 0)
        sp_text_add(why, "%s", failure->reason);
}

/* RFC 8446, section 6. */
static const char *alert_phrase(int alert)
{
    static const struct {
        int alert;
        const char *text;
    } alerts[] = {
        {10, "it got a message that it did not expect (unexpected_message)"},
        {20, "a record was changed on the way (bad_record_mac)"},
        {22, "a record is too large for it (record_overflow)"},
        {40, "no cipher suits both sides, or it wants a client certificate (handshake_failure)"},
        {42, "it cannot use our certificate (bad_certificate)"},
        {43, "it does not support the kind of our certificate (unsupported_certificate)"},
        {44, "our certificate was revoked (certificate_revoked)"},
        {45, "our certificate has expired (certificate_expired)"},
        {46, "it does not accept our certificate (certificate_unknown)"},
        {47, "a value is out of range (illegal_parameter)"},
        {48, "it does not know the authority of our certificate (unknown_ca)"},
        {49, "it denies access to our certificate (access_denied)"},
        {50, "it cannot decode a message (decode_error)"},
        {51, "a signature or a key is wrong (decrypt_error)"},
        {70, "it allows no version of TLS that we allow (protocol_version)"},
        {71, "it wants stronger ciphers (insufficient_security)"},
        {80, "something in it failed (internal_error)"},
        {90, "it gave up (user_canceled)"},
        {112, "it does not know this host name (unrecognized_name)"},
        {116, "it wants a client certificate (certificate_required)"},
    };
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        if (alerts[i].alert == alert)
            return alerts[i].text;
    }
    return "does it want a client certificate, or another version?";
}

static const char *socket_phrase(const sp_tls_socket *socket)
{
    if (socket->error == -ENOBUFS)
        return "the peer sends, but it does not read what TLS has to answer";
    if (socket->error != 0)
        return sp_tcp_text(socket->error);
    return "the peer closed the connection without a close_notify of TLS";
}

static void tell_other(const sp_tls_failure *failure, const sp_tls_scene *scene, sp_text *why)
{
    sp_text_set(why, "%s %s: ", scene->doing, scene->host);
    if (failure->cause == SP_TLS_CAUSE_ALERT)
        sp_text_add(why, "the peer refused with a TLS alert: %s", alert_phrase(failure->alert));
    else if (scene->socket->error != 0)
        sp_text_add(why, "%s", socket_phrase(scene->socket));
    else if (failure->cause == SP_TLS_CAUSE_NOT_TLS)
        sp_text_add(why, "the peer does not speak TLS on this port");
    else if (failure->cause == SP_TLS_CAUSE_VERSION)
        sp_text_add(why, "the peer offers no version of TLS that is allowed here (1.2 at least)");
    else if (scene->socket->ended)
        sp_text_add(why, "%s", socket_phrase(scene->socket));
    else
        sp_text_add(why, "%s", failure->reason[0] ? failure->reason : "the TLS library gives no reason");
}

int sp_tls_failure_tell(const sp_tls_failure *failure, const sp_tls_scene *scene, int error, sp_text *why)
{
    if (failure->cause == SP_TLS_CAUSE_NOMEM || scene->socket->error == -ENOMEM) {
        sp_text_set(why, "%s %s: out of memory", scene->doing, scene->host);
        return SPECTACLES_E_NOMEM;
    }
    if (failure->cause == SP_TLS_CAUSE_CERTIFICATE)
        tell_certificate(failure, scene, why);
    else
        tell_other(failure, scene, why);
    return error;
}
