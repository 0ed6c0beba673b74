#include "broker/publish.h"

#include "broker/frame.h"

#include <stdlib.h>

enum {
    CHANNEL = 2,
    CHUNK = 32768,
    PROMISE = 65536, /* a run of records grows until it has as many bytes */
    HEAD_MAX = 4096  /* method and content header: seven short strings and some numbers */
};

void sp_log_init(sp_log *log, size_t window_count, uint64_t window_bytes, uint32_t frame_max)
{
    *log = (sp_log){.records = sp_ring_of(sizeof(sp_record)),
                    .window_count = window_count,
                    .window_bytes = window_bytes,
                    .frame_max = frame_max};
}

/* ---- Chunks ---- */

static void chunk_release(sp_log *log, sp_chunk *chunk)
{
    if (--chunk->live > 0)
        return;
    if (chunk == log->tail) {
        chunk->used = 0;
    } else if (!log->spare && chunk->capacity == CHUNK) {
        chunk->used = 0;
        log->spare = chunk;
    } else {
        free(chunk);
    }
}

static sp_chunk *chunk_make(sp_log *log, size_t size)
{
    sp_chunk *chunk = log->spare;
    if (chunk && size <= CHUNK) {
        log->spare = NULL;
        return chunk;
    }
    size_t capacity = size > CHUNK ? size : CHUNK;
    chunk = capacity > SIZE_MAX / 2 ? NULL : malloc(sizeof *chunk + capacity);
    if (chunk)
        *chunk = (sp_chunk){.capacity = capacity};
    return chunk;
}

/* A chunk with so many bytes free at its end: the tail, or a new tail. */
static sp_chunk *chunk_for(sp_log *log, size_t size)
{
    sp_chunk *old = log->tail;
    if (old && old->capacity - old->used >= size)
        return old;
    sp_chunk *chunk = chunk_make(log, size);
    if (!chunk)
        return NULL;
    log->tail = chunk;
    if (old && old->live == 0)
        free(old);
    return chunk;
}

static void unpin(sp_log *log)
{
    if (log->pinned)
        chunk_release(log, log->pinned);
    log->pinned = NULL;
    log->promised = 0;
}

static void record_release(sp_log *log, sp_record *record)
{
    if (record->chunk)
        chunk_release(log, record->chunk);
    record->chunk = NULL;
}

void sp_log_free(sp_log *log)
{
    unpin(log);
    for (size_t i = 0; i < log->records.count; i++)
        record_release(log, sp_ring_at(&log->records, i));
    free(log->tail);
    free(log->spare);
    sp_ring_free(&log->records);
    log->tail = log->spare = NULL;
}

/* ---- Reading a record's own frames ---- */

static size_t frame_size(const uint8_t *frame)
{
    size_t size = (size_t)frame[3] << 24 | (size_t)frame[4] << 16 | (size_t)frame[5] << 8 | frame[6];
    return size + SP_FRAME_OVERHEAD;
}

static const uint8_t *record_bytes(const sp_record *record)
{
    return record->chunk->bytes + record->at;
}

/* Method and content header together. */
static size_t head_size(const sp_record *record)
{
    const uint8_t *bytes = record_bytes(record);
    size_t method = frame_size(bytes);
    return method + frame_size(bytes + method);
}

/* Behind class, method and ticket stand exchange and routing key. */
sp_slice sp_record_exchange(const sp_record *record)
{
    const uint8_t *at = record_bytes(record) + SP_FRAME_HEAD + 6;
    return (sp_slice){at + 1, at[0]};
}

sp_slice sp_record_key(const sp_record *record)
{
    sp_slice exchange = sp_record_exchange(record);
    const uint8_t *at = exchange.bytes + exchange.length;
    return (sp_slice){at + 1, at[0]};
}

/* The message-id is the last property that we set, so it ends where the content header does. */
static sp_slice record_message_id(const sp_record *record)
{
    size_t length = record->message_id_length;
    return (sp_slice){record_bytes(record) + head_size(record) - 1 - length, length};
}

/* ---- Framing ---- */

static void set_text(amqp_bytes_t *field, const char *text, amqp_flags_t *flags, amqp_flags_t flag)
{
    if (!text)
        return;
    *field = sp_amqp_text(text);
    *flags |= flag;
}

static int encode_header(uint8_t *out, size_t room, const sp_publish *publish)
{
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                          .delivery_mode = publish->transient ? 1 : 2};
    amqp_flags_t *flags = &properties._flags;
    set_text(&properties.content_type, publish->content_type, flags, AMQP_BASIC_CONTENT_TYPE_FLAG);
    set_text(&properties.correlation_id, publish->correlation_id, flags, AMQP_BASIC_CORRELATION_ID_FLAG);
    set_text(&properties.reply_to, publish->reply_to, flags, AMQP_BASIC_REPLY_TO_FLAG);
    set_text(&properties.expiration, publish->expiration, flags, AMQP_BASIC_EXPIRATION_FLAG);
    set_text(&properties.message_id, publish->message_id, flags, AMQP_BASIC_MESSAGE_ID_FLAG);
    uint8_t *payload = out + SP_FRAME_HEAD;
    memset(payload, 0, 12);
    payload[1] = AMQP_BASIC_CLASS;
    for (unsigned i = 0; i < 8; i++)
        payload[4 + i] = (uint8_t)((uint64_t)publish->body_length >> (56 - 8 * i));
    int length =
        amqp_encode_properties(AMQP_BASIC_CLASS, &properties, sp_amqp_bytes(payload + 12, room - 20));
    if (length < 0)
        return length;
    size_t size = 12 + (size_t)length;
    sp_frame_put_head(out, AMQP_FRAME_HEADER, CHANNEL, size);
    payload[size] = AMQP_FRAME_END;
    return (int)(size + SP_FRAME_OVERHEAD);
}

static int encode_head(uint8_t out[HEAD_MAX], const sp_publish *publish)
{
    amqp_basic_publish_t method = {.exchange = sp_amqp_text(publish->exchange),
                                   .routing_key = sp_amqp_bytes(publish->key, publish->key_length),
                                   .mandatory = publish->mandatory};
    uint8_t *payload = out + SP_FRAME_HEAD;
    int length = amqp_encode_method(AMQP_BASIC_PUBLISH_METHOD, &method, sp_amqp_bytes(payload + 4, 1024));
    if (length < 0)
        return SPECTACLES_E_INVAL;
    size_t size = (size_t)length + 4;
    static const uint8_t number[] = {0, 60, 0, 40};
    memcpy(payload, number, sizeof number);
    sp_frame_put_head(out, AMQP_FRAME_METHOD, CHANNEL, size);
    payload[size] = AMQP_FRAME_END;
    size += SP_FRAME_OVERHEAD;
    int header = encode_header(out + size, HEAD_MAX - size, publish);
    return header < 0 ? SPECTACLES_E_INVAL : (int)size + header;
}

/* How many bytes a body takes in frames; 0 when that can not be. */
static size_t framed_size(size_t body, uint32_t frame_max)
{
    size_t most = frame_max - SP_FRAME_OVERHEAD;
    if (body > SIZE_MAX / 4)
        return 0;
    return body + (body + most - 1) / most * SP_FRAME_OVERHEAD;
}

/* Writes body frames; the body may come in pieces (see reframe). */
typedef struct framer {
    uint8_t *out;
    size_t left; /* of the body */
    size_t room; /* in the present frame */
    size_t most;
} framer;

static void frame_body(framer *f, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        if (f->room == 0) {
            f->room = f->left < f->most ? f->left : f->most;
            sp_frame_put_head(f->out, AMQP_FRAME_BODY, CHANNEL, f->room);
            f->out += SP_FRAME_HEAD;
        }
        size_t take = length < f->room ? length : f->room;
        memcpy(f->out, bytes, take);
        f->out += take;
        bytes += take;
        length -= take;
        f->left -= take;
        f->room -= take;
        if (f->room == 0)
            *f->out++ = AMQP_FRAME_END;
    }
}

static void place(sp_record *record, sp_chunk *chunk, size_t size, uint32_t frame_max)
{
    record->chunk = chunk;
    record->at = chunk->used;
    record->size = size;
    record->frame_max = frame_max;
    chunk->used += size;
    chunk->live++;
}

bool sp_log_room(const sp_log *log)
{
    return log->open_count < log->window_count && log->open_bytes < log->window_bytes;
}

int sp_log_append(sp_log *log, const sp_publish *publish)
{
    uint8_t head[HEAD_MAX];
    int encoded = encode_head(head, publish);
    if (encoded < 0)
        return encoded;
    size_t head_length = (size_t)encoded;
    size_t body = framed_size(publish->body_length, log->frame_max);
    if (publish->body_length > 0 && body == 0)
        return SPECTACLES_E_TOOBIG;
    sp_chunk *chunk = chunk_for(log, head_length + body);
    sp_record *record = chunk ? sp_ring_push(&log->records) : NULL;
    if (!record)
        return SPECTACLES_E_NOMEM;
    uint8_t *out = chunk->bytes + chunk->used;
    memcpy(out, head, head_length);
    framer f = {out + head_length, publish->body_length, 0, log->frame_max - SP_FRAME_OVERHEAD};
    frame_body(&f, publish->body, publish->body_length);
    place(record, chunk, head_length + body, log->frame_max);
    record->tag = ++log->last_tag;
    record->body = publish->body_length;
    record->mandatory = publish->mandatory;
    record->message_id_length = (uint8_t)(publish->message_id ? strlen(publish->message_id) : 0);
    log->open_count++;
    log->open_bytes += record->body;
    return SPECTACLES_OK;
}

static int reframe(sp_log *log, sp_record *record, uint32_t frame_max)
{
    const uint8_t *old = record_bytes(record);
    size_t head = head_size(record);
    size_t size = head + framed_size(record->body, frame_max);
    sp_chunk *chunk = chunk_for(log, size);
    if (!chunk)
        return SPECTACLES_E_NOMEM;
    uint8_t *out = chunk->bytes + chunk->used;
    memcpy(out, old, head);
    framer f = {out + head, record->body, 0, frame_max - SP_FRAME_OVERHEAD};
    for (size_t at = head; at < record->size; at += frame_size(old + at))
        frame_body(&f, old + at + SP_FRAME_HEAD, frame_size(old + at) - SP_FRAME_OVERHEAD);
    sp_chunk *before = record->chunk;
    place(record, chunk, size, frame_max);
    chunk_release(log, before);
    return SPECTACLES_OK;
}

static int reframe_all(sp_log *log, uint32_t frame_max)
{
    for (size_t i = 0; i < log->records.count; i++) {
        sp_record *record = sp_ring_at(&log->records, i);
        bool fits = record->body + SP_FRAME_OVERHEAD <= frame_max || record->frame_max <= frame_max;
        if (!fits && reframe(log, record, frame_max) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
    }
    return SPECTACLES_OK;
}

/* ---- The channel comes and goes ---- */

/* Closes the gaps that records confirmed out of order have left. */
static void compact(sp_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->records.count; i++) {
        sp_record *record = sp_ring_at(&log->records, i);
        if (record->state != SP_RECORD_OPEN) {
            record_release(log, record);
            continue;
        }
        record->returned = 0;
        log->republished += log->first + i < log->sent;
        *(sp_record *)sp_ring_at(&log->records, kept++) = *record;
    }
    while (log->records.count > kept)
        sp_ring_pop_back(&log->records);
}

int sp_log_opened(sp_log *log, uint32_t frame_max)
{
    compact(log);
    log->sent = log->wire_first = log->first;
    log->offset = 0;
    log->frame_max = frame_max;
    if (reframe_all(log, frame_max) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    log->open = true;
    return SPECTACLES_OK;
}

void sp_log_closed(sp_log *log)
{
    log->open = false;
}

void sp_log_lost(sp_log *log)
{
    log->open = false;
    log->paused = false;
    unpin(log);
}

/* ---- To the wire ---- */

/* The next bytes of a record, up to the end of a frame. */
static size_t piece(const sp_record *record, size_t offset)
{
    size_t rest = record->size - offset;
    return rest <= PROMISE ? rest : frame_size(record_bytes(record) + offset);
}

void sp_log_promise(sp_log *log)
{
    while (log->open && !log->paused && log->promised < PROMISE) {
        const sp_record *record = sp_ring_at(&log->records, (size_t)(log->sent - log->first));
        if (!record)
            return;
        const uint8_t *at = record_bytes(record) + log->offset;
        if (log->promised > 0 && (record->chunk != log->pinned || at != log->promise + log->promised))
            return;
        if (log->promised == 0) {
            log->promise = at;
            log->pinned = record->chunk;
            log->pinned->live++;
        }
        size_t length = piece(record, log->offset);
        log->promised += length;
        log->offset += length;
        if (log->offset == record->size) {
            log->sent++;
            log->offset = 0;
        }
    }
}

void sp_log_consumed(sp_log *log, size_t length)
{
    log->promise += length;
    log->promised -= length;
    if (log->promised == 0)
        unpin(log);
}

/* ---- What the broker says ---- */

static sp_record *record_at(const sp_log *log, uint64_t serial)
{
    return serial < log->first ? NULL : sp_ring_at(&log->records, (size_t)(serial - log->first));
}

static void settle(sp_log *log, uint64_t serial, uint8_t state)
{
    sp_record *record = record_at(log, serial);
    if (!record || record->state != SP_RECORD_OPEN)
        return;
    record->state = state;
    log->open_count--;
    log->open_bytes -= record->body;
    if (log->settled_tail)
        record_at(log, log->settled_tail - 1)->next_settled = serial + 1;
    else
        log->settled_head = serial + 1;
    log->settled_tail = serial + 1;
}

static void confirm(sp_log *log, uint64_t serial)
{
    const sp_record *record = record_at(log, serial);
    if (record)
        settle(log, serial, record->returned ? SP_RECORD_RETURNED : SP_RECORD_CONFIRMED);
}

/* The serials that an acknowledgement names. A delivery tag of 0 with `multiple` means all so far. */
static int range(const sp_log *log, uint64_t wire, bool multiple, uint64_t *from, uint64_t *to)
{
    uint64_t sent = log->sent - log->wire_first;
    if (wire == 0 && multiple)
        wire = sent;
    else if (wire == 0 || wire > sent)
        return SPECTACLES_E_PROTO;
    *to = log->wire_first + wire;
    *from = multiple || wire == 0 ? log->first : *to - 1;
    return SPECTACLES_OK;
}

int sp_log_ack(sp_log *log, uint64_t wire, bool multiple)
{
    uint64_t serial, end;
    if (range(log, wire, multiple, &serial, &end) != SPECTACLES_OK)
        return SPECTACLES_E_PROTO;
    for (; serial < end; serial++)
        confirm(log, serial);
    return SPECTACLES_OK;
}

/* Puts a record behind all others; its bytes stay where they are. */
static int publish_again(sp_log *log, uint64_t serial)
{
    const sp_record *nacked = record_at(log, serial);
    if (!nacked || nacked->state != SP_RECORD_OPEN)
        return SPECTACLES_OK;
    sp_record copy = *nacked;
    sp_record *again = sp_ring_push(&log->records);
    if (!again)
        return SPECTACLES_E_NOMEM;
    *again = copy;
    again->returned = 0;
    again->chunk->live++;
    log->republished++;
    sp_record *old = record_at(log, serial);
    old->state = SP_RECORD_DONE;
    record_release(log, old);
    return SPECTACLES_OK;
}

static void drop_done(sp_log *log)
{
    for (;;) {
        const sp_record *front = sp_ring_front(&log->records);
        if (!front || front->state != SP_RECORD_DONE)
            return;
        sp_ring_pop(&log->records);
        log->first++;
    }
}

int sp_log_nack(sp_log *log, uint64_t wire, bool multiple)
{
    uint64_t serial, end;
    if (range(log, wire, multiple, &serial, &end) != SPECTACLES_OK)
        return SPECTACLES_E_PROTO;
    for (; serial < end; serial++) {
        if (publish_again(log, serial) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
    }
    drop_done(log);
    return SPECTACLES_OK;
}

static bool same(sp_slice a, sp_slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

void sp_log_return(sp_log *log, const sp_return *returned)
{
    for (uint64_t serial = log->first; serial < log->sent; serial++) {
        sp_record *record = record_at(log, serial);
        if (record->state != SP_RECORD_OPEN || !record->mandatory || record->returned ||
            record->body != returned->body_length || !same(sp_record_key(record), returned->key) ||
            !same(sp_record_exchange(record), returned->exchange) ||
            !same(record_message_id(record), returned->message_id))
            continue;
        record->returned = 1;
        record->code = returned->code;
        return;
    }
}

/* 1 when the text holds 'name', in its quotes. */
static bool quotes(sp_slice text, sp_slice name)
{
    for (size_t i = 0; name.length + 2 <= text.length && i <= text.length - name.length - 2; i++) {
        const uint8_t *at = text.bytes + i;
        if (at[0] == '\'' && at[name.length + 1] == '\'' && memcmp(at + 1, name.bytes, name.length) == 0)
            return true;
    }
    return false;
}

const sp_record *sp_log_find_exchange(const sp_log *log, sp_slice text, const char *group)
{
    sp_slice own = {(const uint8_t *)group, strlen(group)};
    for (uint64_t serial = log->first; serial < log->sent; serial++) {
        const sp_record *record = record_at(log, serial);
        if (record->state != SP_RECORD_OPEN)
            continue;
        sp_slice exchange = sp_record_exchange(record);
        if (!same(exchange, own) && exchange.length > 0 && quotes(text, exchange))
            return record;
    }
    return NULL;
}

const sp_record *sp_log_find_largest(const sp_log *log)
{
    const sp_record *largest = NULL;
    for (uint64_t serial = log->first; serial < log->sent; serial++) {
        const sp_record *record = record_at(log, serial);
        if (record->state == SP_RECORD_OPEN && (!largest || record->body > largest->body))
            largest = record;
    }
    return largest;
}

void sp_log_fail(sp_log *log, const sp_record *record, uint16_t code)
{
    for (uint64_t serial = log->first; serial < log->sent; serial++) {
        sp_record *found = record_at(log, serial);
        if (found != record)
            continue;
        found->code = code;
        settle(log, serial, SP_RECORD_FAILED);
        return;
    }
}

/* ---- To the owner ---- */

const sp_record *sp_log_settled(const sp_log *log)
{
    return log->settled_head ? record_at(log, log->settled_head - 1) : NULL;
}

void sp_log_told(sp_log *log)
{
    sp_record *record = record_at(log, log->settled_head - 1);
    log->settled_head = record->next_settled;
    if (!log->settled_head)
        log->settled_tail = 0;
    record->state = SP_RECORD_DONE;
    record_release(log, record);
    drop_done(log);
}
