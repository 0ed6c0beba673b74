/*
 * The state of a talk with a proxy, and what ends the talk. Called by tunnel.c, tunnel_http.c and tunnel_socks.c.
 */
#include "net/tunnel.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static bool may_follow(enum sp_tunnel_state from, enum sp_tunnel_state to)
{
    switch (to) {
    case SP_TUNNEL_CREDENTIALS:
        return from == SP_TUNNEL_METHOD;
    case SP_TUNNEL_REPLY:
        return from == SP_TUNNEL_METHOD || from == SP_TUNNEL_CREDENTIALS;
    case SP_TUNNEL_OPEN:
        return from == SP_TUNNEL_HEAD || from == SP_TUNNEL_REPLY;
    default:
        return to == SP_TUNNEL_FAILED && from != SP_TUNNEL_OPEN;
    }
}

void sp_tunnel_set_state(sp_tunnel *tunnel, enum sp_tunnel_state state)
{
    assert(may_follow(tunnel->state, state));
    (void)may_follow;
    sp_buffer_clear(&tunnel->input);
    tunnel->state = state;
}

void sp_tunnel_say(sp_tunnel *tunnel, sp_buffer *message)
{
    sp_buffer_free(&tunnel->output);
    tunnel->output = *message;
    *message = (sp_buffer){0};
}

int sp_tunnel_refuse(sp_tunnel *tunnel, int error, sp_text *why, const char *format, ...)
{
    char said[SP_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    sp_text_set(why, "the proxy %s %s", tunnel->proxy, said);
    sp_tunnel_set_state(tunnel, SP_TUNNEL_FAILED);
    return error;
}
