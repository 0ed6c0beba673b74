#ifndef SP_NET_TLS_FAILURE_H
#define SP_NET_TLS_FAILURE_H

#include "core/text.h"
#include "net/tls_socket.h"

/* Why TLS failed, as a TLS library tells it, and the sentence about it: the same for each library. */

/* What can be wrong with a certificate: a mask. */
enum sp_tls_fault {
    SP_TLS_FAULT_EXPIRED = 1 << 0,
    SP_TLS_FAULT_FUTURE = 1 << 1,
    SP_TLS_FAULT_OTHER_HOST = 1 << 2,
    SP_TLS_FAULT_UNKNOWN_AUTHORITY = 1 << 3,
    SP_TLS_FAULT_REVOKED = 1 << 4,
    SP_TLS_FAULT_MISSING = 1 << 5,
    SP_TLS_FAULT_WEAK_KEY = 1 << 6,
    SP_TLS_FAULT_WEAK_HASH = 1 << 7,
    SP_TLS_FAULT_PURPOSE = 1 << 8
};

/* Why a call on a channel failed. What the socket knows (an errno, its end) is not repeated here. */
enum sp_tls_cause {
    SP_TLS_CAUSE_LIBRARY,     /* the reason is in the words of the TLS library */
    SP_TLS_CAUSE_NOMEM,       /* memory ran out */
    SP_TLS_CAUSE_CERTIFICATE, /* the certificate of the peer: faults, or the reason when there is none */
    SP_TLS_CAUSE_ALERT,       /* the peer refused */
    SP_TLS_CAUSE_NOT_TLS,     /* the peer speaks another protocol */
    SP_TLS_CAUSE_VERSION      /* no version of TLS that both sides allow */
};

enum {
    SP_TLS_NO_ALERT = -1,
    SP_TLS_REASON_MAX = 96 /* bytes, with the NUL */
};

typedef struct sp_tls_failure {
    enum sp_tls_cause cause;
    uint32_t faults; /* a mask of enum sp_tls_fault */
    int alert;       /* RFC 8446, section 6; SP_TLS_NO_ALERT when it is not known */
    char reason[SP_TLS_REASON_MAX];
} sp_tls_failure;

/* No reason yet: the cause is SP_TLS_CAUSE_LIBRARY. */
void sp_tls_failure_clear(sp_tls_failure *failure);

/* What a sentence is made of, besides the failure. */
typedef struct sp_tls_scene {
    const char *doing; /* "the TLS handshake failed with", or what else failed with the host */
    const char *host;
    const char *authorities;     /* where the trusted authorities come from */
    const sp_tls_socket *socket; /* it knows whether the connection itself has ended */
} sp_tls_scene;

/* Writes the sentence. Returns SPECTACLES_E_NOMEM when memory ran out, else `error`. */
int sp_tls_failure_tell(const sp_tls_failure *failure, const sp_tls_scene *scene, int error, sp_text *why);

#endif
