/*
 * The state of a link, and what ends a connection. Called by link.c, connect.c and transfer.c.
 */
#include "net/link.h"

#include <assert.h>

static void close_connection(spectacles_link *link)
{
    if (link->session)
        sp_tls_goodbye(link->session);
    sp_tls_session_free(link->session);
    link->session = NULL;
    sp_shown_close(&link->shown, link->fd);
    link->fd = -1;
    link->more = link->unwritten = link->patient = false;
    link->read_at = 0;
}

static bool may_follow(enum sp_link_state from, enum sp_link_state to)
{
    return to == SP_LINK_IDLE ? from != SP_LINK_IDLE : from + 1 == to;
}

void sp_link_set_state(spectacles_link *link, enum sp_link_state state)
{
    assert(may_follow(link->state, state));
    (void)may_follow;
    if (state == SP_LINK_IDLE) {
        close_connection(link);
        sp_race_end(&link->race, &link->shown);
        sp_addresses_free(&link->addresses);
        sp_shown_close(&link->shown, link->given_fd);
        link->given_fd = -1;
    }
    if (state == SP_LINK_IDLE || state == SP_LINK_OPEN)
        link->deadline = SPECTACLES_NEVER;
    link->state = state;
}

void sp_link_name_peer(spectacles_link *link, const sp_address *address)
{
    sp_address_text(address, link->peer_text);
    /* The texts of the engine have a numeric host already. */
    sp_stream_set_peer(link->stream, link->numeric ? "" : link->peer_text);
}

void sp_link_lose(spectacles_link *link, int error, const sp_text *why, const sp_address *address,
                  uint64_t now)
{
    sp_link_name_peer(link, address);
    sp_link_set_state(link, SP_LINK_IDLE);
    spectacles_stream_eof(link->stream, error, why ? why->chars : NULL, why ? why->length : 0, now);
    link->engine_called = true;
}
