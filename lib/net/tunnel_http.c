/*
 * HTTP CONNECT (RFC 9110, section 9.3.6; RFC 9112), with Basic (RFC 7617). Called by tunnel.c.
 */
#include "net/tunnel.h"

#include "core/base64.h"
#include "core/wipe.h"

#include <string.h>
#include <strings.h>

enum {
    HEAD_MAX = 16 * 1024, /* of all answers together: informational ones (1xx) may come before the last */
    REASON_SHOWN = 60
};

/* What the head of an answer says. */
typedef struct http_answer {
    unsigned status;
    sp_slice reason;
    sp_text schemes; /* which ways to show who one is the proxy offers: "Negotiate, NTLM" */
    bool offers_basic;
} http_answer;

/* ---- The request ---- */

static void write_credentials(sp_buffer *out, const sp_proxy *proxy)
{
    char plain[2 * SP_PROXY_TEXT_MAX + 2];
    char encoded[SP_BASE64_SIZE(sizeof plain)];
    size_t user = strlen(proxy->user);
    size_t password = strlen(proxy->password);
    memcpy(plain, proxy->user, user);
    plain[user] = ':';
    memcpy(plain + user + 1, proxy->password, password);
    sp_base64_write(encoded, (sp_slice){(const uint8_t *)plain, user + 1 + password});
    sp_buffer_text(out, "Proxy-Authorization: Basic ");
    sp_buffer_text(out, encoded);
    sp_buffer_text(out, "\r\n");
    sp_wipe(plain, sizeof plain);
    sp_wipe(encoded, sizeof encoded);
}

void sp_tunnel_begin_http(sp_tunnel *tunnel, const sp_proxy *proxy)
{
    sp_buffer *out = &tunnel->output;
    tunnel->state = SP_TUNNEL_HEAD;
    sp_buffer_text(out, "CONNECT ");
    sp_buffer_text(out, tunnel->target);
    sp_buffer_text(out, " HTTP/1.1\r\nHost: ");
    sp_buffer_text(out, tunnel->target);
    sp_buffer_text(out, "\r\n");
    if (proxy->has_credentials)
        write_credentials(out, proxy);
    sp_buffer_text(out, "\r\n");
}

/* ---- The answer ---- */

/* A line without its CR LF. False at the end of the head, and when the line holds a CR or a NUL of its own. */
static bool next_line(sp_reader *head, sp_slice *line)
{
    const uint8_t *from = head->bytes + head->position;
    const uint8_t *end = memchr(from, '\n', sp_reader_left(head));
    if (!end || end == from || end[-1] != '\r')
        return false;
    *line = sp_reader_take(head, (size_t)(end - from) - 1);
    sp_reader_take(head, 2);
    return !memchr(line->bytes, '\r', line->length) && !memchr(line->bytes, '\0', line->length);
}

/* "HTTP/1.1 200 OK"; the reason, and the space in front of it, may be missing (RFC 9112, section 4). */
static bool read_status(http_answer *out, sp_slice line)
{
    sp_reader reader = sp_reader_of(line);
    sp_slice version = sp_reader_take(&reader, 9);
    sp_slice digits = sp_reader_take(&reader, 3);
    if (reader.failed || memcmp(version.bytes, "HTTP/1.", 7) != 0 || version.bytes[7] < '0' ||
        version.bytes[7] > '9' || version.bytes[8] != ' ')
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
            return false;
        out->status = out->status * 10 + (unsigned)(digits.bytes[i] - '0');
    }
    if (sp_reader_left(&reader) > 0 && sp_reader_u8(&reader) != ' ')
        return false;
    out->reason = sp_reader_take(&reader, sp_reader_left(&reader));
    return out->status >= 100 && out->status <= 599;
}

static bool is_token(sp_slice text)
{
    static const char fit[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\0' || !strchr(fit, text.bytes[i]))
            return false;
    }
    return text.length > 0;
}

static bool is_text(sp_slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp((const char *)text.bytes, word, text.length) == 0;
}

/*
 * The name of a scheme stands at the start of a challenge, in front of its parameters (RFC 9110, section 11.6). Only
 * known names are shown.
 */
static void note_scheme(http_answer *out, sp_slice value)
{
    static const char *const known[] = {"Basic", "Digest", "Negotiate", "NTLM", "Bearer"};
    while (value.length > 0 && (*value.bytes == ' ' || *value.bytes == '\t')) {
        value.bytes++;
        value.length--;
    }
    size_t length = 0;
    while (length < value.length && is_token((sp_slice){value.bytes + length, 1}))
        length++;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!is_text((sp_slice){value.bytes, length}, known[i]) || strstr(out->schemes.chars, known[i]))
            continue;
        out->offers_basic |= i == 0;
        sp_text_add(&out->schemes, "%s%s", out->schemes.length ? ", " : "", known[i]);
    }
}

static bool read_field(http_answer *out, sp_slice line)
{
    const uint8_t *colon = memchr(line.bytes, ':', line.length);
    if (!colon)
        return false;
    sp_slice name = {line.bytes, (size_t)(colon - line.bytes)};
    if (!is_token(name))
        return false;
    if (is_text(name, "Proxy-Authenticate") || is_text(name, "WWW-Authenticate"))
        note_scheme(out, (sp_slice){colon + 1, line.length - name.length - 1});
    return true;
}

static bool read_head(http_answer *out, sp_slice head)
{
    sp_slice line;
    sp_reader reader = sp_reader_of(head);
    *out = (http_answer){0};
    if (!next_line(&reader, &line) || !read_status(out, line))
        return false;
    while (next_line(&reader, &line) && line.length > 0) {
        if (!read_field(out, line))
            return false;
    }
    return sp_reader_left(&reader) == 0;
}

/* ---- What it means ---- */

/* "407 Proxy Authentication Required". A proxy that was given a password could repeat it: then the number alone. */
static void name_status(const sp_tunnel *tunnel, sp_text *out, const http_answer *answer)
{
    sp_text_set(out, "%u", answer->status);
    if (tunnel->has_credentials)
        return;
    if (answer->reason.length > 0)
        sp_text_add(out, "%s", " ");
    sp_text_add_foreign(out, answer->reason.bytes, answer->reason.length, REASON_SHOWN);
}

static int refuse_credentials(sp_tunnel *tunnel, const http_answer *answer, const char *status, sp_text *why)
{
    if (answer->schemes.length > 0 && !answer->offers_basic)
        return sp_tunnel_refuse(
            tunnel, SPECTACLES_E_SYS, why,
            "wants to know who asks by %s, and the library can do Basic only (%s): allow Basic "
            "there, or let this machine in without credentials",
            answer->schemes.chars, status);
    if (tunnel->has_credentials)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_SYS, why,
                                "refuses the credentials (%s): check user and password in its URL", status);
    return sp_tunnel_refuse(tunnel, SPECTACLES_E_SYS, why,
                            "wants credentials (%s): put user:password@ in front of the host in its URL",
                            status);
}

static int refuse_status(sp_tunnel *tunnel, const http_answer *answer, sp_text *why)
{
    sp_text status;
    name_status(tunnel, &status, answer);
    const char *target = tunnel->target;
    switch (answer->status) {
    case 401: /* tinyproxy, when they are wrong */
    case 407:
        return refuse_credentials(tunnel, answer, status.chars, why);
    case 403:
        return sp_tunnel_refuse(
            tunnel, SPECTACLES_E_SYS, why,
            "does not allow a way to %s (%s): allow the host and its port there, or except the "
            "host from the proxy (NO_PROXY)",
            target, status.chars);
    case 400:
    case 405:
    case 501:
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_SYS, why,
                                "does not do CONNECT to %s (%s): check that its URL names a forward proxy",
                                target, status.chars);
    default:
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_SYS, why,
                                answer->status >= 500
                                    ? "finds no way to %s (%s): the proxy's own log says why"
                                    : "opens no way to %s (%s): the proxy's own log says why",
                                target, status.chars);
    }
}

static int refuse_head(sp_tunnel *tunnel, sp_text *why)
{
    return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why,
                            "answered CONNECT with a head that is no HTTP: check its URL");
}

static int judge(sp_tunnel *tunnel, sp_text *why)
{
    http_answer answer;
    if (!read_head(&answer, sp_buffer_slice(&tunnel->input)))
        return refuse_head(tunnel, why);
    if (answer.status >= 300)
        return refuse_status(tunnel, &answer, why);
    if (answer.status >= 200) {
        sp_tunnel_set_state(tunnel, SP_TUNNEL_OPEN);
        return 1;
    }
    sp_buffer_clear(&tunnel->input);
    return 0;
}

/* ---- Reading ---- */

static bool ends_with(sp_slice head, const char *text)
{
    size_t length = strlen(text);
    return head.length >= length && memcmp(head.bytes + head.length - length, text, length) == 0;
}

static int check_beginning(sp_tunnel *tunnel, sp_slice head, sp_text *why)
{
    static const char beginning[] = "HTTP/1.";
    if (head.length >= sizeof beginning || head.bytes[head.length - 1] == beginning[head.length - 1])
        return SPECTACLES_OK;
    return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why,
                            "does not speak HTTP: check the port in its URL, and whether it is a SOCKS proxy "
                            "(socks5h://)");
}

static int take_byte(sp_tunnel *tunnel, uint8_t byte, sp_text *why)
{
    if (sp_buffer_u8(&tunnel->input, byte) != SPECTACLES_OK)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_NOMEM, why, "answered, and memory ran out");
    sp_slice head = sp_buffer_slice(&tunnel->input);
    int error = check_beginning(tunnel, head, why);
    if (error != SPECTACLES_OK)
        return error;
    if (byte == '\n' && !ends_with(head, "\r\n"))
        return refuse_head(tunnel, why);
    if (ends_with(head, "\r\n\r\n"))
        return judge(tunnel, why);
    if (++tunnel->received >= HEAD_MAX)
        return sp_tunnel_refuse(tunnel, SPECTACLES_E_PROTO, why, "answered with a head of more than 16 KiB");
    return 0;
}

int sp_tunnel_feed_http(sp_tunnel *tunnel, sp_reader *bytes, sp_text *why)
{
    int result = 0;
    /* Byte by byte: what follows the head is the peer's. A head is read once in the life of a connection. */
    while (result == 0 && sp_reader_left(bytes) > 0)
        result = take_byte(tunnel, sp_reader_u8(bytes), why);
    return result;
}
