/*
 * engine.c - engines, and their turns. The files of the package spectacles call it, one goroutine at a time for each
 * engine.
 *
 * SPDX-License-Identifier: MIT
 */
#include "engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* ---- Making ---- */

static int make_tls(spectacles_tls **out, const sgo_transport *transport, spectacles_problem *problem)
{
    spectacles_tls_config config;
    if (!transport->ca_file && !transport->cert_file)
        return SPECTACLES_OK;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = transport->ca_file;
    config.cert_file = transport->cert_file;
    config.key_file = transport->key_file;
    return spectacles_tls_new(out, &config, problem);
}

/* `config` holds its certificates: free them with spectacles_tls_free() once the link is made. */
static int link_config(spectacles_link_config *config, const sgo_transport *transport,
                       spectacles_problem *problem)
{
    spectacles_link_config_init(config, sizeof *config);
    config->proxy = transport->proxy;
    config->no_proxy = transport->no_proxy;
    return make_tls(&config->tls, transport, problem);
}

static int make_link(sgo_engine *engine, spectacles_stream *stream, const sgo_transport *transport,
                     spectacles_problem *problem)
{
    spectacles_link_config config;
    int error = link_config(&config, transport, problem);
    if (error == 0)
        error = spectacles_link_new(&engine->link, stream, &config, problem);
    if (error == 0)
        error = spectacles_poller_new(&engine->poller, NULL, problem);
    if (error == 0)
        error = spectacles_poller_add(engine->poller, engine->link, 0);
    spectacles_tls_free(config.tls);
    return error;
}

static int give(sgo_engine **out, sgo_engine *engine, int error)
{
    if (error == 0)
        *out = engine;
    else
        sgo_engine_free(engine);
    return error;
}

int sgo_shard_new(sgo_engine **out, const spectacles_shard_config *config, const sgo_transport *transport,
                  spectacles_problem *problem)
{
    sgo_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return SPECTACLES_E_NOMEM;
    int error = spectacles_shard_new(&engine->shard, config, problem);
    if (error == 0)
        error = make_link(engine, spectacles_shard_stream(engine->shard), transport, problem);
    return give(out, engine, error);
}

static int make_copies(sgo_engine *engine, spectacles_problem *problem)
{
    spectacles_copies_config config;
    spectacles_copies_config_init(&config, sizeof config);
    config.seed = spectacles_random_seed();
    return spectacles_copies_new(&engine->copies, &config, problem);
}

int sgo_broker_new(sgo_engine **out, const spectacles_broker_config *config, const sgo_transport *transport,
                   spectacles_problem *problem)
{
    sgo_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return SPECTACLES_E_NOMEM;
    int error = spectacles_broker_new(&engine->broker, config, problem);
    if (error == 0)
        error = make_copies(engine, problem);
    if (error == 0)
        error = make_link(engine, spectacles_broker_stream(engine->broker), transport, problem);
    return give(out, engine, error);
}

int sgo_gateway_new(sgo_engine **out, spectacles_gateway_config *config, const sgo_transport *transport,
                    const sgo_transport *broker_transport, spectacles_problem *problem)
{
    spectacles_link_config link, broker_link;
    sgo_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return SPECTACLES_E_NOMEM;
    spectacles_link_config_init(&broker_link, sizeof broker_link);
    int error = link_config(&link, transport, problem);
    if (error == 0)
        error = link_config(&broker_link, broker_transport, problem);
    config->link = &link;
    config->broker_link = &broker_link;
    if (error == 0)
        error = spectacles_gateway_new(&engine->gateway, config, problem);
    if (error == 0)
        engine->poller = spectacles_gateway_poller(engine->gateway);
    spectacles_tls_free(link.tls);
    spectacles_tls_free(broker_link.tls);
    return give(out, engine, error);
}

void sgo_engine_free(sgo_engine *engine)
{
    if (!engine)
        return;
    if (!engine->gateway)
        spectacles_poller_free(engine->poller);
    spectacles_link_free(engine->link);
    spectacles_shard_free(engine->shard);
    spectacles_broker_free(engine->broker);
    spectacles_copies_free(engine->copies);
    spectacles_gateway_free(engine->gateway);
    free(engine->data.bytes);
    free(engine->texts.bytes);
    free(engine);
}

int sgo_engine_fd(const sgo_engine *engine)
{
    int fd = fcntl(spectacles_poller_fd(engine->poller), F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* ---- Copying ---- */

/* Room for so many bytes behind what is there; NULL: memory ran out. */
static uint8_t *room_for(sgo_buffer *buffer, size_t length)
{
    if (length > buffer->room - buffer->length) {
        size_t room = buffer->length + length > 2 * buffer->room ? buffer->length + length : 2 * buffer->room;
        uint8_t *bytes = realloc(buffer->bytes, room);
        if (!bytes)
            return NULL;
        buffer->bytes = bytes;
        buffer->room = room;
    }
    return buffer->bytes + buffer->length;
}

static int copy_to(sgo_buffer *buffer, sgo_span *out, const void *bytes, size_t length)
{
    if (length == 0)
        return 0;
    uint8_t *to = room_for(buffer, length);
    if (!to)
        return -1;
    memcpy(to, bytes, length);
    out->at = buffer->length;
    out->length = length;
    buffer->length += length;
    return 0;
}

static int copy(sgo_engine *engine, sgo_span *out, const void *bytes, size_t length)
{
    return copy_to(&engine->texts, out, bytes, length);
}

static int copy_text(sgo_engine *engine, sgo_span *out, const char *text)
{
    return text ? copy(engine, out, text, strlen(text)) : 0;
}

static int64_t wait_until(const sgo_engine *engine, uint64_t until)
{
    if (until == SPECTACLES_NEVER)
        return -1;
    return until > engine->now ? (int64_t)(until - engine->now) : 0;
}

/* A header as type, length of the key, key, and its value: 8 bytes, or a length and bytes. Go reads it (headers.go). */
static int copy_header(sgo_engine *engine, const spectacles_header *header, int depth);

static int copy_entries(sgo_engine *engine, const spectacles_header *container, int depth)
{
    size_t position = 0;
    spectacles_header entry;
    int error = 0;
    while (error == 0 && depth < SGO_HEADER_DEPTH && spectacles_header_next(container, &position, &entry))
        error = copy_header(engine, &entry, depth + 1);
    return error;
}

static int copy_sized(sgo_engine *engine, const void *bytes, uint32_t length)
{
    sgo_span span;
    return copy(engine, &span, &length, sizeof length) < 0 || copy(engine, &span, bytes, length) < 0 ? -1 : 0;
}

static int copy_container(sgo_engine *engine, const spectacles_header *header, int depth)
{
    size_t at = engine->texts.length;
    uint32_t length = 0;
    sgo_span span;
    if (copy(engine, &span, &length, sizeof length) < 0 || copy_entries(engine, header, depth) < 0)
        return -1;
    length = (uint32_t)(engine->texts.length - at - sizeof length);
    memcpy(engine->texts.bytes + at, &length, sizeof length);
    return 0;
}

static int copy_header(sgo_engine *engine, const spectacles_header *header, int depth)
{
    sgo_span span;
    uint8_t type = (uint8_t)header->type;
    if (copy(engine, &span, &type, 1) < 0 ||
        copy_sized(engine, header->key, (uint32_t)header->key_length) < 0)
        return -1;
    switch (header->type) {
    case SPECTACLES_HEADER_BOOLEAN:
    case SPECTACLES_HEADER_INTEGER:
    case SPECTACLES_HEADER_TIMESTAMP:
        return copy(engine, &span, &header->integer, sizeof header->integer);
    case SPECTACLES_HEADER_REAL:
        return copy(engine, &span, &header->real, sizeof header->real);
    case SPECTACLES_HEADER_TABLE:
    case SPECTACLES_HEADER_ARRAY:
        return copy_container(engine, header, depth);
    default:
        return copy_sized(engine, header->bytes, (uint32_t)header->bytes_length);
    }
}

static int copy_headers(sgo_engine *engine, sgo_item *item, const spectacles_broker_event *event)
{
    int error = 0;
    item->headers.at = engine->texts.length;
    for (size_t i = 0; i < event->header_count && error == 0; i++)
        error = copy_header(engine, &event->headers[i], 0);
    item->headers.length = engine->texts.length - item->headers.at;
    return error;
}

static int take_shard(sgo_engine *engine, sgo_item *item, const spectacles_shard_event *event)
{
    item->type = event->type;
    item->code = event->code;
    item->format = event->format;
    item->error = event->error;
    item->seq = event->seq;
    item->number = event->ticket;
    item->duration = event->duration;
    item->wait = event->until ? wait_until(engine, event->until) : 0;
    if (copy(engine, &item->name, event->name, event->name_length) < 0 ||
        copy_to(&engine->data, &item->data, event->data, event->data_length) < 0 ||
        copy(engine, &item->text, event->text, event->text_length) < 0)
        return -1;
    return copy(engine, &item->session_id, event->session_id, event->session_id_length);
}

static int take_properties(sgo_engine *engine, sgo_item *item, const spectacles_broker_event *event)
{
    size_t id_length = event->message_id ? strlen(event->message_id) : 0;
    item->priority = event->priority;
    spectacles_copies_mark(engine->copies, event->message_id, id_length, event->headers, event->header_count,
                           &item->mark);
    if (copy_text(engine, &item->content_type, event->content_type) < 0 ||
        copy(engine, &item->message_id, event->message_id, id_length) < 0 ||
        copy_text(engine, &item->correlation_id, event->correlation_id) < 0 ||
        copy_text(engine, &item->reply_to, event->reply_to) < 0)
        return -1;
    return copy_text(engine, &item->expiration, event->expiration) < 0 ? -1
                                                                       : copy_headers(engine, item, event);
}

static int take_broker(sgo_engine *engine, sgo_item *item, const spectacles_broker_event *event)
{
    item->type = event->type;
    item->code = event->code;
    item->format = event->format;
    item->error = event->error;
    item->subscription = event->subscription;
    item->redelivered = event->redelivered;
    item->reason = event->reason;
    item->number = event->tag;
    item->delivery = event->delivery;
    item->count = event->unconfirmed_count;
    item->wait = event->until ? wait_until(engine, event->until) : 0;
    if (copy(engine, &item->name, event->key, event->key_length) < 0 ||
        copy_to(&engine->data, &item->data, event->body, event->body_length) < 0 ||
        copy(engine, &item->text, event->text, event->text_length) < 0)
        return -1;
    if (event->type != SPECTACLES_BROKER_EVENT_MESSAGE && event->type != SPECTACLES_BROKER_EVENT_REPLY)
        return copy(engine, &item->session_id, event->queue, event->queue_length);
    return take_properties(engine, item, event);
}

static int copy_line(sgo_engine *engine, sgo_item *item, const spectacles_relay_event *event)
{
    char line[SPECTACLES_RELAY_LINE_SIZE];
    return copy(engine, &item->line, line,
                spectacles_relay_event_describe(line, sizeof line, event, engine->now));
}

static int take_gateway(sgo_engine *engine, sgo_item *item, const spectacles_relay_event *event)
{
    item->type = event->type;
    item->code = event->code;
    item->format = event->format;
    item->error = event->error;
    item->op = event->op;
    item->shard_id = event->shard_id;
    item->shard_count = event->shard_count;
    item->broker = event->broker;
    item->seq = event->seq;
    item->number = event->ticket;
    item->duration = event->duration;
    item->unix_time = event->unix_time;
    item->wait = event->until ? wait_until(engine, event->until) : 0;
    if (copy(engine, &item->name, event->name, event->name_length) < 0 ||
        copy_to(&engine->data, &item->data, event->body, event->body_length) < 0 ||
        copy(engine, &item->text, event->text, event->text_length) < 0 ||
        copy(engine, &item->session_id, event->session_id, event->session_id_length) < 0 ||
        copy(engine, &item->old_session_id, event->old_session_id, event->old_session_id_length) < 0 ||
        copy(engine, &item->message_id, event->message_id, event->message_id_length) < 0)
        return -1;
    return event->type == SPECTACLES_RELAY_EVENT_MESSAGE ? 0 : copy_line(engine, item, event);
}

/* ---- A turn ---- */

/* Returns 1, 0 when there is no event, or -1. */
static int next_of_shard(sgo_engine *engine, sgo_item *item)
{
    const spectacles_shard_event *event = spectacles_shard_next_event(engine->shard, engine->now);
    if (!event)
        return 0;
    if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY && !engine->manual)
        spectacles_shard_identify(engine->shard, engine->now);
    if (event->type == SPECTACLES_SHARD_EVENT_CLOSED || event->type == SPECTACLES_SHARD_EVENT_FATAL)
        engine->is_over = 1;
    return take_shard(engine, item, event) < 0 ? -1 : 1;
}

static int next_of_broker(sgo_engine *engine, sgo_item *item)
{
    const spectacles_broker_event *event = spectacles_broker_next_event(engine->broker, engine->now);
    if (!event)
        return 0;
    if (event->type == SPECTACLES_BROKER_EVENT_CLOSED)
        engine->is_over = 1;
    return take_broker(engine, item, event) < 0 ? -1 : 1;
}

static int next_of_gateway(sgo_engine *engine, sgo_item *item)
{
    const spectacles_relay_event *event = spectacles_gateway_next_event(engine->gateway, engine->now);
    if (!event) {
        engine->is_over = (uint32_t)spectacles_gateway_stopped(engine->gateway);
        return 0;
    }
    return take_gateway(engine, item, event) < 0 ? -1 : 1;
}

static int next(sgo_engine *engine, sgo_item *item)
{
    memset(item, 0, sizeof *item);
    if (engine->shard)
        return next_of_shard(engine, item);
    return engine->broker ? next_of_broker(engine, item) : next_of_gateway(engine, item);
}

/* Returns 1: there are no more events for now; 0: the turn is full; -1: memory ran out. */
static int pull(sgo_engine *engine)
{
    while (engine->item_count < SGO_ITEMS && engine->data.length < SGO_BYTES) {
        int found = next(engine, &engine->items[engine->item_count]);
        if (found <= 0)
            return found == 0 ? 1 : -1;
        engine->item_count++;
    }
    return 0;
}

static int settle(sgo_engine *engine, const sgo_settle *settle)
{
    if (settle->what == SGO_ACK || settle->what == SGO_ACK_ALL)
        spectacles_copies_add(engine->copies, &settle->mark);
    switch (settle->what) {
    case SGO_ACK:
        return spectacles_broker_ack(engine->broker, settle->delivery);
    case SGO_ACK_ALL:
        return spectacles_broker_ack_all(engine->broker, settle->delivery);
    default:
        return spectacles_broker_reject(engine->broker, settle->delivery, settle->what == SGO_REQUEUE);
    }
}

size_t sgo_settle_all(sgo_engine *engine)
{
    size_t done = 0;
    while (done < engine->settle_count && settle(engine, &engine->settles[done]) >= 0)
        done++;
    engine->settle_count -= done;
    memmove(engine->settles, engine->settles + done, engine->settle_count * sizeof *engine->settles);
    return done;
}

int sgo_leave_out(sgo_engine *engine, spectacles_copy_mark mark)
{
    sgo_settle_all(engine);
    return spectacles_copies_leave_out(engine->copies, &mark, spectacles_now());
}

static void move(sgo_engine *engine)
{
    if (engine->gateway)
        spectacles_gateway_process(engine->gateway, engine->now);
    else
        spectacles_poller_process(engine->poller, engine->now);
}

static void forget(sgo_buffer *buffer)
{
    buffer->length = 0;
    if (buffer->room <= SGO_KEEP)
        return;
    free(buffer->bytes);
    buffer->bytes = NULL;
    buffer->room = 0;
}

/* With the events pulled, the deadline of a whole gateway counts; else that of its bytes. */
static uint64_t deadline(sgo_engine *engine, int is_pulled)
{
    if (engine->gateway && is_pulled)
        return spectacles_gateway_deadline(engine->gateway);
    return spectacles_poller_deadline(engine->poller);
}

static const char *wanted_host(const sgo_engine *engine)
{
    return engine->link ? spectacles_link_wants_address(engine->link) : NULL;
}

int sgo_turn(sgo_engine *engine, int work)
{
    engine->now = spectacles_now();
    engine->item_count = 0;
    forget(&engine->data);
    forget(&engine->texts);
    sgo_settle_all(engine);
    if (work & SGO_MOVE)
        move(engine);
    int is_pulled = work & SGO_PULL ? pull(engine) : 0;
    if (is_pulled < 0)
        return -1;
    if (is_pulled && !engine->gateway)
        spectacles_poller_flush(engine->poller, engine->now);
    engine->timeout = spectacles_poll_timeout(deadline(engine, is_pulled), engine->now);
    engine->host = wanted_host(engine);
    return (int)engine->item_count;
}

int sgo_answer(sgo_engine *engine, const char *addresses, const char *why, size_t length)
{
    if (addresses)
        return spectacles_link_set_address(engine->link, addresses, length);
    return spectacles_link_set_no_address(engine->link, why, length);
}
