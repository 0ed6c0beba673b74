/*
 * The state of a link, and what ends a connection. Called by link.c, connect.c and transfer.c.
 */
#include "net/link.h"

#include "net/tcp.h"

#include <assert.h>

void sp_link_close_dead_fd(spectacles_link *link)
{
    if (link->dead_fd >= 0)
        sp_tcp_close(link->dead_fd);
    link->dead_fd = -1;
}

/* The owner may still be watching the descriptor: then it is shut down now, and closed at the next call. */
static void close_socket(spectacles_link *link)
{
    if (link->session && link->state == SP_LINK_OPEN)
        sp_tls_goodbye(link->session);
    sp_tls_session_free(link->session);
    link->session = NULL;
    if (link->fd >= 0 && link->fd == link->shown_fd) {
        sp_tcp_shutdown(link->fd);
        sp_link_close_dead_fd(link);
        link->dead_fd = link->fd;
    } else if (link->fd >= 0) {
        sp_tcp_close(link->fd);
    }
    link->fd = -1;
    link->more = link->unwritten = false;
    link->read_at = 0;
}

static bool may_follow(enum sp_link_state from, enum sp_link_state to)
{
    switch (to) {
    case SP_LINK_IDLE:
        return from != SP_LINK_IDLE;
    case SP_LINK_RESOLVING:
        return from == SP_LINK_IDLE || from == SP_LINK_RESOLVING || from == SP_LINK_CONNECTING;
    case SP_LINK_CONNECTING:
        return from == SP_LINK_RESOLVING;
    case SP_LINK_HANDSHAKING:
        return from == SP_LINK_CONNECTING;
    default:
        return from == SP_LINK_CONNECTING || from == SP_LINK_HANDSHAKING;
    }
}

void sp_link_set_state(spectacles_link *link, enum sp_link_state state)
{
    assert(may_follow(link->state, state));
    (void)may_follow;
    if (state == SP_LINK_IDLE || state == SP_LINK_RESOLVING)
        close_socket(link);
    if (state == SP_LINK_IDLE || state == SP_LINK_OPEN)
        link->deadline = link->address_deadline = SPECTACLES_NEVER;
    link->state = state;
}

void sp_link_lose(spectacles_link *link, int error, const sp_text *why, uint64_t now)
{
    sp_link_set_state(link, SP_LINK_IDLE);
    spectacles_stream_eof(link->stream, error, why ? why->chars : NULL, why ? why->length : 0, now);
    link->engine_called = true;
}
