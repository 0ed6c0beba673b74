/*
 * Parses an AMQP URI, and refuses a URI that is certainly a mistake. Called by config.c.
 */
#include "broker/uri.h"

#include "core/buffer.h"
#include "core/config.h"
#include "core/percent.h"
#include "core/text.h"

#include <string.h>
#include <strings.h>

static int refuse(spectacles_problem *problem, const char *text)
{
    return sp_refuse(problem, SPECTACLES_E_INVAL, text);
}

static bool decode(char out[SP_URI_TEXT_MAX + 1], const char *text, size_t length)
{
    return sp_percent_decode(out, SP_URI_TEXT_MAX + 1, text, length);
}

static bool parse_number(uint32_t *out, const char *digits, size_t length, uint32_t most)
{
    uint64_t value = 0;
    if (length == 0 || length > 10)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    if (value > most)
        return false;
    *out = (uint32_t)value;
    return true;
}

/* ---- Authority ---- */

static const char several[] =
    "the AMQP URL names several hosts: a list of URLs is the way, one URL for each host";

/* A password that was pasted often has a space at its end. RabbitMQ would only say that the password is wrong. */
static bool has_space_around(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && (text[0] == ' ' || text[length - 1] == ' ');
}

static int parse_user(sp_uri *out, const char *text, size_t length, spectacles_problem *problem)
{
    const char *colon = memchr(text, ':', length);
    size_t user = colon ? (size_t)(colon - text) : length;
    if (!decode(out->user, text, user))
        return refuse(
            problem, "the user in the AMQP URL is longer than 255 bytes, holds a control character, or has a "
                     "malformed percent escape (a '%' is written %25)");
    out->password[0] = '\0';
    if (colon && !decode(out->password, colon + 1, length - user - 1))
        return refuse(
            problem,
            "the password in the AMQP URL is longer than 255 bytes, holds a control character (a line "
            "break, for example), or has a malformed percent escape (a '%' is written %25)");
    if (has_space_around(out->user) || has_space_around(out->password))
        return refuse(problem, "the user or the password in the AMQP URL begins or ends with a space");
    return SPECTACLES_OK;
}

/* Whether these characters can be a name or a numeric address. An IPv6 address may have a zone behind a '%'. */
static bool is_host(const char *host)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    return strspn(host, fit) == strlen(host);
}

static int parse_host(sp_uri *out, const char *text, size_t length, spectacles_problem *problem)
{
    static const char unfit[] = "the host in the AMQP URL is malformed";
    bool bracketed = length > 0 && text[0] == '[';
    const char *end = text + length;
    const char *host_end = memchr(text, bracketed ? ']' : ':', length);
    if (bracketed && !host_end)
        return refuse(problem, unfit);
    if (!host_end)
        host_end = end;
    const char *host = bracketed ? text + 1 : text;
    if (host_end > host && !decode(out->host, host, (size_t)(host_end - host)))
        return refuse(problem, unfit);
    if (!is_host(out->host))
        return refuse(problem, unfit);
    const char *colon = bracketed ? host_end + 1 : host_end;
    if (colon == end)
        return SPECTACLES_OK;
    if (*colon != ':' || !parse_number(&out->port, colon + 1, (size_t)(end - colon - 1), 65535) ||
        out->port == 0)
        return refuse(problem, "the port in the AMQP URL is not a number from 1 to 65535");
    return SPECTACLES_OK;
}

static int parse_authority(sp_uri *out, const char *text, size_t length, spectacles_problem *problem)
{
    const char *at = memchr(text, '@', length);
    if (at) {
        size_t user = (size_t)(at - text);
        int error = parse_user(out, text, user, problem);
        if (error != SPECTACLES_OK)
            return error;
        text += user + 1;
        length -= user + 1;
    }
    if (memchr(text, ',', length))
        return refuse(problem, several);
    return parse_host(out, text, length, problem);
}

/* ---- Query ---- */

static bool is(sp_slice text, const char *name)
{
    return text.length == strlen(name) && memcmp(text.bytes, name, text.length) == 0;
}

/* The problem shows the name of the parameter. The name is no secret; every other part of a URL may be one. */
static int refuse_parameter(spectacles_problem *problem, sp_slice name, const char *text)
{
    sp_text word;
    sp_text_set(&word, "%s", "");
    sp_text_add_foreign(&word, name.bytes, name.length, SPECTACLES_PROBLEM_WORD_SIZE - 1);
    sp_refuse(problem, SPECTACLES_E_INVAL, text);
    if (problem && word.length < sizeof problem->word)
        memcpy(problem->word, word.chars, word.length + 1);
    return SPECTACLES_E_INVAL;
}

static bool is_whatever_case(sp_slice text, const char *name)
{
    return text.length == strlen(name) && strncasecmp((const char *)text.bytes, name, text.length) == 0;
}

static bool parse_mechanism(sp_uri *out, const char *value, size_t length)
{
    sp_slice word = {(const uint8_t *)value, length};
    out->external = is_whatever_case(word, "external");
    return out->external || is_whatever_case(word, "plain");
}

/* Erlang's client turns the check of the name off with "disable". Nothing in a URL does so here. */
static bool parse_server_name(sp_uri *out, const char *value, size_t length)
{
    return decode(out->server_name, value, length) && out->server_name[0] && is_host(out->server_name) &&
           strcmp(out->server_name, "disable") != 0;
}

static bool parse_channel_max(const char *value, size_t length)
{
    uint32_t most;
    return parse_number(&most, value, length, 65535) && (most == 0 || most >= 3);
}

static bool parse_frame_max(sp_uri *out, const char *value, size_t length)
{
    return parse_number(&out->frame_max, value, length, 131072) &&
           (!out->frame_max || out->frame_max >= 8192);
}

static int parse_parameter(sp_uri *out, const char *text, size_t length, spectacles_problem *problem)
{
    const char *equals = memchr(text, '=', length);
    sp_slice name = {(const uint8_t *)text, equals ? (size_t)(equals - text) : length};
    if (!equals)
        return refuse_parameter(problem, name, "a parameter of the AMQP URL has no value");
    const char *value = equals + 1;
    size_t left = length - name.length - 1;
    bool fine;
    if (is(name, "heartbeat"))
        fine = parse_number(&out->heartbeat, value, left, SP_URI_HEARTBEAT_MAX);
    else if (is(name, "frame_max"))
        fine = parse_frame_max(out, value, left);
    else if (is(name, "channel_max"))
        fine = parse_channel_max(value, left);
    else if (is(name, "connection_timeout"))
        fine = parse_number(&out->connect_timeout, value, left, 3600000);
    else if (is(name, "auth_mechanism"))
        fine = parse_mechanism(out, value, left);
    else if (is(name, "cacertfile"))
        fine = left > 0 && decode(out->cacertfile, value, left);
    else if (is(name, "certfile"))
        fine = left > 0 && decode(out->certfile, value, left);
    else if (is(name, "keyfile"))
        fine = left > 0 && decode(out->keyfile, value, left);
    else if (is(name, "server_name_indication"))
        fine = parse_server_name(out, value, left);
    else if (is(name, "verify"))
        fine = is((sp_slice){(const uint8_t *)value, left}, "verify_peer");
    else
        return refuse_parameter(problem, name,
                                "the AMQP URL has an unknown parameter: heartbeat, frame_max, channel_max, "
                                "connection_timeout, auth_mechanism, cacertfile, certfile, keyfile, "
                                "server_name_indication and verify are known");
    return fine ? SPECTACLES_OK
                : refuse_parameter(
                      problem, name,
                      "a parameter of the AMQP URL has a value that it cannot have (heartbeat "
                      "0..3600 s, frame_max 8192..131072, channel_max from 3, connection_timeout up "
                      "to 3600000 ms, auth_mechanism plain or external, server_name_indication a "
                      "host, verify verify_peer: only "
                      "SPECTACLES_TLS_INSECURE_NO_VERIFICATION turns verification off)");
}

/* Certificates need amqps://, and a certificate of the client needs its key. */
static int check_tls(const sp_uri *uri, spectacles_problem *problem)
{
    bool asks = uri->cacertfile[0] || uri->certfile[0] || uri->keyfile[0] || uri->server_name[0];
    if (asks && !uri->tls)
        return refuse(problem, "the AMQP URL names certificates or the name in them, but begins with amqp:// "
                               "and not with amqps://");
    if (!uri->certfile[0] != !uri->keyfile[0])
        return refuse(problem, "the AMQP URL has to name both a certfile and a keyfile, or none");
    return SPECTACLES_OK;
}

static int parse_query(sp_uri *out, const char *query, spectacles_problem *problem)
{
    while (*query) {
        size_t length = strcspn(query, "&");
        int error = length ? parse_parameter(out, query, length, problem) : SPECTACLES_OK;
        if (error != SPECTACLES_OK)
            return error;
        query += length + (query[length] == '&');
    }
    return SPECTACLES_OK;
}

/* ---- The whole URI ---- */

/*
 * Refuses a '#', '/' or '?' that belongs to a password and is not percent-encoded. By the rules of URIs,
 * amqp://admin:1234#secret@rabbit has the host "admin", and a part of the password would be used as something else.
 * The problem shows nothing of such a URL, because any part of it may be secret.
 */
static int check_escapes(const char *rest, size_t authority, spectacles_problem *problem)
{
    const char *at = memchr(rest, '@', authority);
    if (at && memchr(at + 1, '@', authority - (size_t)(at + 1 - rest)))
        return refuse(problem, "the AMQP URL has a second '@': in a user or password it is written %40");
    if (strstr(rest, ",amqp://") || strstr(rest, ",amqps://"))
        return refuse(problem, several);
    if (strpbrk(rest, " \t\r\n\v\f"))
        return refuse(problem,
                      "the AMQP URL holds white space: in a user or password a space is written %20");
    if (!strchr(rest + authority, '@'))
        return SPECTACLES_OK;
    switch (rest[authority]) {
    case '#':
        return refuse(problem,
                      "the AMQP URL has a '#' in front of an '@': in a user or password '#' is written %23");
    case '?':
        return refuse(
            problem,
            "the AMQP URL has a '?' in front of an '@': in a user or password '?' is written %3F (and "
            "'@' in a parameter %40)");
    default:
        return refuse(
            problem,
            "the AMQP URL has a '/' in front of an '@': in a user or password '/' is written %2F (and "
            "'@' in a virtual host %40)");
    }
}

static const char *parse_scheme(sp_uri *out, const char *text)
{
    out->tls = strncasecmp(text, "amqps://", 8) == 0;
    out->port = out->tls ? 5671 : 5672;
    if (out->tls)
        return text + 8;
    return strncasecmp(text, "amqp://", 7) == 0 ? text + 7 : NULL;
}

int sp_uri_parse(sp_uri *out, const char *text, spectacles_problem *problem)
{
    *out = (sp_uri){.user = "guest",
                    .password = "guest",
                    .host = "localhost",
                    .vhost = "/",
                    .heartbeat = SP_URI_NO_HEARTBEAT};
    const char *rest = parse_scheme(out, text);
    if (!rest)
        return refuse(problem, "the AMQP URL begins neither with amqp:// nor with amqps://");
    size_t length = strcspn(rest, "/?#");
    int error = check_escapes(rest, length, problem);
    if (error == SPECTACLES_OK)
        error = parse_authority(out, rest, length, problem);
    if (error != SPECTACLES_OK)
        return error;
    rest += length;
    if (*rest == '/') {
        length = strcspn(++rest, "?#");
        if (memchr(rest, '/', length) || !decode(out->vhost, rest, length) ||
            !sp_utf8_is_whole(out->vhost, strlen(out->vhost)))
            return refuse(problem,
                          "the virtual host in the AMQP URL is malformed: a slash in it is written %2F");
        /* A URL that ends with '/' means the default virtual host: virtual hosts without a name are not used. */
        if (length == 0)
            memcpy(out->vhost, "/", 2);
        rest += length;
    }
    if (*rest == '?')
        error = parse_query(out, rest + 1, problem);
    if (error == SPECTACLES_OK)
        error = check_tls(out, problem);
    return error;
}
