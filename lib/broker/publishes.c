#include "broker/publishes.h"

#include "broker/headers.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEPT_BYTES = 256 * 1024,
    COMPACT_AT = 64 * 1024
};

static const char tag_header[] = "spectacles-tag";

void sp_publishes_init(sp_publishes *publishes)
{
    *publishes = (sp_publishes){
        .records = sp_ring_of(sizeof(sp_record)), .frame_max = SP_WIRE_FRAME_MAX, .due = SPECTACLES_NEVER};
}

void sp_publishes_shrink(sp_publishes *publishes)
{
    sp_buffer_shrink(&publishes->bytes, KEPT_BYTES);
}

void sp_publishes_free(sp_publishes *publishes)
{
    sp_buffer_free(&publishes->bytes);
    sp_ring_free(&publishes->records);
}

static sp_record *record_at(const sp_publishes *publishes, size_t index)
{
    return sp_ring_at(&publishes->records, index);
}

/* ---- Adding ---- */

static void set_text(amqp_basic_properties_t *properties, amqp_flags_t flag, amqp_bytes_t *field,
                     const char *text)
{
    if (!text)
        return;
    properties->_flags |= flag;
    *field = sp_wire_text(text);
}

static amqp_basic_properties_t properties_of(const spectacles_message *message)
{
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG};
    properties.delivery_mode = message->flags & SPECTACLES_MESSAGE_TRANSIENT ? 1 : 2;
    set_text(&properties, AMQP_BASIC_CONTENT_TYPE_FLAG, &properties.content_type, message->content_type);
    set_text(&properties, AMQP_BASIC_MESSAGE_ID_FLAG, &properties.message_id, message->message_id);
    set_text(&properties, AMQP_BASIC_CORRELATION_ID_FLAG, &properties.correlation_id,
             message->correlation_id);
    set_text(&properties, AMQP_BASIC_REPLY_TO_FLAG, &properties.reply_to, message->reply_to);
    set_text(&properties, AMQP_BASIC_EXPIRATION_FLAG, &properties.expiration, message->expiration);
    if (message->priority) {
        properties._flags |= AMQP_BASIC_PRIORITY_FLAG;
        properties.priority = (uint8_t)message->priority;
    }
    return properties;
}

static int write_method(sp_buffer *out, const spectacles_message *message, const char *group)
{
    union {
        const char *in;
        void *out;
    } key = {message->key};
    amqp_basic_publish_t publish = {
        .exchange = sp_wire_text(message->exchange ? message->exchange : group),
        .routing_key = {message->key_length, key.out},
        .mandatory = message->flags & SPECTACLES_MESSAGE_MANDATORY ? 1 : 0,
    };
    return sp_wire_method(out, SP_CHANNEL_PUBLISH, AMQP_BASIC_PUBLISH_METHOD, &publish);
}

/* A return does not say which publish it answers. A header that comes back with it does. */
static size_t write_headers(amqp_table_entry_t *out, const spectacles_message *message, uint64_t tag)
{
    size_t count = message->header_count;
    sp_headers_write(out, message->headers, count);
    if (message->flags & SPECTACLES_MESSAGE_MANDATORY)
        out[count++] =
            (amqp_table_entry_t){.key = sp_wire_text(tag_header),
                                 .value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = (int64_t)tag}}};
    return count;
}

static int write_record(sp_publishes *publishes, const spectacles_message *message, const char *group,
                        uint64_t tag)
{
    size_t before = sp_buffer_length(&publishes->bytes);
    sp_slice body = {message->body, message->body_length};
    amqp_basic_properties_t properties = properties_of(message);
    amqp_table_entry_t entries[SP_HEADERS_MOST + 1];
    size_t count = write_headers(entries, message, tag);
    if (count > 0) {
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = (amqp_table_t){(int)count, entries};
    }
    int error = write_method(&publishes->bytes, message, group);
    if (error == SPECTACLES_OK)
        error =
            sp_wire_content(&publishes->bytes, SP_CHANNEL_PUBLISH, &properties, body, publishes->frame_max);
    if (error != SPECTACLES_OK)
        sp_buffer_truncate(&publishes->bytes, before);
    return error;
}

int sp_publishes_add(sp_publishes *publishes, const spectacles_message *message, const char *group,
                     uint64_t *tag)
{
    size_t before = sp_buffer_length(&publishes->bytes);
    sp_record *record = sp_ring_push(&publishes->records);
    if (!record)
        return SPECTACLES_E_NOMEM;
    int error = write_record(publishes, message, group, publishes->last_tag + 1);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&publishes->records);
        return error;
    }
    record->tag = ++publishes->last_tag;
    record->length = sp_buffer_length(&publishes->bytes) - before;
    record->body_length = message->body_length;
    record->mandatory = (message->flags & SPECTACLES_MESSAGE_MANDATORY) != 0;
    publishes->unsettled++;
    publishes->unsettled_bytes += message->body_length;
    if (tag)
        *tag = record->tag;
    return SPECTACLES_OK;
}

/* ---- Writing ---- */

bool sp_publishes_is_cut(const sp_publishes *publishes)
{
    return publishes->written > 0;
}

/* Where the records end that can be written in one go: settled ones lie in between, confirmed on a connection that was
 * lost, or withdrawn. */
static size_t run_end(const sp_publishes *publishes)
{
    const sp_record *record;
    size_t end = publishes->next_offset;
    for (size_t i = publishes->next; (record = record_at(publishes, i)); i++) {
        bool cut = i == publishes->next && publishes->written > 0;
        if (record->settled && !cut)
            break;
        end += record->length;
    }
    return end;
}

sp_slice sp_publishes_pending(const sp_publishes *publishes)
{
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    size_t first = publishes->next_offset + publishes->written;
    size_t end = publishes->settled_ahead > 0 ? run_end(publishes) : all.length;
    return (sp_slice){all.bytes ? all.bytes + first : NULL, end > first ? end - first : 0};
}

sp_slice sp_publishes_rest(const sp_publishes *publishes)
{
    const sp_record *record = record_at(publishes, publishes->next);
    if (publishes->written == 0 || !record)
        return (sp_slice){NULL, 0};
    const uint8_t *bytes = sp_buffer_slice(&publishes->bytes).bytes;
    return (sp_slice){bytes + publishes->next_offset + publishes->written,
                      record->length - publishes->written};
}

static void mark_settled(sp_publishes *publishes, sp_record *record)
{
    publishes->settled_length += record->length;
    publishes->settled_ahead += record->wire == 0 && !record->deferred;
    publishes->deferred -= record->deferred;
    record->settled = true;
    record->deferred = false;
}

static void settle(sp_publishes *publishes, sp_record *record)
{
    if (record->settled)
        return;
    mark_settled(publishes, record);
    publishes->unsettled--;
    publishes->unsettled_bytes -= record->body_length;
}

/* Settled records are passed over: what the broker confirmed before the connection was lost is not sent
 * again. */
static void skip_settled(sp_publishes *publishes)
{
    const sp_record *record;
    while (publishes->written == 0 && (record = record_at(publishes, publishes->next)) && record->settled) {
        publishes->next_offset += record->length;
        publishes->next++;
        publishes->settled_ahead--;
    }
}

void sp_publishes_consumed(sp_publishes *publishes, size_t length)
{
    while (length > 0) {
        sp_record *record = record_at(publishes, publishes->next);
        if (!record)
            return;
        if (publishes->written == 0)
            record->wire = ++publishes->last_wire;
        size_t rest = record->length - publishes->written;
        if (length < rest) {
            publishes->written += length;
            return;
        }
        length -= rest;
        publishes->written = 0;
        publishes->next_offset += record->length;
        publishes->next++;
    }
    skip_settled(publishes);
}

/* ---- A fresh channel ---- */

static int reframe_record(sp_buffer *out, sp_slice frames, uint32_t frame_max)
{
    sp_wire_frame frame;
    size_t used;
    const char *why;
    while (frames.length > 0 && sp_wire_next(frames, SP_WIRE_FRAME_MAX, &frame, &used, &why) == 1) {
        int error = frame.type == AMQP_FRAME_BODY ? sp_wire_body(out, frame.channel, frame.payload, frame_max)
                                                  : sp_buffer_append(out, frames.bytes, used);
        if (error != SPECTACLES_OK)
            return error;
        frames.bytes += used;
        frames.length -= used;
    }
    return SPECTACLES_OK;
}

static void set_length(sp_publishes *publishes, sp_record *record, size_t length)
{
    if (record->settled)
        publishes->settled_length += length - record->length;
    record->length = length;
}

/* Cuts all bodies anew, since the broker now takes smaller frames only. */
static int reframe(sp_publishes *publishes, uint32_t frame_max)
{
    sp_buffer out = {0};
    size_t offset = 0;
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    size_t *lengths = calloc(publishes->records.count + 1, sizeof *lengths);
    int error = lengths ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
    for (size_t i = 0; i < publishes->records.count && error == SPECTACLES_OK; i++) {
        size_t before = sp_buffer_length(&out);
        size_t length = record_at(publishes, i)->length;
        error = reframe_record(&out, (sp_slice){all.bytes + offset, length}, frame_max);
        lengths[i] = sp_buffer_length(&out) - before;
        offset += length;
    }
    if (error == SPECTACLES_OK) {
        for (size_t i = 0; i < publishes->records.count; i++)
            set_length(publishes, record_at(publishes, i), lengths[i]);
        sp_buffer_free(&publishes->bytes);
        publishes->bytes = out;
    } else {
        sp_buffer_free(&out);
    }
    free(lengths);
    return error;
}

int sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max)
{
    if (frame_max < publishes->frame_max) {
        int error = reframe(publishes, frame_max);
        if (error != SPECTACLES_OK)
            return error;
    }
    size_t settled = 0;
    publishes->frame_max = frame_max;
    for (size_t i = 0; i < publishes->records.count; i++) {
        sp_record *record = record_at(publishes, i);
        if (record->known || (record->call && record->wire))
            settle(publishes, record);
        publishes->republished += record->wire != 0 && !record->settled;
        settled += record->settled;
        record->wire = 0;
        record->deferred = false;
    }
    publishes->settled_ahead = settled;
    publishes->deferred = 0;
    publishes->due = SPECTACLES_NEVER;
    publishes->next = publishes->next_offset = publishes->written = 0;
    publishes->last_wire = 0;
    publishes->confirm_tag = 0;
    skip_settled(publishes);
    return SPECTACLES_OK;
}

/* ---- Settling ---- */

/*
 * A publish that the broker does not confirm must not keep the memory of all that came after it. What is
 * settled goes (a record that is half written never is), and what stays moves up.
 */
static void compact(sp_publishes *publishes)
{
    size_t count = publishes->records.count;
    size_t next = publishes->next;
    size_t from = 0;
    size_t to = 0;
    if (publishes->settled_length < COMPACT_AT ||
        publishes->settled_length < sp_buffer_length(&publishes->bytes) / 2)
        return;
    uint8_t *bytes = publishes->bytes.bytes + publishes->bytes.start;
    for (size_t i = 0; i < count; i++) {
        sp_record record = *record_at(publishes, 0);
        sp_ring_pop(&publishes->records);
        if (record.settled) {
            publishes->next -= i < next;
        } else {
            memmove(bytes + to, bytes + from, record.length);
            to += record.length;
            /* There is room: one has just left. */
            sp_record *kept = sp_ring_push(&publishes->records);
            if (kept)
                *kept = record;
        }
        from += record.length;
        publishes->next_offset = i < next ? to : publishes->next_offset;
    }
    publishes->settled_length = publishes->settled_ahead = 0;
    sp_buffer_truncate(&publishes->bytes, to);
}

static void drop_front(sp_publishes *publishes)
{
    const sp_record *record;
    while ((record = record_at(publishes, 0)) && record->settled && publishes->next > 0) {
        sp_buffer_consume(&publishes->bytes, record->length);
        publishes->settled_length -= record->length;
        publishes->next_offset -= record->length;
        publishes->next--;
        sp_ring_pop(&publishes->records);
    }
    compact(publishes);
}

static sp_record *find_wire(const sp_publishes *publishes, uint64_t wire)
{
    const sp_record *front = record_at(publishes, 0);
    if (!front || wire == 0)
        return NULL;
    /* Confirms come nearly in order, and tags without gaps: the first guess is right but after a reconnect.
     */
    sp_record *guess =
        front->wire && wire >= front->wire ? record_at(publishes, (size_t)(wire - front->wire)) : NULL;
    if (guess && guess->wire == wire)
        return guess;
    for (size_t i = 0; i < publishes->next + (publishes->written > 0); i++) {
        sp_record *record = record_at(publishes, i);
        if (record && record->wire == wire)
            return record;
    }
    return NULL;
}

/* Which tag the broker means. SPECTACLES_E_PROTO when nothing is completely out under it. */
static int find_tag(const sp_publishes *publishes, uint64_t *wire, bool multiple)
{
    uint64_t last = publishes->last_wire - (publishes->written > 0);
    if (*wire == 0 && multiple)
        *wire = last;
    else if (*wire == 0 || *wire > last)
        return SPECTACLES_E_PROTO;
    return SPECTACLES_OK;
}

int sp_publishes_confirm(sp_publishes *publishes, uint64_t wire, bool multiple)
{
    int error = find_tag(publishes, &wire, multiple);
    if (error != SPECTACLES_OK)
        return error;
    publishes->confirm_tag = wire;
    publishes->confirm_multiple = multiple;
    return SPECTACLES_OK;
}

/* The next record that the confirm covers. With `multiple` the covered ones stand at the front. */
static sp_record *next_covered(const sp_publishes *publishes)
{
    if (!publishes->confirm_multiple) {
        sp_record *record = find_wire(publishes, publishes->confirm_tag);
        return record && !record->settled ? record : NULL;
    }
    for (size_t i = 0; i < publishes->next; i++) {
        sp_record *record = record_at(publishes, i);
        if (record->wire > publishes->confirm_tag)
            return NULL;
        if (!record->settled && record->wire)
            return record;
    }
    return NULL;
}

uint64_t sp_publishes_next_confirmed(sp_publishes *publishes)
{
    while (publishes->confirm_tag) {
        sp_record *record = next_covered(publishes);
        if (!record) {
            publishes->confirm_tag = 0;
            drop_front(publishes);
            return 0;
        }
        uint64_t tag = record->tag;
        bool known = record->known || record->call;
        settle(publishes, record);
        if (!publishes->confirm_multiple)
            publishes->confirm_tag = 0;
        drop_front(publishes);
        if (!known)
            return tag;
    }
    return 0;
}

/* ---- Requests of calls ---- */

void sp_publishes_mark_call(sp_publishes *publishes)
{
    record_at(publishes, publishes->records.count - 1)->call = true;
}

/* The newest first: that is the one which was asked for last. */
static sp_record *find_call(const sp_publishes *publishes, uint64_t tag)
{
    for (size_t i = publishes->records.count; i > 0; i--) {
        sp_record *record = record_at(publishes, i - 1);
        if (record->tag == tag && record->call)
            return record;
    }
    return NULL;
}

bool sp_publishes_is_call(const sp_publishes *publishes, uint64_t tag)
{
    return find_call(publishes, tag) != NULL;
}

uint64_t sp_publishes_next_unwritten_call(const sp_publishes *publishes, size_t *index)
{
    const sp_record *record;
    while ((record = record_at(publishes, (*index)++))) {
        if (record->call && !record->wire && !record->settled)
            return record->tag;
    }
    return 0;
}

void sp_publishes_withdraw(sp_publishes *publishes, uint64_t tag)
{
    sp_record *record = find_call(publishes, tag);
    if (!record || record->settled)
        return;
    record->known = true;
    if (record->wire)
        return;
    settle(publishes, record);
    skip_settled(publishes);
    drop_front(publishes);
}

/* ---- Nacks ---- */

static void defer(sp_publishes *publishes, sp_record *record)
{
    record->wire = 0;
    record->deferred = true;
    publishes->deferred++;
}

/*
 * A queue that is full by a policy (reject-publish) refuses all that comes, as fast as it comes: what it did not take is
 * not written again at once.
 */
int sp_publishes_defer(sp_publishes *publishes, uint64_t wire, bool multiple, uint64_t due)
{
    int error = find_tag(publishes, &wire, multiple);
    if (error != SPECTACLES_OK)
        return error;
    for (size_t i = 0; i < publishes->next; i++) {
        sp_record *record = record_at(publishes, i);
        bool covered = multiple ? record->wire && record->wire <= wire : record->wire == wire;
        if (!covered || record->settled)
            continue;
        if (record->known)
            settle(publishes, record);
        else
            defer(publishes, record);
    }
    if (publishes->deferred > 0 && publishes->due == SPECTACLES_NEVER)
        publishes->due = due;
    drop_front(publishes);
    return SPECTACLES_OK;
}

static int append_again(sp_publishes *publishes, size_t index, size_t offset)
{
    size_t length = record_at(publishes, index)->length;
    if (!sp_buffer_reserve(&publishes->bytes, length)) {
        publishes->bytes.failed = false;
        return SPECTACLES_E_NOMEM;
    }
    sp_record *copy = sp_ring_push(&publishes->records);
    if (!copy)
        return SPECTACLES_E_NOMEM;
    sp_record *record = record_at(publishes, index);
    *copy = *record;
    copy->deferred = false;
    sp_buffer_append(&publishes->bytes, sp_buffer_slice(&publishes->bytes).bytes + offset, length);
    mark_settled(publishes, record);
    return SPECTACLES_OK;
}

int sp_publishes_release(sp_publishes *publishes, uint64_t again)
{
    size_t offset = 0;
    size_t written = publishes->next;
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < written && error == SPECTACLES_OK; i++) {
        size_t length = record_at(publishes, i)->length;
        if (record_at(publishes, i)->deferred)
            error = append_again(publishes, i, offset);
        offset += length;
    }
    publishes->due = error == SPECTACLES_OK ? SPECTACLES_NEVER : again;
    drop_front(publishes);
    return error;
}

int sp_publishes_returned(sp_publishes *publishes, uint64_t tag)
{
    for (size_t i = 0; i < publishes->next; i++) {
        sp_record *record = record_at(publishes, i);
        if (record->tag != tag || record->settled || !record->mandatory)
            continue;
        int news = !record->known;
        record->known = true;
        return news;
    }
    return SPECTACLES_E_PROTO;
}

void sp_publishes_give_up(sp_publishes *publishes, uint64_t tag)
{
    sp_record *record;
    for (size_t i = 0; (record = record_at(publishes, i)); i++) {
        if (record->tag == tag)
            settle(publishes, record);
    }
}

/* The exchange that a record goes to, as it stands in its first frame: basic.publish, a ticket, a short
 * string. */
static sp_slice exchange_of(const sp_publishes *publishes, size_t offset)
{
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    sp_reader reader = sp_reader_of((sp_slice){all.bytes + offset, all.length - offset});
    sp_reader_take(&reader, SP_WIRE_HEADER + 4 + 2);
    return sp_reader_take(&reader, sp_reader_u8(&reader));
}

/* RabbitMQ says "message size 200000 is larger than configured max size 100000". 0 when it says no such thing. */
static uint64_t size_in(amqp_bytes_t text)
{
    static const char words[] = "message size ";
    const char *chars = text.bytes;
    const size_t length = sizeof words - 1;
    uint64_t size = 0;
    size_t i = 0;
    while (i + length < text.len && memcmp(chars + i, words, length) != 0)
        i++;
    for (i += length; i < text.len && chars[i] >= '0' && chars[i] <= '9'; i++)
        size = size * 10 + (uint64_t)(chars[i] - '0');
    return size;
}

/* The default exchange has no name, and goes by this one when an account may not write to it. */
static sp_slice name_of(sp_slice exchange)
{
    static const uint8_t name[] = "amq.default";
    return exchange.length > 0 ? exchange : (sp_slice){name, sizeof name - 1};
}

uint64_t sp_publishes_blame(sp_publishes *publishes, amqp_bytes_t text, const char *group)
{
    size_t offset = 0;
    uint64_t size = size_in(text);
    for (size_t i = 0; i < publishes->records.count && i <= publishes->next; i++) {
        sp_record *record = record_at(publishes, i);
        sp_slice exchange = exchange_of(publishes, offset);
        bool own = exchange.length == strlen(group) && memcmp(exchange.bytes, group, exchange.length) == 0;
        bool named = !own && sp_wire_quotes(text, name_of(exchange));
        bool large = size != 0 && record->body_length == size;
        bool returned = record->known && !record->call;
        if (!record->settled && !returned && record->wire && (named || large)) {
            settle(publishes, record);
            return record->tag;
        }
        offset += record->length;
    }
    return 0;
}
