/*
 * The publish log against a model: whatever is written in pieces, confirmed, nacked and begun anew, what
 * leaves it is well-formed and complete, and it keeps no more than it has to.
 */
#include "broker/publishes.h"
#include "unit.h"

enum {
    TAGS = 6000,
    STEPS = 40000,
    BODY_MOST = 3000,
    UNSETTLED_MOST = 100,
    OVERHEAD_MOST = 200, /* of one record: method, header, frames */
    SLACK = 64 * 1024 + BODY_MOST + OVERHEAD_MOST
};

typedef struct model {
    sp_publishes log;
    uint64_t random;
    bool settled[TAGS + 1];
    uint64_t tags;         /* given so far */
    uint64_t wires[STEPS]; /* the tag behind each delivery tag, from 1 on; 0: nacked */
    uint64_t last_wire;
    sp_buffer out;           /* what was written and is no complete content yet */
    uint8_t body[BODY_MOST]; /* of the content that is being read */
    size_t got, size;
} model;

static uint64_t below(model *self, uint64_t limit)
{
    self->random = self->random * 6364136223846793005u + 1442695040888963407u;
    return (self->random >> 33) % limit;
}

/* A body tells its tag, and what stands where in it. */
static size_t fill(uint8_t *body, uint64_t tag)
{
    size_t length = 4 + (size_t)(tag * 7919 % (BODY_MOST - 4));
    for (size_t i = 0; i < length; i++)
        body[i] = (uint8_t)(i < 4 ? tag >> (8 * i) : tag + i);
    return length;
}

static void add(model *self)
{
    uint8_t body[BODY_MOST];
    uint64_t tag = 0;
    spectacles_message message;
    if (self->tags == TAGS || self->log.unconfirmed_count == UNSETTLED_MOST)
        return;
    spectacles_message_init(&message, sizeof message);
    message.body = body;
    message.body_length = fill(body, self->tags + 1);
    assert_int_equal(sp_publishes_add(&self->log, &message, "gateway", &tag), SPECTACLES_OK);
    assert_int_equal(tag, ++self->tags);
}

static void content_is_complete(model *self)
{
    uint8_t expected[BODY_MOST];
    uint64_t tag = self->body[0] | (uint64_t)self->body[1] << 8 | (uint64_t)self->body[2] << 16;
    assert_true(tag > 0 && tag <= self->tags);
    assert_int_equal(self->size, fill(expected, tag));
    assert_memory_equal(self->body, expected, self->size);
    self->wires[++self->last_wire] = tag;
    self->got = self->size = 0;
}

static void take_frame(model *self, const sp_wire_frame *frame)
{
    if (frame->type == AMQP_FRAME_METHOD) {
        assert_int_equal(sp_wire_method_id(frame->payload), AMQP_BASIC_PUBLISH_METHOD);
        assert_int_equal(self->size, 0);
    } else if (frame->type == AMQP_FRAME_HEADER) {
        self->size = (size_t)frame->payload.bytes[10] << 8 | frame->payload.bytes[11];
        assert_true(self->size >= 4 && self->size <= BODY_MOST);
    } else {
        assert_true(frame->payload.length <= self->size - self->got);
        memcpy(self->body + self->got, frame->payload.bytes, frame->payload.length);
        self->got += frame->payload.length;
        if (self->got == self->size)
            content_is_complete(self);
    }
}

static void write_some(model *self, size_t most)
{
    sp_wire_frame frame;
    size_t used;
    const char *why;
    sp_slice pending = sp_publishes_pending(&self->log);
    size_t length = pending.length < most ? pending.length : most;
    assert_int_equal(sp_buffer_append(&self->out, pending.bytes, length), SPECTACLES_OK);
    sp_publishes_consumed(&self->log, length);
    while (sp_wire_next(sp_buffer_slice(&self->out), SP_WIRE_FRAME_MAX, &frame, &used, &why) == 1) {
        take_frame(self, &frame);
        sp_buffer_consume(&self->out, used);
    }
}

static void confirm(model *self, uint64_t wire, bool multiple)
{
    uint64_t tag;
    assert_int_equal(sp_publishes_confirm(&self->log, wire, multiple), SPECTACLES_OK);
    while ((tag = sp_publishes_next_confirmed(&self->log)) > 0) {
        assert_false(self->settled[tag]);
        assert_true(multiple || tag == self->wires[wire]);
        self->settled[tag] = true;
    }
    for (uint64_t each = multiple ? 1 : wire; each <= wire; each++)
        assert_true(self->wires[each] == 0 || self->settled[self->wires[each]]);
}

/* What is not settled comes again under a later tag, and no more under this one. */
static void nack(model *self, uint64_t wire, bool multiple)
{
    assert_int_equal(sp_publishes_defer(&self->log, wire, multiple, 1), SPECTACLES_OK);
    for (uint64_t each = multiple ? 1 : wire; each <= wire; each++)
        self->wires[each] = 0;
}

static void release(model *self)
{
    assert_true((self->log.due == 1) == (self->log.deferred > 0));
    assert_int_equal(sp_publishes_release(&self->log, 2), SPECTACLES_OK);
    assert_int_equal(self->log.deferred, 0);
}

/* A fresh channel: what was written on the last one may never have arrived. */
static void begin_anew(model *self, uint32_t frame_max)
{
    assert_int_equal(sp_publishes_rewind(&self->log, frame_max), SPECTACLES_OK);
    sp_buffer_clear(&self->out);
    self->last_wire = 0;
    self->got = self->size = 0;
}

static void step(model *self)
{
    uint64_t what = below(self, 100);
    uint64_t wire = self->last_wire ? 1 + below(self, self->last_wire) : 0;
    if (what < 40)
        add(self);
    else if (what < 70)
        write_some(self, (size_t)below(self, 5000));
    else if (what < 90 && wire)
        confirm(self, wire, false);
    else if (what < 91 && wire)
        confirm(self, wire - wire / 4, true);
    else if (what < 96 && wire)
        nack(self, wire, what == 95 && below(self, 10) == 0);
    else if (what < 98)
        release(self);
    else if (what == 99 && below(self, 40) == 0)
        begin_anew(self, below(self, 2) ? SP_WIRE_FRAME_MAX : 2000);
}

/* Those that are settled before they were written are counted: while there are none, all can be written in one go. */
static void settled_ones_are_counted(const model *self)
{
    size_t ahead = 0;
    for (size_t i = self->log.next; i < self->log.records.count; i++)
        ahead += ((const sp_publish *)sp_ring_at(&self->log.records, i))->done;
    assert_int_equal(self->log.done_ahead, ahead);
}

static void nothing_is_lost_and_little_kept(model *self)
{
    uint32_t unsettled = 0;
    size_t needed = 0;
    uint8_t body[BODY_MOST];
    for (uint64_t tag = 1; tag <= self->tags; tag++) {
        if (self->settled[tag])
            continue;
        unsettled++;
        needed += fill(body, tag) + OVERHEAD_MOST;
    }
    assert_int_equal(self->log.unconfirmed_count, unsettled);
    assert_true(sp_buffer_length(&self->log.bytes) <= 2 * needed + SLACK);
}

static void play(model *self)
{
    sp_publishes_init(&self->log);
    for (int i = 0; i < STEPS; i++) {
        step(self);
        if (i % 50 == 0) {
            settled_ones_are_counted(self);
            nothing_is_lost_and_little_kept(self);
        }
    }
    begin_anew(self, SP_WIRE_FRAME_MAX);
    uint32_t unsettled = self->log.unconfirmed_count;
    while (sp_publishes_pending(&self->log).length > 0)
        write_some(self, SIZE_MAX);
    assert_int_equal(self->last_wire, unsettled);
    if (unsettled > 0)
        confirm(self, unsettled, true);
    for (uint64_t tag = 1; tag <= self->tags; tag++)
        assert_true(self->settled[tag]);
    assert_int_equal(self->log.records.count, 0);
    assert_int_equal(self->log.done_length, 0);
    sp_buffer_free(&self->out);
    sp_publishes_free(&self->log);
}

static void the_log_agrees_with_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        model *self = test_calloc(1, sizeof *self);
        self->random = seed;
        play(self);
        test_free(self);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_log_agrees_with_the_model)};
    return cmocka_run_group_tests_name("broker/publishes", tests, NULL, NULL);
}
