/*
 * The HTTP upgrade to a WebSocket. Called by stream.c, which writes the request, and by receive.c, which reads the
 * answer.
 */
#include "shard/handshake.h"

#include "routing/retry_after.h"

#include <string.h>
#include <strings.h>

enum {
    NONCE_LENGTH = 16,
    KEY_LENGTH = 24, /* characters of a nonce in base64 */
    BODY_SHOWN = 120,
    BODY_READ =
        1024 /* bytes of the body of a refusal: enough for Discord's JSON, which says how long to wait */
};

/* Sec-WebSocket-Accept is the hash of the key and this GUID (RFC 6455, section 4.2.2). */
static int make_accept(char accept[SP_BASE64_SIZE(SP_SHA1_LENGTH)], const char *key)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t input[KEY_LENGTH + sizeof guid - 1];
    uint8_t digest[SP_SHA1_LENGTH];
    memcpy(input, key, KEY_LENGTH);
    memcpy(input + KEY_LENGTH, guid, sizeof guid - 1);
    int error = sp_digest_sha1((sp_slice){input, sizeof input}, digest);
    if (error == SPECTACLES_OK)
        sp_base64_write(accept, (sp_slice){digest, sizeof digest});
    return error;
}

static void make_key(char key[KEY_LENGTH + 1], sp_random *random)
{
    uint8_t nonce[NONCE_LENGTH];
    for (size_t i = 0; i < sizeof nonce; i += 8) {
        uint64_t word = sp_random_next(random);
        memcpy(nonce + i, &word, sizeof word);
    }
    sp_base64_write(key, (sp_slice){nonce, sizeof nonce});
}

static void write_host(sp_buffer *out, const sp_url *url)
{
    bool ipv6 = strchr(url->host, ':') != NULL;
    sp_buffer_text(out, ipv6 ? "[" : "");
    sp_buffer_text(out, url->host);
    sp_buffer_text(out, ipv6 ? "]" : "");
    if (url->port != (url->tls ? 443u : 80u)) {
        sp_buffer_text(out, ":");
        sp_buffer_decimal(out, url->port);
    }
}

int sp_handshake_request(sp_handshake *handshake, sp_buffer *out, const sp_url *url, const char *target,
                         const char *user_agent, sp_random *random)
{
    char key[KEY_LENGTH + 1];
    size_t before = sp_buffer_length(out);
    make_key(key, random);
    int error = make_accept(handshake->accept, key);
    if (error != SPECTACLES_OK)
        return error;
    sp_buffer_text(out, "GET ");
    sp_buffer_text(out, target);
    sp_buffer_text(out, " HTTP/1.1\r\nHost: ");
    write_host(out, url);
    sp_buffer_text(out, "\r\nUser-Agent: ");
    sp_buffer_text(out, user_agent);
    sp_buffer_text(out, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: ");
    sp_buffer_text(out, key);
    sp_buffer_text(out, "\r\n\r\n");
    if (sp_buffer_failed(out)) {
        sp_buffer_truncate(out, before);
        out->failed = false;
        return SPECTACLES_E_NOMEM;
    }
    return SPECTACLES_OK;
}

/* ---- The answer ---- */

static const uint8_t *find_blank_line(sp_slice input)
{
    for (size_t i = 0; i + 4 <= input.length; i++) {
        if (memcmp(input.bytes + i, "\r\n\r\n", 4) == 0)
            return input.bytes + i + 4;
    }
    return NULL;
}

/* The next line of a head, without its CRLF. False behind the last line. */
static bool next_line(sp_reader *reader, sp_slice *line)
{
    size_t left = sp_reader_left(reader);
    const uint8_t *first = reader->bytes + reader->position;
    for (size_t i = 0; i + 1 < left; i++) {
        if (first[i] == '\r' && first[i + 1] == '\n') {
            *line = sp_reader_take(reader, i);
            sp_reader_take(reader, 2);
            return line->length > 0;
        }
    }
    return false;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static sp_slice trim(sp_slice text)
{
    while (text.length > 0 && is_space(text.bytes[0])) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 && is_space(text.bytes[text.length - 1]))
        text.length--;
    return text;
}

static bool text_is(sp_slice text, const char *wanted)
{
    return text.length == strlen(wanted) && strncasecmp((const char *)text.bytes, wanted, text.length) == 0;
}

/* Whether a comma separated list names this token (Connection: keep-alive, Upgrade). */
static bool list_has(sp_slice list, const char *token)
{
    while (list.length > 0) {
        const uint8_t *comma = memchr(list.bytes, ',', list.length);
        size_t length = comma ? (size_t)(comma - list.bytes) : list.length;
        if (text_is(trim((sp_slice){list.bytes, length}), token))
            return true;
        size_t step = comma ? length + 1 : length;
        list.bytes += step;
        list.length -= step;
    }
    return false;
}

typedef struct seen_headers {
    bool upgrade;
    bool connection;
    bool accept;
    size_t accepts; /* how many headers Sec-WebSocket-Accept there are */
    bool foreign;   /* the answer names an extension or a subprotocol that was not asked for */
} seen_headers;

static bool look_at_header(seen_headers *seen, sp_slice line, const char *accept)
{
    const uint8_t *colon = memchr(line.bytes, ':', line.length);
    if (!colon || colon == line.bytes || is_space(line.bytes[0]) || is_space(colon[-1]))
        return false;
    sp_slice name = {line.bytes, (size_t)(colon - line.bytes)};
    sp_slice value = trim((sp_slice){colon + 1, line.length - name.length - 1});
    if (text_is(name, "Upgrade"))
        seen->upgrade = text_is(value, "websocket");
    else if (text_is(name, "Connection"))
        seen->connection = seen->connection || list_has(value, "Upgrade");
    else if (text_is(name, "Sec-WebSocket-Accept")) {
        seen->accepts++;
        seen->accept = value.length == strlen(accept) && memcmp(value.bytes, accept, value.length) == 0;
    } else if (text_is(name, "Sec-WebSocket-Extensions") || text_is(name, "Sec-WebSocket-Protocol"))
        seen->foreign = seen->foreign || value.length > 0;
    return true;
}

/* The status of "HTTP/1.1 101 Switching Protocols"; 0 when the line is not like that. */
static uint32_t status_of(sp_slice line)
{
    uint32_t status = 0;
    if (line.length < 12 || memcmp(line.bytes, "HTTP/1.1 ", 9) != 0)
        return 0;
    for (size_t i = 9; i < 12; i++) {
        if (line.bytes[i] < '0' || line.bytes[i] > '9')
            return 0;
        status = status * 10 + (uint32_t)(line.bytes[i] - '0');
    }
    return line.length == 12 || line.bytes[12] == ' ' ? status : 0;
}

static int refuse_status(uint32_t status, sp_slice line, sp_slice body, sp_text *why)
{
    if (status == 0) {
        sp_text_set(why, "the gateway did not answer in HTTP/1.1: ");
        sp_text_add_foreign(why, line.bytes, line.length, BODY_SHOWN);
        return SPECTACLES_E_PROTO;
    }
    sp_text_set(why, "the gateway refused the WebSocket upgrade with status %u", (unsigned)status);
    if (status == 429)
        sp_text_add(why, " (too many connections)");
    if (status >= 300 && status < 400)
        sp_text_add(why, " (redirects are not followed, because the token would go with them)");
    if (body.length > 0) {
        sp_text_add(why, ": ");
        sp_text_add_foreign(why, body.bytes, body.length, BODY_SHOWN);
    }
    return SPECTACLES_E_PROTO;
}

static int refuse(sp_text *why, const char *text)
{
    sp_text_set(why, "the gateway's WebSocket upgrade is not valid: %s", text);
    return SPECTACLES_E_PROTO;
}

static int check_headers(const sp_handshake *handshake, sp_reader *reader, sp_text *why)
{
    seen_headers seen = {0};
    sp_slice line;
    while (next_line(reader, &line)) {
        if (!look_at_header(&seen, line, handshake->accept))
            return refuse(why, "a header line is malformed");
    }
    if (!seen.upgrade)
        return refuse(why, "the header \"Upgrade: websocket\" is missing");
    if (!seen.connection)
        return refuse(why, "the header \"Connection: Upgrade\" is missing");
    if (seen.accepts > 1)
        return refuse(why, "the header \"Sec-WebSocket-Accept\" is there twice");
    if (!seen.accept)
        return refuse(why, "the header \"Sec-WebSocket-Accept\" is missing or does not match our key");
    if (seen.foreign)
        return refuse(why, "it names an extension or a subprotocol that was not asked for");
    return 1;
}

/* What the head of a refusal says about its body. */
typedef struct refusal_head {
    size_t length; /* bytes of the body that are read: at most BODY_READ */
    bool chunked;
    uint64_t retry_after;
} refusal_head;

/* The value of Content-Length, at most BODY_READ. */
static size_t length_of(sp_slice value)
{
    size_t length = 0;
    for (size_t i = 0; i < value.length && length < BODY_READ; i++)
        length = value.bytes[i] >= '0' && value.bytes[i] <= '9' ? length * 10 + (size_t)(value.bytes[i] - '0')
                                                                : (size_t)BODY_READ;
    return length < BODY_READ ? length : (size_t)BODY_READ;
}

/* Malformed lines are ignored: the answer is a refusal in any case. */
static refusal_head read_refusal(sp_reader reader)
{
    refusal_head head = {.length = BODY_READ};
    sp_slice line;
    while (next_line(&reader, &line)) {
        const uint8_t *colon = memchr(line.bytes, ':', line.length);
        size_t name_length = colon ? (size_t)(colon - line.bytes) : line.length;
        sp_slice name = {line.bytes, name_length};
        sp_slice value = {NULL, 0};
        if (colon)
            value = trim((sp_slice){colon + 1, line.length - name_length - 1});
        if (text_is(name, "Content-Length"))
            head.length = length_of(value);
        else if (text_is(name, "Transfer-Encoding"))
            head.chunked = list_has(value, "chunked");
        else if (text_is(name, "Retry-After"))
            head.retry_after = sp_retry_after_header(value);
    }
    return head;
}

static bool holds(sp_slice body, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at + length <= body.length; at++) {
        if (memcmp(body.bytes + at, text, length) == 0)
            return true;
    }
    return false;
}

static bool is_whole(const refusal_head *head, sp_slice body)
{
    return body.length >= head->length || (head->chunked && holds(body, "\r\n0\r\n\r\n"));
}

/* The longer one of the waits that the header and the body ask for. */
static uint64_t wait_of(const refusal_head *head, sp_slice body)
{
    uint64_t in_body = sp_retry_after_body(body);
    return in_body > head->retry_after ? in_body : head->retry_after;
}

/* Reads an answer with another status than 101. Returns 0 while its body is not complete. */
static int read_answer(sp_handshake *handshake, sp_slice line, const sp_reader *headers, sp_slice body,
                       bool all, sp_text *why)
{
    refusal_head head = read_refusal(*headers);
    if (handshake->status > 0 && !all && !is_whole(&head, body))
        return 0;
    handshake->retry_after = wait_of(&head, body);
    return refuse_status(handshake->status, line, body, why);
}

int sp_handshake_response(sp_handshake *handshake, sp_slice input, bool all, size_t *used, sp_text *why)
{
    sp_slice window = {input.bytes,
                       input.length < SP_HANDSHAKE_HEAD_MAX ? input.length : SP_HANDSHAKE_HEAD_MAX};
    const uint8_t *end = find_blank_line(window);
    handshake->status = 0;
    handshake->retry_after = 0;
    if (!end) {
        if (input.length < SP_HANDSHAKE_HEAD_MAX)
            return 0;
        return refuse(why, "its head is longer than 16 KiB");
    }
    size_t head = (size_t)(end - input.bytes);
    sp_reader reader = sp_reader_of((sp_slice){input.bytes, head});
    sp_slice line = {NULL, 0};
    next_line(&reader, &line);
    handshake->status = status_of(line);
    if (handshake->status != 101)
        return read_answer(handshake, line, &reader, (sp_slice){end, input.length - head}, all, why);
    int result = check_headers(handshake, &reader, why);
    if (result == 1)
        *used = head;
    return result;
}
