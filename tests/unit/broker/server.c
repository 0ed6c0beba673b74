#include "server.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct bytes {
    uint8_t data[1 << 18];
    size_t length;
} bytes;

/* They are large: each writer has its own, and begins it anew. */
static bytes *fresh(bytes *out)
{
    out->length = 0;
    return out;
}

static void put(bytes *out, const void *data, size_t length)
{
    assert_true(out->length + length <= sizeof out->data);
    if (length > 0)
        memcpy(out->data + out->length, data, length);
    out->length += length;
}

static void put_number(bytes *out, uint64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put(out, &byte, 1);
    }
}

static uint64_t number(const uint8_t *at, int width)
{
    uint64_t value = 0;
    for (int i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

void server_config(spectacles_broker_config *config)
{
    static const char *const urls[] = {"amqp://guest:" SERVER_PASSWORD "@broker.example/"};
    spectacles_broker_config_init(config, sizeof *config);
    config->urls = urls;
    config->url_count = 1;
    config->seed = 9;
}

sp_server *server_new(const spectacles_broker_config *config)
{
    sp_server *server = test_calloc(1, sizeof *server);
    spectacles_broker_config defaults;
    server_config(&defaults);
    server->now = 1000;
    server->frame_max = 131072;
    assert_int_equal(spectacles_broker_new(&server->broker, config ? config : &defaults, NULL),
                     SPECTACLES_OK);
    return server;
}

void server_free(sp_server *server)
{
    for (int i = 0; i < server->events.count; i++)
        assert_null(strstr(server->events.line[i], SERVER_PASSWORD));
    spectacles_broker_free(server->broker);
    test_free(server);
}

/* ---- What the engine tells ---- */

static char *add(sp_lines *lines)
{
    assert_true(lines->count < SERVER_LINES);
    return lines->line[lines->count++];
}

static void write_event(sp_server *server, const spectacles_broker_event *event)
{
    char *line = add(&server->events);
    const char *name = spectacles_broker_event_type_name(event->type);
    const char *text = event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED ? event->queue : event->text;
    text = text ? text : "";
    if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED) {
        server->told_messages = spectacles_broker_event_message_count(event);
        server->told_consumers = spectacles_broker_event_consumer_count(event);
    }
    if (event->type == SPECTACLES_BROKER_EVENT_MESSAGE) {
        server->delivery = event->delivery;
        server->format = event->format;
        snprintf(line, SERVER_LINE, "%s %u %s%s %s %.*s", name, event->subscription, event->key,
                 event->redelivered ? "!" : "", event->message_id ? event->message_id : "-",
                 event->body_length > 100 ? 100 : (int)event->body_length, (const char *)event->body);
    } else if (event->type == SPECTACLES_BROKER_EVENT_REPLY) {
        assert_null(event->key);
        snprintf(line, SERVER_LINE, "%s %llu %s %.*s", name, (unsigned long long)event->tag,
                 event->content_type ? event->content_type : "-",
                 event->body_length > 100 ? 100 : (int)event->body_length, (const char *)event->body);
    } else if (event->type == SPECTACLES_BROKER_EVENT_REFUSED) {
        snprintf(line, SERVER_LINE, "%s %u %s %.200s", name, event->subscription,
                 event->message_id ? event->message_id : "-", text);
    } else if (event->type == SPECTACLES_BROKER_EVENT_CALL_FAILED) {
        snprintf(line, SERVER_LINE, "%s %llu %u %u %.200s", name, (unsigned long long)event->tag,
                 event->reason, event->code, text);
    } else if (event->tag) {
        snprintf(line, SERVER_LINE, "%s %llu %u %.200s", name, (unsigned long long)event->tag, event->code,
                 text);
    } else {
        snprintf(line, SERVER_LINE, "%s %u %u %d %.300s", name, event->subscription, event->code,
                 (int)event->error, text);
    }
}

int server_count(const sp_lines *lines, const char *prefix)
{
    int count = 0;
    for (int i = 0; i < lines->count; i++)
        count += strncmp(lines->line[i], prefix, strlen(prefix)) == 0;
    return count;
}

const char *server_last(const sp_lines *lines, const char *prefix)
{
    for (int i = lines->count; i > 0; i--) {
        if (strncmp(lines->line[i - 1], prefix, strlen(prefix)) == 0)
            return lines->line[i - 1];
    }
    return "";
}

/* ---- What the engine writes ---- */

static const char *method_name(uint32_t id)
{
    static const struct {
        uint32_t id;
        const char *name;
    } names[] = {
        {0x0a000b, "connection.start-ok"}, {0x0a001f, "connection.tune-ok"},  {0x0a0028, "connection.open"},
        {0x0a0032, "connection.close"},    {0x0a0033, "connection.close-ok"}, {0x14000a, "channel.open"},
        {0x140028, "channel.close"},       {0x140029, "channel.close-ok"},    {0x140015, "channel.flow-ok"},
        {0x28000a, "exchange.declare"},    {0x32000a, "queue.declare"},       {0x320014, "queue.bind"},
        {0x3c000a, "basic.qos"},           {0x3c0014, "basic.consume"},       {0x3c0028, "basic.publish"},
        {0x3c0050, "basic.ack"},           {0x3c001e, "basic.cancel"},        {0x3c005a, "basic.reject"},
        {0x55000a, "confirm.select"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].id == id)
            return names[i].name;
    }
    return "?";
}

/* The client's properties, the mechanism, the response: a secret, so only its length. */
static void write_start_ok(char *out, size_t room, const uint8_t *args)
{
    const uint8_t *mechanism = args + 4 + number(args, 4);
    snprintf(out, room, " %.*s, %u bytes", mechanism[0], (const char *)mechanism + 1,
             (unsigned)number(mechanism + 1 + mechanism[0], 4));
}

static void write_declare(sp_server *server, char *out, size_t room, const uint8_t *args)
{
    const uint8_t *flags = args + 3 + args[2];
    server->arguments_length = (size_t)number(flags + 1, 4);
    assert_true(server->arguments_length <= sizeof server->arguments);
    memcpy(server->arguments, flags + 5, server->arguments_length);
    snprintf(out, room, " %.*s%s%s%s", args[2], (const char *)args + 3, *flags & 1 ? " passive" : "",
             *flags & 2 ? "" : " transient", *flags & 4 ? " exclusive" : "");
}

static void write_bind(char *out, size_t room, const uint8_t *args)
{
    const uint8_t *exchange = args + 3 + args[2];
    const uint8_t *key = exchange + 1 + exchange[0];
    snprintf(out, room, " %.*s %.*s %.*s", args[2], (const char *)args + 3, exchange[0],
             (const char *)exchange + 1, key[0], (const char *)key + 1);
}

static void write_method(sp_server *server, char *line, int channel, const uint8_t *at)
{
    uint32_t id = (uint32_t)(number(at, 2) << 16 | number(at + 2, 2));
    const char *name = method_name(id);
    int length = snprintf(line, SERVER_LINE, "%d %s", channel, name);
    const uint8_t *args = at + 4;
    char *rest = line + length;
    size_t room = SERVER_LINE - (size_t)length;
    if (strcmp(name, "connection.start-ok") == 0)
        write_start_ok(rest, room, args);
    else if (strcmp(name, "exchange.declare") == 0)
        snprintf(rest, room, " %.*s %.*s%s", args[2], (const char *)args + 3, args[3 + args[2]],
                 (const char *)args + 4 + args[2],
                 args[4 + args[2] + args[3 + args[2]]] & 1 ? " passive" : "");
    else if (strcmp(name, "queue.declare") == 0)
        write_declare(server, rest, room, args);
    else if (strcmp(name, "queue.bind") == 0)
        write_bind(rest, room, args);
    else if (strcmp(name, "basic.cancel") == 0)
        snprintf(rest, room, " %.*s%s", args[0], (const char *)args + 1,
                 args[1 + args[0]] & 1 ? " nowait" : "");
    else if (strcmp(name, "basic.consume") == 0)
        snprintf(rest, room, " %.*s %.*s", args[2], (const char *)args + 3, args[3 + args[2]],
                 (const char *)args + 4 + args[2]);
    else if (strcmp(name, "basic.publish") == 0)
        snprintf(rest, room, " %.*s", args[3 + args[2]], (const char *)args + 4 + args[2]);
    else if (strcmp(name, "basic.qos") == 0)
        snprintf(rest, room, " %u", (unsigned)number(args + 4, 2));
    else if (strcmp(name, "basic.ack") == 0)
        snprintf(rest, room, " %u%s", (unsigned)number(args, 8), args[8] & 1 ? " multiple" : "");
    else if (strcmp(name, "basic.reject") == 0)
        snprintf(rest, room, " %u%s", (unsigned)number(args, 8), args[8] & 1 ? " requeue" : "");
    else if (strcmp(name, "connection.close") == 0)
        snprintf(rest, room, " %u", (unsigned)number(args, 2));
}

/* The content type is the first property. */
static void write_header(sp_server *server, int channel, const uint8_t *at, size_t length)
{
    bool typed = at[12] & 0x80;
    assert_true(length <= sizeof server->header);
    memcpy(server->header, at, length);
    server->header_length = length;
    snprintf(add(&server->written), SERVER_LINE, "%d header %u %.*s", channel, (unsigned)number(at + 4, 8),
             typed ? at[14] : 0, (const char *)at + 15);
}

/* One frame of what was written: its length, or 0. */
static size_t read_frame(sp_server *server)
{
    const uint8_t *in = server->input;
    if (server->input_length >= 8 && memcmp(in, "AMQP", 4) == 0) {
        assert_memory_equal(in, "AMQP\0\0\x09\x01", 8);
        snprintf(add(&server->written), SERVER_LINE, "greeting");
        return 8;
    }
    if (server->input_length < 8)
        return 0;
    size_t size = (size_t)number(in + 3, 4);
    assert_true(size + 8 <= server->frame_max);
    if (server->input_length < size + 8)
        return 0;
    assert_int_equal(in[7 + size], 0xce);
    int channel = (int)number(in + 1, 2);
    if (in[0] == 1)
        write_method(server, add(&server->written), channel, in + 7);
    else if (in[0] == 2)
        write_header(server, channel, in + 7, size);
    else if (in[0] == 3)
        snprintf(add(&server->written), SERVER_LINE, "%d body %.*s", channel, size > 60 ? 60 : (int)size,
                 (const char *)in + 7);
    else
        snprintf(add(&server->written), SERVER_LINE, "heartbeat");
    return size + 8;
}

static void take_output(sp_server *server)
{
    const uint8_t *out;
    size_t length;
    while ((length = spectacles_stream_pending(spectacles_broker_stream(server->broker), &out)) > 0) {
        /* In uneven pieces, as a socket takes them. */
        size_t take = length > 7 ? length - length / 3 : length;
        assert_true(server->input_length + take <= sizeof server->input);
        memcpy(server->input + server->input_length, out, take);
        server->input_length += take;
        spectacles_stream_consumed(spectacles_broker_stream(server->broker), take);
    }
    size_t used;
    while ((used = read_frame(server)) > 0) {
        server->input_length -= used;
        memmove(server->input, server->input + used, server->input_length);
    }
}

static void pull_events(sp_server *server)
{
    const spectacles_broker_event *event;
    if (server->owner) {
        server->owner();
        return;
    }
    while ((event = spectacles_broker_next_event(server->broker, server->now)))
        write_event(server, event);
}

void server_pull(sp_server *server)
{
    pull_events(server);
    take_output(server);
    pull_events(server);
}

/* ---- What the broker says ---- */

static size_t next_piece(const sp_server *server, size_t left)
{
    if (server->split)
        return 1;
    return server->cut > server->fed && server->cut - server->fed < left ? server->cut - server->fed : left;
}

void server_feed(sp_server *server, const void *data, size_t length)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < length;) {
        size_t piece = next_piece(server, length - i);
        spectacles_stream_feed(spectacles_broker_stream(server->broker), at + i, piece, server->now);
        server->fed += piece;
        i += piece;
        server_pull(server);
    }
    server_pull(server);
}

void server_frame(sp_server *server, int type, int channel, const void *payload, size_t length)
{
    static bytes frame_room;
    bytes *frame = fresh(&frame_room);
    put_number(frame, (uint64_t)type, 1);
    put_number(frame, (uint64_t)channel, 2);
    put_number(frame, length, 4);
    put(frame, payload, length);
    put_number(frame, 0xce, 1);
    server_feed(server, frame->data, frame->length);
}

static void put_format(bytes *out, const char *format, va_list args)
{
    for (; *format; format++) {
        const char *text = strchr("sS", *format) ? va_arg(args, const char *) : NULL;
        if (*format == 's' || *format == 'S') {
            put_number(out, strlen(text), *format == 's' ? 1 : 4);
            put(out, text, strlen(text));
        } else if (*format == 'T') {
            put_number(out, 0, 4);
        } else {
            int width = *format == 'b' ? 1 : *format == 'w' ? 2 : *format == 'l' ? 4 : 8;
            put_number(out, va_arg(args, uint64_t), width);
        }
    }
}

void server_method(sp_server *server, int channel, int class_id, int method_id, const char *format, ...)
{
    static bytes payload_room;
    bytes *payload = fresh(&payload_room);
    va_list args;
    put_number(payload, (uint64_t)class_id, 2);
    put_number(payload, (uint64_t)method_id, 2);
    va_start(args, format);
    put_format(payload, format, args);
    va_end(args);
    server_frame(server, 1, channel, payload->data, payload->length);
}

void server_deliver(sp_server *server, uint64_t tag, const char *consumer, const char *key, const char *body,
                    size_t piece)
{
    static bytes header_room;
    bytes *header = fresh(&header_room);
    size_t length = strlen(body);
    server_method(server, 3, 60, 60, "sqbss", consumer, tag, (uint64_t)0, "gateway", key);
    put_number(header, 60, 2);
    put_number(header, 0, 2);
    put_number(header, length, 8);
    put_number(header, 0x0080, 2); /* message-id */
    put_number(header, 3, 1);
    put(header, "m-1", 3);
    server_frame(server, 2, 3, header->data, header->length);
    for (size_t at = 0; at < length; at += piece)
        server_frame(server, 3, 3, body + at, length - at < piece ? length - at : piece);
}

void server_reply(sp_server *server, const char *correlation_id, const char *body)
{
    static bytes header_room;
    bytes *header = fresh(&header_room);
    server_method(server, 2, 60, 60, "sqbss", "replies", (uint64_t)1, (uint64_t)0, "",
                  "amq.rabbitmq.reply-to.x");
    put_number(header, 60, 2);
    put_number(header, 0, 2);
    put_number(header, strlen(body), 8);
    put_number(header, 0x8400, 2); /* content-type, correlation-id */
    put_number(header, 10, 1);
    put(header, "text/plain", 10);
    put_number(header, strlen(correlation_id), 1);
    put(header, correlation_id, strlen(correlation_id));
    server_frame(server, 2, 2, header->data, header->length);
    if (*body)
        server_frame(server, 3, 2, body, strlen(body));
}

void server_eof(sp_server *server)
{
    server->input_length = 0;
    spectacles_stream_eof(spectacles_broker_stream(server->broker), 0, NULL, 0, server->now);
    server_pull(server);
}

void server_wait(sp_server *server, uint64_t ms)
{
    uint64_t end = server->now + ms;
    for (;;) {
        uint64_t deadline = spectacles_stream_deadline(spectacles_broker_stream(server->broker));
        if (deadline > end)
            break;
        server->now = deadline > server->now ? deadline : server->now;
        spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now);
        server_pull(server);
    }
    server->now = end;
}

/* ---- The usual course of things ---- */

void server_open(sp_server *server)
{
    uint64_t deadline = spectacles_stream_deadline(spectacles_broker_stream(server->broker));
    server->now = deadline != SPECTACLES_NEVER && deadline > server->now &&
                          !spectacles_stream_endpoint(spectacles_broker_stream(server->broker))
                      ? deadline
                      : server->now;
    spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now);
    server_pull(server);
    const spectacles_endpoint *endpoint =
        spectacles_stream_endpoint(spectacles_broker_stream(server->broker));
    assert_non_null(endpoint);
    assert_true(endpoint->connection > server->connection);
    server->connection = endpoint->connection;
    server->input_length = 0;
    server_forget(server);
    assert_int_equal(spectacles_stream_opened(spectacles_broker_stream(server->broker), server->now),
                     SPECTACLES_OK);
    server_pull(server);
}

void server_handshake(sp_server *server)
{
    server_open(server);
    /* server-properties: product and version */
    static bytes start_room;
    bytes *start = fresh(&start_room);
    put(start, "\0\x0a\0\x0a\0\x09", 6);
    static bytes table_room;
    bytes *table = fresh(&table_room);
    put(table,
        "\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x06"
        "3.10.8",
        40);
    put_number(start, table->length, 4);
    put(start, table->data, table->length);
    put(start,
        "\0\0\0\x0e"
        "AMQPLAIN PLAIN\0\0\0\x05"
        "en_US",
        27);
    server_frame(server, 1, 0, start->data, start->length);
    server_method(server, 0, 10, 30, "wlw", (uint64_t)2047, (uint64_t)server->frame_max, (uint64_t)60);
    server_method(server, 0, 10, 41, "s", "");
}

static void answer_declare(sp_server *server, const char *queue)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(queue, " "), queue);
    if (!*name)
        snprintf(name, sizeof name, "amq.gen-%d", ++server->named);
    server_method(server, 1, 50, 11, "sll", name, (uint64_t)server->message_count,
                  (uint64_t)server->consumer_count);
}

static void answer_line(sp_server *server, const char *line)
{
    int channel = line[0] - '0';
    const char *method = line + 2;
    if (strncmp(method, "channel.open", 12) == 0)
        server_method(server, channel, 20, 11, "T");
    else if (strcmp(method, "channel.close") == 0)
        server_method(server, channel, 20, 41, "");
    else if (strncmp(method, "exchange.declare", 16) == 0)
        server_method(server, channel, 40, 11, "");
    else if (strncmp(method, "queue.declare", 13) == 0)
        answer_declare(server, method + 14);
    else if (strncmp(method, "basic.cancel ", 13) == 0 && !strstr(method, " nowait"))
        server_method(server, channel, 60, 31, "s", method + 13);
    else if (strncmp(method, "queue.bind", 10) == 0)
        server_method(server, channel, 50, 21, "");
    else if (strncmp(method, "basic.qos", 9) == 0)
        server_method(server, channel, 60, 11, "");
    else if (strncmp(method, "confirm.select", 14) == 0)
        server_method(server, channel, 85, 11, "");
}

void server_forget(sp_server *server)
{
    server->written.count = server->answered = 0;
}

/* Consumers are answered behind all else, as RabbitMQ's queues may do. */
void server_answer(sp_server *server)
{
    int first = server->answered;
    char line[SERVER_LINE];
    for (int i = first; i < server->written.count; i++) {
        snprintf(line, sizeof line, "%s", server->written.line[i]);
        if (line[0] >= '0' && line[0] <= '9')
            answer_line(server, line);
    }
    for (int i = first; i < server->written.count; i++) {
        const char *consume = strstr(server->written.line[i], " basic.consume ");
        if (consume)
            server_method(server, server->written.line[i][0] - '0', 60, 21, "s", strrchr(consume, ' ') + 1);
    }
    server->answered = server->written.count;
}

void server_ready(sp_server *server)
{
    server_handshake(server);
    server_answer(server);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
}

int64_t server_publish(sp_server *server, const char *key, const char *body, uint32_t flags)
{
    uint64_t tag = 0;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.flags = flags;
    message.key = key;
    message.key_length = strlen(key);
    message.body = (const uint8_t *)body;
    message.body_length = strlen(body);
    int error = spectacles_broker_publish(server->broker, &message, &tag);
    return error == SPECTACLES_OK ? (int64_t)tag : error;
}

int64_t server_call(sp_server *server, const char *key, uint32_t timeout)
{
    uint64_t call = 0;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.key = key;
    message.key_length = strlen(key);
    message.body = (const uint8_t *)"ask";
    message.body_length = 3;
    int error = spectacles_broker_call(server->broker, &message, timeout, server->now, &call);
    return error == SPECTACLES_OK ? (int64_t)call : error;
}

int server_subscribe(sp_server *server, const char *event, uint32_t prefetch)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event;
    subscription.event_length = strlen(event);
    subscription.prefetch = prefetch;
    return spectacles_broker_subscribe(server->broker, &subscription);
}

void server_ack(sp_server *server, uint64_t tag, int multiple)
{
    server_method(server, 2, 60, 80, "qb", tag, (uint64_t)multiple);
}

int server_header_holds(const sp_server *server, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= server->header_length; i++) {
        if (memcmp(server->header + i, text, length) == 0)
            return 1;
    }
    return 0;
}

void server_end_calls(sp_server *server)
{
    server_pull(server);
    server->events.count = 0;
    server->now += 10000000;
    spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now);
    server_pull(server);
    assert_int_equal(server_count(&server->events, "REPLY") + server_count(&server->events, "CALL_FAILED"),
                     0);
    server_free(server);
}
