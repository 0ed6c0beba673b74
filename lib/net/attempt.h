#ifndef SP_NET_ATTEMPT_H
#define SP_NET_ATTEMPT_H

#include "core/text.h"
#include "net/shown.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "net/tunnel.h"
#include "net/watcher.h"
#include "net/way.h"

/*
 * One attempt to connect, at one address:
 *
 *     CONNECTING ---(TCP stands)-----+--------> HANDSHAKING ---(TLS stands)---> THROUGH
 *          \                         |    \                                     /
 *           +--(TCP to a proxy)--> TUNNELLING  +----------(no TLS)-------------+
 *
 * An attempt that fails says why, and is closed by whoever made it.
 */
enum sp_attempt_state {
    SP_ATTEMPT_CONNECTING,
    SP_ATTEMPT_TUNNELLING, /* the proxy is asked for a way to the peer */
    SP_ATTEMPT_HANDSHAKING,
    SP_ATTEMPT_THROUGH
};

typedef struct sp_attempt {
    enum sp_attempt_state state;
    sp_address address; /* family 0: the owner has connected the descriptor */
    int fd;
    sp_tunnel *tunnel; /* while it is TUNNELLING */
    sp_tls_session *session;
    sp_watched watched; /* by the poller of the link; fd -1: it is in none */
    sp_watcher *watcher;
} sp_attempt;

/* What all attempts of a link have in common. */
typedef struct sp_dial {
    const char *host; /* the texts of failures name it */
    uint32_t port;
    spectacles_tls *tls;     /* NULL: no TLS */
    const char *server_name; /* whom TLS has to prove */
    const sp_tcp_options *tcp;
    const sp_way *way; /* where TCP goes */
} sp_dial;

enum {
    SP_ATTEMPT_WAITS = 0,
    SP_ATTEMPT_ADVANCED = 1
};

/* Begins to connect. Returns 0, or SPECTACLES_E_SYS, SPECTACLES_E_NOMEM and a sentence. */
int sp_attempt_begin(sp_attempt **out, const sp_dial *dial, const sp_address *address, sp_text *why);

/* Makes an attempt of a descriptor that its owner has connected, or is connecting. NULL when memory ran out. */
sp_attempt *sp_attempt_of_descriptor(int fd);

/*
 * Does what can be done now. Returns SP_ATTEMPT_ADVANCED when the state has changed, SP_ATTEMPT_WAITS, or
 * SPECTACLES_E_SYS, SPECTACLES_E_PROTO, SPECTACLES_E_TLS, SPECTACLES_E_NOMEM and a sentence.
 */
int sp_attempt_step(sp_attempt *attempt, const sp_dial *dial, sp_text *why);

/* What the descriptor is watched for: a mask of enum spectacles_link_io. */
uint32_t sp_attempt_interest(const sp_attempt *attempt);

/* Lets the poller of the link watch it. Returns 0 or a negative errno. */
int sp_attempt_watch(sp_attempt *attempt, sp_watcher *watcher, spectacles_link *link);
void sp_attempt_unwatch(sp_attempt *attempt);

/* Closes it and frees it. An attempt that got through gives descriptor and session away before. */
void sp_attempt_free(sp_attempt *attempt, sp_shown *shown);

#endif
