/*
 * One attempt to connect: TCP to one address, a tunnel where there is a proxy, then TLS. Called by race.c.
 */
#include "net/attempt.h"

#include "net/tunnel_socket.h"

#include <assert.h>
#include <stdlib.h>

static void set_state(sp_attempt *attempt, enum sp_attempt_state state)
{
    assert(state > attempt->state);
    attempt->state = state;
}

static int refuse(const sp_dial *dial, ssize_t error, sp_text *why)
{
    const char *kind = dial->way->is_through ? "the proxy " : "";
    sp_text_set(why, "can not connect to %s%s:%u: %s", kind, sp_way_host(dial->way, dial->host),
                (unsigned)sp_way_port(dial->way, dial->port), sp_tcp_text(error));
    return sp_tcp_error(error);
}

sp_attempt *sp_attempt_of_descriptor(int fd)
{
    sp_attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt)
        return NULL;
    attempt->fd = fd;
    attempt->watched.fd = -1;
    return attempt;
}

int sp_attempt_begin(sp_attempt **out, const sp_dial *dial, const sp_address *address, sp_text *why)
{
    sp_attempt *attempt = sp_attempt_of_descriptor(-1);
    if (!attempt) {
        sp_text_set(why, "out of memory");
        return SPECTACLES_E_NOMEM;
    }
    attempt->fd = sp_tcp_connect(address, sp_way_port(dial->way, dial->port), dial->tcp);
    if (attempt->fd < 0) {
        int error = refuse(dial, attempt->fd, why);
        free(attempt);
        return error;
    }
    attempt->address = *address;
    *out = attempt;
    return SPECTACLES_OK;
}

/* What follows is between us and the peer. */
static int on_way_open(sp_attempt *attempt, const sp_dial *dial)
{
    if (!dial->tls) {
        set_state(attempt, SP_ATTEMPT_THROUGH);
        return SP_ATTEMPT_ADVANCED;
    }
    int error = sp_tls_session_new(&attempt->session, dial->tls, attempt->fd, dial->server_name, dial->port);
    if (error != SPECTACLES_OK)
        return error;
    set_state(attempt, SP_ATTEMPT_HANDSHAKING);
    return SP_ATTEMPT_ADVANCED;
}

static int on_connected(sp_attempt *attempt, const sp_dial *dial)
{
    if (!dial->way->is_through)
        return on_way_open(attempt, dial);
    int error = sp_way_tunnel(dial->way, &attempt->tunnel, dial->host, dial->port);
    if (error != SPECTACLES_OK)
        return error;
    set_state(attempt, SP_ATTEMPT_TUNNELLING);
    return SP_ATTEMPT_ADVANCED;
}

static int tunnel_more(sp_attempt *attempt, const sp_dial *dial, sp_text *why)
{
    int result = sp_tunnel_move(attempt->tunnel, attempt->fd, why);
    if (result != 1)
        return result == 0 ? SP_ATTEMPT_WAITS : result;
    sp_tunnel_free(attempt->tunnel);
    attempt->tunnel = NULL;
    return on_way_open(attempt, dial);
}

static int connect_more(sp_attempt *attempt, const sp_dial *dial, sp_text *why)
{
    int connected = sp_tcp_connected(attempt->fd);
    if (connected < 0)
        return refuse(dial, connected, why);
    return connected ? on_connected(attempt, dial) : SP_ATTEMPT_WAITS;
}

static int shake_hands(sp_attempt *attempt, sp_text *why)
{
    int done = sp_tls_handshake(attempt->session, why);
    if (done == SP_TLS_WANTS_READ)
        return SP_ATTEMPT_WAITS;
    if (done == 1)
        set_state(attempt, SP_ATTEMPT_THROUGH);
    return done == 1 ? SP_ATTEMPT_ADVANCED : done;
}

int sp_attempt_step(sp_attempt *attempt, const sp_dial *dial, sp_text *why)
{
    why->length = 0;
    why->chars[0] = '\0';
    switch (attempt->state) {
    case SP_ATTEMPT_CONNECTING:
        return connect_more(attempt, dial, why);
    case SP_ATTEMPT_TUNNELLING:
        return tunnel_more(attempt, dial, why);
    case SP_ATTEMPT_HANDSHAKING:
        return shake_hands(attempt, why);
    default:
        return SP_ATTEMPT_WAITS;
    }
}

uint32_t sp_attempt_interest(const sp_attempt *attempt)
{
    if (attempt->state == SP_ATTEMPT_CONNECTING)
        return SPECTACLES_LINK_WRITE;
    if (attempt->tunnel && sp_tunnel_pending(attempt->tunnel).length > 0)
        return SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE;
    if (attempt->session && !sp_tls_is_flushed(attempt->session))
        return SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE;
    return SPECTACLES_LINK_READ;
}

int sp_attempt_watch(sp_attempt *attempt, sp_watcher *watcher, spectacles_link *link)
{
    attempt->watcher = watcher;
    attempt->watched.link = link;
    return sp_watcher_watch(watcher, &attempt->watched, attempt->fd, sp_attempt_interest(attempt));
}

void sp_attempt_unwatch(sp_attempt *attempt)
{
    if (attempt->watched.fd >= 0)
        sp_watcher_watch(attempt->watcher, &attempt->watched, -1, 0);
}

void sp_attempt_free(sp_attempt *attempt, sp_shown *shown)
{
    sp_attempt_unwatch(attempt);
    sp_tunnel_free(attempt->tunnel);
    sp_tls_session_free(attempt->session);
    sp_shown_close(shown, attempt->fd);
    free(attempt);
}
