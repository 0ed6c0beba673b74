/*
 * The talk with a proxy, from its begin to the tunnel. The link calls it between TCP and TLS.
 */
#include "net/tunnel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool begin(sp_tunnel *tunnel, const sp_proxy *proxy, const char *host, uint32_t port)
{
    tunnel->output.secret = tunnel->credentials.secret = true;
    tunnel->has_credentials = proxy->has_credentials;
    sp_proxy_place(tunnel->proxy, proxy->host, proxy->port);
    sp_proxy_place(tunnel->target, host, port);
    if (proxy->protocol == SP_PROXY_HTTP)
        sp_tunnel_begin_http(tunnel, proxy);
    else
        sp_tunnel_begin_socks(tunnel, proxy, host, port);
    return !sp_buffer_failed(&tunnel->output) && !sp_buffer_failed(&tunnel->credentials) &&
           !sp_buffer_failed(&tunnel->request);
}

int sp_tunnel_new(sp_tunnel **out, const sp_proxy *proxy, const char *host, uint32_t port)
{
    size_t length = strlen(host);
    /* The name goes into lines of text: no line break may go with it. */
    if (length == 0 || length > SP_PROXY_TEXT_MAX || !sp_text_is_graphic(host))
        return SPECTACLES_E_INVAL;
    sp_tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (!tunnel)
        return SPECTACLES_E_NOMEM;
    if (!begin(tunnel, proxy, host, port)) {
        sp_tunnel_free(tunnel);
        return SPECTACLES_E_NOMEM;
    }
    *out = tunnel;
    return SPECTACLES_OK;
}

void sp_tunnel_free(sp_tunnel *tunnel)
{
    if (!tunnel)
        return;
    sp_buffer_free(&tunnel->output);
    sp_buffer_free(&tunnel->credentials);
    sp_buffer_free(&tunnel->request);
    sp_buffer_free(&tunnel->input);
    free(tunnel);
}

sp_slice sp_tunnel_pending(const sp_tunnel *tunnel)
{
    return sp_buffer_slice(&tunnel->output);
}

void sp_tunnel_consumed(sp_tunnel *tunnel, size_t length)
{
    sp_buffer_consume(&tunnel->output, length);
}

int sp_tunnel_feed(sp_tunnel *tunnel, sp_slice bytes, size_t *used, sp_text *why)
{
    sp_reader reader = sp_reader_of(bytes);
    bool http = tunnel->state == SP_TUNNEL_HEAD;
    *used = 0;
    assert(tunnel->state != SP_TUNNEL_OPEN && tunnel->state != SP_TUNNEL_FAILED);
    if (bytes.length > 0 && sp_buffer_length(&tunnel->output) > 0)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why, "answers before it was asked");
    int result =
        http ? sp_tunnel_feed_http(tunnel, &reader, why) : sp_tunnel_feed_socks(tunnel, &reader, why);
    *used = reader.position;
    return result;
}

void sp_tunnel_ended(const sp_tunnel *tunnel, sp_text *why)
{
    const char *when =
        tunnel->state == SP_TUNNEL_CREDENTIALS
            ? "when it was given user and password: check them in its URL"
            : "instead of answering: check that its URL has its port and its protocol (http:// or "
              "socks5h://), and that it lets this machine in";
    sp_text_set(why, "the proxy %s ended the connection %s", tunnel->proxy, when);
}
