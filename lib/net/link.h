#ifndef SP_NET_LINK_H
#define SP_NET_LINK_H

#include "core/stream.h"
#include "core/text.h"
#include "net/member.h"
#include "net/race.h"

#include <spectacles/link.h>

/*
 *     IDLE ---> RESOLVING ---> RACING ---> OPEN
 *      ^            |            |          |
 *      +------------+------------+----------+   the connection is lost or cannot be made, or the engine wants another
 *                                               connection, or none
 *
 * RACING is the time of the attempts at the addresses of the host, through TCP and TLS: see race.h and attempt.h.
 */
enum sp_link_state {
    SP_LINK_IDLE,
    SP_LINK_RESOLVING, /* addresses are wanted */
    SP_LINK_RACING,
    SP_LINK_OPEN
};

/* A link. link.c makes it. */
struct spectacles_link {
    spectacles_stream *stream;
    sp_member member;
    uint32_t connect_timeout;
    uint32_t read_delay;
    sp_tcp_options tcp;
    int family;            /* of the addresses that are tried; 0: both */
    bool takes_descriptor; /* the owner makes the connections */
    sp_way way;
    spectacles_tls *tls;
    spectacles_tls *endpoint_tls; /* with the certificates that the endpoint of the engine names */

    enum sp_link_state state; /* changed by sp_link_set_state() alone */
    uint64_t connection;      /* the number that the engine gave the connection that was last begun */
    char host[256];
    char server_name[256]; /* whom TLS has to prove; "": the host */
    uint32_t port;
    uint32_t time_limit;      /* milliseconds for this connection */
    uint32_t network_changes; /* of the machine, as the stream counts them, when TCP was last begun */
    bool wants_tls;
    bool numeric;         /* where TCP goes is an address */
    bool unresolved;      /* the owner found no address, or has no connection */
    char no_address[160]; /* why */
    int given_fd;         /* the connection of the owner; -1: none yet */
    sp_addresses addresses;
    sp_history history;
    sp_race race;
    sp_address peer;                     /* of the connection that stands or stood last; family 0: none */
    char peer_text[SP_ADDRESS_TEXT_MAX]; /* of the address that was used or that failed last */
    uint64_t deadline;                   /* the connection has to stand by then */

    int fd; /* of the connection that stands */
    sp_shown shown;
    sp_tls_session *session;
    bool more;          /* bytes may wait that the descriptor will not announce again */
    bool engine_called; /* the engine was given something in this call of spectacles_link_process() */
    bool patient;       /* the peer takes no bytes for now: there is no limit on the time that they wait */
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

/* The one place where the state changes. IDLE closes every socket. */
void sp_link_set_state(spectacles_link *link, enum sp_link_state state);

/* Tells the engine and the owner which address is used, or has failed. */
void sp_link_name_peer(spectacles_link *link, const sp_address *address);

/*
 * The connection is lost, or could not be made: the engine hears of it, and of the address. why may be NULL, and the
 * address without a family.
 */
void sp_link_lose(spectacles_link *link, int error, const sp_text *why, const sp_address *address,
                  uint64_t now);

/* Whether the owner has to answer: with addresses, or with a descriptor where takes_descriptor is set. */
static inline bool sp_link_is_asking(const spectacles_link *link)
{
    bool answered = link->takes_descriptor ? link->given_fd >= 0 : link->numeric || link->addresses.count > 0;
    return link->state == SP_LINK_RESOLVING && !link->unresolved && !answered;
}

/* ---- connect.c ---- */

/* Begins the connection that the engine wants. */
void sp_link_begin(spectacles_link *link, const spectacles_endpoint *endpoint, uint64_t now);

/* The name of the host will be answered for sure: the time of the link begins with the answer. */
void sp_link_await_answer(spectacles_link *link);

/* The connection does not stand in time. */
void sp_link_time_out(spectacles_link *link, uint64_t now);

/* Each goes on with its state. True when the state has changed, so that another step may follow. */
bool sp_link_resolve(spectacles_link *link, uint64_t now);
bool sp_link_race(spectacles_link *link, uint64_t now);

/* Whether the network of the machine has changed since TCP was begun. */
bool sp_link_network_has_changed(const spectacles_link *link);

/* ---- transfer.c ---- */

/*
 * Writes and reads what can be written and read now, within a budget. ready: a mask of enum spectacles_link_io.
 * True when the connection was lost while it was written to.
 */
bool sp_link_transfer(spectacles_link *link, uint32_t ready, uint64_t now);

#endif
