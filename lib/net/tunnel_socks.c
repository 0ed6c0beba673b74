/*
 * SOCKS5 (RFC 1928), with user and password (RFC 1929). Called by tunnel.c.
 */
#include "net/address.h"
#include "net/tunnel.h"

#include <string.h>

enum {
    VERSION = 5,
    CREDENTIALS_VERSION = 1, /* RFC 1929 */
    METHOD_NONE = 0,
    METHOD_CREDENTIALS = 2,
    METHOD_REFUSED = 255,
    COMMAND_CONNECT = 1,
    ADDRESS_IPV4 = 1,
    ADDRESS_NAME = 3,
    ADDRESS_IPV6 = 4
};

/* ---- What is said ---- */

static void write_text(sp_buffer *out, const char *text)
{
    size_t length = strlen(text);
    sp_buffer_u8(out, (uint8_t)length);
    sp_buffer_append(out, text, length);
}

/* A numeric address goes as that; the proxy looks a name up. */
static void write_request(sp_buffer *out, const char *host, uint32_t port)
{
    sp_address address;
    sp_buffer_u8(out, VERSION);
    sp_buffer_u8(out, COMMAND_CONNECT);
    sp_buffer_u8(out, 0);
    if (sp_address_parse(&address, host, strlen(host))) {
        sp_buffer_u8(out, address.length == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6);
        sp_buffer_append(out, address.bytes, address.length);
    } else {
        sp_buffer_u8(out, ADDRESS_NAME);
        write_text(out, host);
    }
    sp_buffer_u16(out, (uint16_t)port);
}

void sp_tunnel_begin_socks(sp_tunnel *tunnel, const sp_proxy *proxy, const char *host, uint32_t port)
{
    tunnel->state = SP_TUNNEL_METHOD;
    sp_buffer_u8(&tunnel->output, VERSION);
    sp_buffer_u8(&tunnel->output, proxy->has_credentials ? 2 : 1);
    sp_buffer_u8(&tunnel->output, METHOD_NONE);
    if (proxy->has_credentials) {
        sp_buffer_u8(&tunnel->output, METHOD_CREDENTIALS);
        sp_buffer_u8(&tunnel->credentials, CREDENTIALS_VERSION);
        write_text(&tunnel->credentials, proxy->user);
        write_text(&tunnel->credentials, proxy->password);
    }
    write_request(&tunnel->request, host, port);
}

/* ---- What is answered ---- */

static int refuse_version(sp_tunnel *tunnel, uint8_t version, sp_text *why)
{
    return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why,
                            version == 'H'
                                ? "speaks HTTP and not SOCKS5: its URL begins with http:// then"
                                : "does not speak SOCKS5: check the port and the protocol in its URL");
}

static int on_method(sp_tunnel *tunnel, uint8_t method, sp_text *why)
{
    if (method == METHOD_NONE) {
        sp_tunnel_set_state(tunnel, SP_TUNNEL_REPLY);
        sp_tunnel_say(tunnel, &tunnel->request);
        return 0;
    }
    if (method == METHOD_CREDENTIALS && tunnel->has_credentials) {
        sp_tunnel_set_state(tunnel, SP_TUNNEL_CREDENTIALS);
        sp_tunnel_say(tunnel, &tunnel->credentials);
        return 0;
    }
    if (method != METHOD_REFUSED)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why,
                                "chose a way to show who asks that was not offered (method %u)",
                                (unsigned)method);
    return sp_tunnel_refuse(
        tunnel, SPECTACLES_E_SYS, why,
        tunnel->has_credentials
            ? "takes neither user and password nor anybody without (RFC 1928, method 255): "
              "let this machine in there"
            : "wants credentials (RFC 1928, method 255): put user:password@ in front of the "
              "host in its URL");
}

static int on_credentials(sp_tunnel *tunnel, uint8_t status, sp_text *why)
{
    if (status != 0)
        return sp_tunnel_refuse(
            tunnel, SPECTACLES_E_SYS, why,
            "refuses the credentials (RFC 1929, status %u): check user and password in its URL",
            (unsigned)status);
    sp_tunnel_set_state(tunnel, SP_TUNNEL_REPLY);
    sp_tunnel_say(tunnel, &tunnel->request);
    return 0;
}

static const char *code_text(uint8_t code)
{
    static const char rules[] =
        "its rules do not allow it: allow the host and its port there, or except the host "
        "from the proxy (NO_PROXY)";
    static const char *const texts[] = {
        "",
        "a general failure: the proxy's own log says why",
        rules,
        "it does not reach that network",
        "it does not reach the host, or cannot resolve its name",
        "the peer refuses the connection: check host and port",
        "the peer does not answer it in time",
        "it does not do CONNECT",
        "it does not do this type of address",
    };
    return code < sizeof texts / sizeof texts[0] ? texts[code] : "a code that RFC 1928 does not have";
}

/* How many bytes the reply has, as far as its first five say; 0: there is no such type of address. */
static size_t reply_length(sp_slice reply)
{
    switch (reply.bytes[3]) {
    case ADDRESS_IPV4:
        return 4 + 4 + 2;
    case ADDRESS_IPV6:
        return 4 + 16 + 2;
    case ADDRESS_NAME:
        return 4 + 1 + (size_t)reply.bytes[4] + 2;
    default:
        return 0;
    }
}

static int on_reply(sp_tunnel *tunnel, sp_slice reply, sp_text *why)
{
    uint8_t code = reply.bytes[1];
    /* Some proxies close behind a code, and send no address. */
    if (code != 0)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_SYS, why, "opens no way to %s (SOCKS code %u): %s",
                                tunnel->target, (unsigned)code, code_text(code));
    if (reply.length < 5)
        return 0;
    size_t length = reply_length(reply);
    if (length == 0)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why,
                                "answered with an address that is no SOCKS5");
    if (reply.length < length)
        return 0;
    sp_tunnel_set_state(tunnel, SP_TUNNEL_OPEN);
    return 1;
}

/* Each message begins with its version, and the second byte decides. */
static int take_byte(sp_tunnel *tunnel, uint8_t byte, sp_text *why)
{
    if (sp_buffer_u8(&tunnel->input, byte) != SPECTACLES_OK)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_NOMEM, why, "answered, and memory ran out");
    sp_slice message = sp_buffer_slice(&tunnel->input);
    uint8_t version = tunnel->state == SP_TUNNEL_CREDENTIALS ? CREDENTIALS_VERSION : VERSION;
    if (message.bytes[0] != version)
        return refuse_version(tunnel, message.bytes[0], why);
    if (message.length < 2)
        return 0;
    switch (tunnel->state) {
    case SP_TUNNEL_METHOD:
        return on_method(tunnel, message.bytes[1], why);
    case SP_TUNNEL_CREDENTIALS:
        return on_credentials(tunnel, message.bytes[1], why);
    default:
        return on_reply(tunnel, message, why);
    }
}

int sp_tunnel_feed_socks(sp_tunnel *tunnel, sp_reader *bytes, sp_text *why)
{
    int result = 0;
    while (result == 0 && sp_reader_left(bytes) > 0) {
        /* Between two messages it is our turn: a proxy that goes on has not waited for it. */
        if (sp_buffer_length(&tunnel->output) > 0)
            return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why, "answers before it was asked");
        result = take_byte(tunnel, sp_reader_u8(bytes), why);
    }
    return result;
}
