/*
 * The publish log: the publishes that are not confirmed yet, as the bytes that go on the wire. Called by publish.c and
 * rpc.c, which add to the log, by stream.c, which writes the log, by connection.c and channels.c, which rewind the log
 * for a new channel, and by confirms.c.
 */
#include "broker/publishes.h"
#include "broker/publish_record.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEPT_BYTES = 256 * 1024,
    COMPACT_AT = 64 * 1024
};

void sp_publishes_init(sp_publishes *publishes)
{
    *publishes = (sp_publishes){
        .records = sp_ring_of(sizeof(sp_publish)), .frame_max = SP_WIRE_FRAME_MAX, .due = SPECTACLES_NEVER};
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

/* ---- Adding ---- */

int sp_publishes_add(sp_publishes *publishes, const spectacles_message *message, const char *group,
                     uint64_t *tag)
{
    size_t before = sp_buffer_length(&publishes->bytes);
    sp_publish *record = sp_ring_push(&publishes->records);
    if (!record)
        return SPECTACLES_E_NOMEM;
    int error = sp_publish_write(publishes, message, group, publishes->last_tag + 1);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&publishes->records);
        return error;
    }
    record->tag = ++publishes->last_tag;
    record->length = sp_buffer_length(&publishes->bytes) - before;
    record->body_length = message->body_length;
    record->mandatory = (message->flags & SPECTACLES_MESSAGE_MANDATORY) != 0;
    publishes->unconfirmed_count++;
    publishes->unconfirmed_bytes += message->body_length;
    if (tag)
        *tag = record->tag;
    return SPECTACLES_OK;
}

/* ---- Writing ---- */

bool sp_publishes_is_cut(const sp_publishes *publishes)
{
    return publishes->written > 0;
}

/*
 * The end of the records that can be written together: the run ends in front of a settled record, which is not written.
 * A record is settled before it is written when it was confirmed on a lost connection, or was withdrawn.
 */
static size_t run_end(const sp_publishes *publishes)
{
    const sp_publish *record;
    size_t end = publishes->next_offset;
    for (size_t i = publishes->next; (record = sp_publishes_find(publishes, i)); i++) {
        bool cut = i == publishes->next && publishes->written > 0;
        if (record->done && !cut)
            break;
        end += record->length;
    }
    return end;
}

sp_slice sp_publishes_pending(const sp_publishes *publishes)
{
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    size_t first = publishes->next_offset + publishes->written;
    size_t end = publishes->done_ahead > 0 ? run_end(publishes) : all.length;
    return (sp_slice){all.bytes ? all.bytes + first : NULL, end > first ? end - first : 0};
}

sp_slice sp_publishes_cut_remainder(const sp_publishes *publishes)
{
    const sp_publish *record = sp_publishes_find(publishes, publishes->next);
    if (publishes->written == 0 || !record)
        return (sp_slice){NULL, 0};
    const uint8_t *bytes = sp_buffer_slice(&publishes->bytes).bytes;
    return (sp_slice){bytes + publishes->next_offset + publishes->written,
                      record->length - publishes->written};
}

void sp_publishes_mark_done(sp_publishes *publishes, sp_publish *record)
{
    publishes->done_length += record->length;
    publishes->done_ahead += record->wire == 0 && !record->deferred;
    publishes->deferred -= record->deferred;
    record->done = true;
    record->deferred = false;
}

void sp_publishes_finish(sp_publishes *publishes, sp_publish *record)
{
    if (record->done)
        return;
    sp_publishes_mark_done(publishes, record);
    publishes->unconfirmed_count--;
    publishes->unconfirmed_bytes -= record->body_length;
}

/* Skips settled records: a record that the broker confirmed before the connection was lost is not sent again. */
static void skip_done(sp_publishes *publishes)
{
    const sp_publish *record;
    while (publishes->written == 0 && (record = sp_publishes_find(publishes, publishes->next)) &&
           record->done) {
        publishes->next_offset += record->length;
        publishes->next++;
        publishes->done_ahead--;
    }
}

void sp_publishes_consumed(sp_publishes *publishes, size_t length)
{
    while (length > 0) {
        sp_publish *record = sp_publishes_find(publishes, publishes->next);
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
    skip_done(publishes);
}

/* ---- A new channel ---- */

static void set_length(sp_publishes *publishes, sp_publish *record, size_t length)
{
    if (record->done)
        publishes->done_length += length - record->length;
    record->length = length;
}

/* Splits all bodies into smaller frames, because the frame_max of the new connection is lower. */
static int reframe(sp_publishes *publishes, uint32_t frame_max)
{
    sp_buffer out = {0};
    size_t offset = 0;
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    size_t *lengths = calloc(publishes->records.count + 1, sizeof *lengths);
    int error = lengths ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
    for (size_t i = 0; i < publishes->records.count && error == SPECTACLES_OK; i++) {
        size_t before = sp_buffer_length(&out);
        size_t length = sp_publishes_at(publishes, i)->length;
        error = sp_publish_reframe(&out, (sp_slice){all.bytes + offset, length}, frame_max);
        lengths[i] = sp_buffer_length(&out) - before;
        offset += length;
    }
    if (error == SPECTACLES_OK) {
        for (size_t i = 0; i < publishes->records.count; i++)
            set_length(publishes, sp_publishes_at(publishes, i), lengths[i]);
        sp_buffer_free(&publishes->bytes);
        publishes->bytes = out;
    } else {
        sp_buffer_free(&out);
    }
    free(lengths);
    return error;
}

/* ---- The order of the tags ---- */

typedef struct sp_place {
    uint64_t tag;
    size_t index;  /* of the record */
    size_t offset; /* of its bytes */
} sp_place;

static int compare_tags(const void *left, const void *right)
{
    uint64_t a = ((const sp_place *)left)->tag;
    uint64_t b = ((const sp_place *)right)->tag;
    return (a > b) - (a < b);
}

/* The records that are not settled, in the order of their tags. For free(). NULL when memory ran out. */
static sp_place *list_open(const sp_publishes *publishes, size_t *count)
{
    size_t offset = 0;
    sp_place *places = calloc(publishes->records.count + 1, sizeof *places);
    *count = 0;
    for (size_t i = 0; places && i < publishes->records.count; i++) {
        const sp_publish *record = sp_publishes_at(publishes, i);
        if (!record->done)
            places[(*count)++] = (sp_place){record->tag, i, offset};
        offset += record->length;
    }
    if (places)
        qsort(places, *count, sizeof *places, compare_tags);
    return places;
}

/*
 * Nacked records stand behind records that were published later. A new channel is the chance to write all of them in
 * the order of their tags. Without memory for that they keep their places.
 */
static void sort_by_tag(sp_publishes *publishes)
{
    size_t count;
    sp_buffer bytes = {0};
    sp_ring records = sp_ring_of(sizeof(sp_publish));
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    sp_place *places = list_open(publishes, &count);
    bool fits = places && sp_ring_reserve(&records, count) && sp_buffer_reserve(&bytes, all.length + 1);
    for (size_t i = 0; fits && i < count; i++) {
        sp_publish *record = sp_ring_push(&records);
        *record = *sp_publishes_at(publishes, places[i].index);
        sp_buffer_append(&bytes, all.bytes + places[i].offset, record->length);
    }
    free(places);
    sp_ring_free(fits ? &publishes->records : &records);
    sp_buffer_free(fits ? &publishes->bytes : &bytes);
    if (!fits)
        return;
    publishes->records = records;
    publishes->bytes = bytes;
    publishes->done_length = 0;
    publishes->mixed_up = false;
}

int sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max)
{
    if (frame_max < publishes->frame_max) {
        int error = reframe(publishes, frame_max);
        if (error != SPECTACLES_OK)
            return error;
    }
    if (publishes->mixed_up)
        sort_by_tag(publishes);
    size_t done = 0;
    publishes->frame_max = frame_max;
    for (size_t i = 0; i < publishes->records.count; i++) {
        sp_publish *record = sp_publishes_at(publishes, i);
        if (record->known || (record->call && record->wire))
            sp_publishes_finish(publishes, record);
        publishes->republished += record->wire != 0 && !record->done;
        done += record->done;
        record->wire = 0;
        record->deferred = false;
    }
    publishes->done_ahead = done;
    publishes->deferred = 0;
    publishes->due = SPECTACLES_NEVER;
    publishes->next = publishes->next_offset = publishes->written = 0;
    publishes->last_wire = 0;
    publishes->confirm_tag = 0;
    skip_done(publishes);
    return SPECTACLES_OK;
}

/* ---- Settled records leave the log ---- */

/*
 * Removes all settled records, and moves the other records together. Otherwise one record without a confirm would keep
 * the memory of all records behind it. A record that is partly written is never settled, so it stays.
 */
static void compact(sp_publishes *publishes)
{
    size_t count = publishes->records.count;
    size_t next = publishes->next;
    size_t from = 0;
    size_t to = 0;
    if (publishes->done_length < COMPACT_AT ||
        publishes->done_length < sp_buffer_length(&publishes->bytes) / 2)
        return;
    uint8_t *bytes = publishes->bytes.bytes + publishes->bytes.start;
    for (size_t i = 0; i < count; i++) {
        sp_publish record = *sp_publishes_at(publishes, 0);
        sp_ring_pop(&publishes->records);
        if (record.done) {
            publishes->next -= i < next;
        } else {
            memmove(bytes + to, bytes + from, record.length);
            to += record.length;
            /* This needs no memory: a record has just been removed. */
            sp_publish *kept = sp_ring_push(&publishes->records);
            if (kept)
                *kept = record;
        }
        from += record.length;
        publishes->next_offset = i < next ? to : publishes->next_offset;
    }
    publishes->done_length = publishes->done_ahead = 0;
    sp_buffer_truncate(&publishes->bytes, to);
}

void sp_publishes_drop_front(sp_publishes *publishes)
{
    const sp_publish *record;
    while ((record = sp_publishes_find(publishes, 0)) && record->done && publishes->next > 0) {
        sp_buffer_consume(&publishes->bytes, record->length);
        publishes->done_length -= record->length;
        publishes->next_offset -= record->length;
        publishes->next--;
        sp_ring_pop(&publishes->records);
    }
    compact(publishes);
}

/* ---- Requests of calls ---- */

void sp_publishes_mark_call(sp_publishes *publishes)
{
    sp_publishes_at(publishes, publishes->records.count - 1)->call = true;
}

/* Looks from the newest record on. */
static sp_publish *find_call(const sp_publishes *publishes, uint64_t tag)
{
    for (size_t i = publishes->records.count; i > 0; i--) {
        sp_publish *record = sp_publishes_at(publishes, i - 1);
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
    const sp_publish *record;
    while ((record = sp_publishes_find(publishes, (*index)++))) {
        if (record->call && !record->wire && !record->done)
            return record->tag;
    }
    return 0;
}

void sp_publishes_withdraw(sp_publishes *publishes, uint64_t tag)
{
    sp_publish *record = find_call(publishes, tag);
    if (!record || record->done)
        return;
    record->known = true;
    if (record->wire)
        return;
    sp_publishes_finish(publishes, record);
    skip_done(publishes);
    sp_publishes_drop_front(publishes);
}
