#ifndef SP_NET_LINK_H
#define SP_NET_LINK_H

#include "core/stream.h"
#include "core/text.h"
#include "net/address.h"
#include "net/member.h"
#include "net/tls.h"

#include <spectacles/link.h>

/*
 *     IDLE -> RESOLVING -> CONNECTING -> HANDSHAKING -> OPEN
 *      ^        ^ |    \      |    \       (TLS)       /
 *      |        +-+     \     |     +--- (plain) ---->+
 *      |   next address <-----+
 *      +--- from every state: the connection is lost, or the engine wants another connection, or none
 */
enum sp_link_state {
    SP_LINK_IDLE,
    SP_LINK_RESOLVING, /* an address is wanted, or the next address is to be tried */
    SP_LINK_CONNECTING,
    SP_LINK_HANDSHAKING,
    SP_LINK_OPEN
};

enum {
    SP_LINK_ADDRESSES_MAX = 8
};

/* A link. link.c makes it. */
struct spectacles_link {
    spectacles_stream *stream;
    sp_member member;
    uint32_t connect_timeout;
    uint32_t read_delay;
    spectacles_tls *tls;
    spectacles_tls *endpoint_tls; /* with the certificates that the endpoint of the engine names */

    enum sp_link_state state; /* changed by sp_link_set_state() alone */
    uint64_t connection;      /* the number that the engine gave the connection that was last begun */
    char host[256];
    uint32_t port;
    bool wants_tls;
    bool unresolved; /* the owner found no address */
    sp_address addresses[SP_LINK_ADDRESSES_MAX];
    size_t address_count;
    size_t address;            /* the index of the address that is being tried */
    uint64_t deadline;         /* the connection has to stand by then */
    uint64_t address_deadline; /* the next address is tried then */

    int fd;
    int shown_fd; /* the descriptor that the owner was told of */
    int dead_fd;  /* shut down; closed at the next call, because the owner may still be watching it */
    sp_tls_session *session;
    bool more;          /* bytes may wait that the descriptor will not announce again */
    bool engine_called; /* the engine was given something in this call of spectacles_link_process() */
    bool unwritten;     /* the budget for writing is used up, and bytes are left */
    const char *last_error;
    uint64_t read_at; /* the socket is not read before then, so that more bytes come together; 0: at once */
};

/* ---- link.c ---- */

/*
 * What spectacles_link_process() does, for a poller, which does not ask what has changed. link->engine_called: whether
 * events may wait. Returns 0 or an error.
 */
int sp_link_run(spectacles_link *link, uint32_t ready, uint64_t now);

/* ---- link_state.c ---- */

/* The one place where the state changes. IDLE and RESOLVING close the socket. */
void sp_link_set_state(spectacles_link *link, enum sp_link_state state);

/* The connection is lost, or could not be made: the engine hears of it. why may be NULL. */
void sp_link_lose(spectacles_link *link, int error, const sp_text *why, uint64_t now);

/* Closes the descriptor that was kept open, but dead, for the owner. */
void sp_link_close_dead_fd(spectacles_link *link);

/* ---- connect.c ---- */

/* Adds a numeric address to those that are tried. One that is not numeric is passed over. */
void sp_link_add_address(spectacles_link *link, const char *text, size_t length);

/* Begins the connection that the engine wants. */
void sp_link_begin(spectacles_link *link, const spectacles_endpoint *endpoint, uint64_t now);

/* The connection does not stand in time. */
void sp_link_time_out(spectacles_link *link, uint64_t now);

/* Each goes on with its state. True when the state has changed, so that another step may follow. */
bool sp_link_try_address(spectacles_link *link, uint64_t now);
bool sp_link_check_connected(spectacles_link *link, uint64_t now);
bool sp_link_handshake(spectacles_link *link, uint64_t now);

/* ---- transfer.c ---- */

/*
 * Writes and reads what can be written and read now, within a budget. ready: a mask of enum spectacles_link_io.
 * True when the connection was lost while it was written to.
 */
bool sp_link_transfer(spectacles_link *link, uint32_t ready, uint64_t now);

#endif
