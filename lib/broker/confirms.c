/*
 * The broker's answers to publishes: basic.ack, basic.nack, basic.return, and a channel.close that refuses a publish.
 * Called by receive.c and channels.c when the answer arrives, and by events.c, timers.c and
 * connection.c.
 */
#include "broker/publishes.h"
#include <string.h>

/* ---- basic.ack ---- */

static sp_publish *find_wire(const sp_publishes *publishes, uint64_t wire)
{
    const sp_publish *front = sp_publishes_find(publishes, 0);
    if (!front || wire == 0)
        return NULL;
    /* Delivery tags follow the order of the records. So the guess is right, except sometimes after a reconnect. */
    sp_publish *guess = front->wire && wire >= front->wire
                            ? sp_publishes_find(publishes, (size_t)(wire - front->wire))
                            : NULL;
    if (guess && guess->wire == wire)
        return guess;
    for (size_t i = 0; i < publishes->next + (publishes->written > 0); i++) {
        sp_publish *record = sp_publishes_find(publishes, i);
        if (record && record->wire == wire)
            return record;
    }
    return NULL;
}

/*
 * The delivery tag that the broker means: 0 with `multiple` is the newest one. SPECTACLES_E_PROTO when no record with
 * this delivery tag is completely written.
 */
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

/* The next record that the basic.ack covers. With `multiple` the covered records are at the front of the log. */
static sp_publish *next_covered(const sp_publishes *publishes)
{
    if (!publishes->confirm_multiple) {
        sp_publish *record = find_wire(publishes, publishes->confirm_tag);
        return record && !record->done ? record : NULL;
    }
    for (size_t i = 0; i < publishes->next; i++) {
        sp_publish *record = sp_publishes_at(publishes, i);
        if (record->wire > publishes->confirm_tag)
            return NULL;
        if (!record->done && record->wire)
            return record;
    }
    return NULL;
}

uint64_t sp_publishes_next_confirmed(sp_publishes *publishes)
{
    while (publishes->confirm_tag) {
        sp_publish *record = next_covered(publishes);
        if (!record) {
            publishes->confirm_tag = 0;
            sp_publishes_drop_front(publishes);
            return 0;
        }
        uint64_t tag = record->tag;
        bool known = record->known || record->call;
        sp_publishes_finish(publishes, record);
        if (!publishes->confirm_multiple)
            publishes->confirm_tag = 0;
        sp_publishes_drop_front(publishes);
        if (!known)
            return tag;
    }
    return 0;
}

/* ---- basic.nack ---- */

static void defer(sp_publishes *publishes, sp_publish *record)
{
    record->wire = 0;
    record->deferred = true;
    publishes->deferred++;
}

/*
 * A full queue with the policy reject-publish nacks each record at once. A nacked record waits before it is written
 * again, because otherwise the same records would be written and nacked without a pause.
 */
int sp_publishes_defer(sp_publishes *publishes, uint64_t wire, bool multiple, uint64_t due)
{
    int error = find_tag(publishes, &wire, multiple);
    if (error != SPECTACLES_OK)
        return error;
    for (size_t i = 0; i < publishes->next; i++) {
        sp_publish *record = sp_publishes_at(publishes, i);
        bool covered = multiple ? record->wire && record->wire <= wire : record->wire == wire;
        if (!covered || record->done)
            continue;
        if (record->known)
            sp_publishes_finish(publishes, record);
        else
            defer(publishes, record);
    }
    if (publishes->deferred > 0 && publishes->due == SPECTACLES_NEVER)
        publishes->due = due;
    sp_publishes_drop_front(publishes);
    return SPECTACLES_OK;
}

static int append_again(sp_publishes *publishes, size_t index, size_t offset)
{
    size_t length = sp_publishes_at(publishes, index)->length;
    if (!sp_buffer_reserve(&publishes->bytes, length)) {
        publishes->bytes.failed = false;
        return SPECTACLES_E_NOMEM;
    }
    sp_publish *copy = sp_ring_push(&publishes->records);
    if (!copy)
        return SPECTACLES_E_NOMEM;
    sp_publish *record = sp_publishes_at(publishes, index);
    *copy = *record;
    copy->deferred = false;
    publishes->mixed_up = true;
    sp_buffer_append(&publishes->bytes, sp_buffer_slice(&publishes->bytes).bytes + offset, length);
    sp_publishes_mark_done(publishes, record);
    return SPECTACLES_OK;
}

int sp_publishes_release(sp_publishes *publishes, uint64_t again)
{
    size_t offset = 0;
    size_t written = publishes->next;
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < written && error == SPECTACLES_OK; i++) {
        size_t length = sp_publishes_at(publishes, i)->length;
        if (sp_publishes_at(publishes, i)->deferred)
            error = append_again(publishes, i, offset);
        offset += length;
    }
    publishes->due = error == SPECTACLES_OK ? SPECTACLES_NEVER : again;
    sp_publishes_drop_front(publishes);
    return error;
}

/* ---- basic.return, and publishes that are given up ---- */

int sp_publishes_returned(sp_publishes *publishes, uint64_t tag)
{
    for (size_t i = 0; i < publishes->next; i++) {
        sp_publish *record = sp_publishes_at(publishes, i);
        if (record->tag != tag || record->done || !record->mandatory)
            continue;
        int news = !record->known;
        record->known = true;
        return news;
    }
    return SPECTACLES_E_PROTO;
}

void sp_publishes_give_up(sp_publishes *publishes, uint64_t tag)
{
    sp_publish *record;
    for (size_t i = 0; (record = sp_publishes_find(publishes, i)); i++) {
        if (record->tag == tag)
            sp_publishes_finish(publishes, record);
    }
}

/* ---- channel.close ---- */

/* The exchange of a record, read from its first frame: the id of basic.publish, a ticket, and a short string. */
static sp_slice exchange_of(const sp_publishes *publishes, size_t offset)
{
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    sp_reader reader = sp_reader_of((sp_slice){all.bytes + offset, all.length - offset});
    sp_reader_take(&reader, SP_WIRE_HEADER + 4 + 2);
    return sp_reader_take(&reader, sp_reader_u8(&reader));
}

/* RabbitMQ says "message size 200000 is larger than configured max size 100000". 0 for any other text. */
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

/*
 * The name of an exchange in RabbitMQ's texts. The default exchange has an empty name, and is called amq.default there.
 */
static sp_slice name_of(sp_slice exchange)
{
    static const uint8_t name[] = "amq.default";
    return exchange.length > 0 ? exchange : (sp_slice){name, sizeof name - 1};
}

uint64_t sp_publishes_find_refused(sp_publishes *publishes, amqp_bytes_t text, const char *group)
{
    size_t offset = 0;
    uint64_t size = size_in(text);
    for (size_t i = 0; i < publishes->records.count && i <= publishes->next; i++) {
        sp_publish *record = sp_publishes_at(publishes, i);
        sp_slice exchange = exchange_of(publishes, offset);
        bool own = exchange.length == strlen(group) && memcmp(exchange.bytes, group, exchange.length) == 0;
        bool named = !own && sp_wire_quotes(text, name_of(exchange));
        bool large = size != 0 && record->body_length == size;
        bool returned = record->known && !record->call;
        if (!record->done && !returned && record->wire && (named || large)) {
            sp_publishes_finish(publishes, record);
            return record->tag;
        }
        offset += record->length;
    }
    return 0;
}
