#include "queue_model.h"

#include "records.h"
#include "unit.h"

static uint32_t drawn;

uint32_t model_chance(uint32_t below)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 17;
    drawn ^= drawn << 5;
    return drawn % below;
}

void model_init(model_queue *queue, uint32_t seed)
{
    memset(queue, 0, sizeof *queue);
    queue->active = -1;
    drawn = seed * 2654435761u | 1;
}

/* ---- On its way ---- */

static uint8_t *copy_of(sp_slice bytes)
{
    uint8_t *copy = malloc(bytes.length + 1);
    assert_non_null(copy);
    if (bytes.length > 0)
        memcpy(copy, bytes.bytes, bytes.length);
    return copy;
}

void model_send(model_line *line, enum model_kind kind, uint64_t number, sp_slice bytes, bool mandatory,
                uint64_t now)
{
    uint64_t at = now + 1 + model_chance(model_chance(4) ? 20 : 200);
    assert_true(line->count < LINE);
    line->last_at = at > line->last_at ? at : line->last_at;
    line->ops[line->count++] =
        (model_op){kind, line->last_at, number, copy_of(bytes), bytes.length, mandatory};
}

bool model_take(model_line *line, uint64_t now, model_op *op)
{
    if (line->count == 0 || line->ops[0].at > now)
        return false;
    *op = line->ops[0];
    memmove(line->ops, line->ops + 1, (size_t)--line->count * sizeof line->ops[0]);
    return true;
}

void model_drop(model_line *line)
{
    while (line->count > 0)
        free(line->ops[--line->count].bytes);
}

/* ---- Messages ---- */

static void insert(model_queue *queue, int at, model_message message)
{
    assert_true(queue->ready_count < MESSAGES);
    memmove(queue->ready + at + 1, queue->ready + at, (size_t)(queue->ready_count++ - at) * sizeof message);
    message.delivery = 0;
    queue->ready[at] = message;
}

static model_message take_out(model_queue *queue, int index)
{
    model_message message = queue->out[index];
    queue->out_count--;
    memmove(queue->out + index, queue->out + index + 1, (size_t)(queue->out_count - index) * sizeof message);
    memmove(queue->out_to + index, queue->out_to + index + 1,
            (size_t)(queue->out_count - index) * sizeof queue->out_to[0]);
    return message;
}

/* Back in front, in an order of chance; dropped when it came back too often. */
static void give_back(model_queue *queue, int index)
{
    model_message message = take_out(queue, index);
    if (queue->limit >= 0 && (int)++message.returns > queue->limit) {
        free(message.bytes);
        return;
    }
    insert(queue, (int)model_chance((uint32_t)queue->returned_count + 1), message);
    queue->returned_count++;
}

static void give_all_back(model_queue *queue, int member)
{
    for (int i = queue->out_count - 1; i >= 0; i--) {
        if (queue->out_to[i] == member)
            give_back(queue, i);
    }
}

static int find_out(const model_queue *queue, int member, uint64_t delivery)
{
    for (int i = 0; i < queue->out_count; i++) {
        if (queue->out_to[i] == member && queue->out[i].delivery == delivery)
            return i;
    }
    return -1;
}

/* ---- Consumers ---- */

static void activate(model_queue *queue)
{
    int first = queue->consumer_count > 0 ? queue->consumers[0] : -1;
    if (first == queue->active)
        return;
    queue->active = first;
    if (first < 0)
        return;
    sp_fleet_content_free(queue->known + first);
    content_copy(queue->known + first, &queue->best);
}

static void remove_consumer(model_queue *queue, int member)
{
    for (int i = 0; i < queue->consumer_count; i++) {
        if (queue->consumers[i] != member)
            continue;
        queue->consumer_count--;
        memmove(queue->consumers + i, queue->consumers + i + 1,
                (size_t)(queue->consumer_count - i) * sizeof queue->consumers[0]);
        return;
    }
}

void model_suspect(model_queue *queue, int member)
{
    int count = queue->consumer_count;
    give_all_back(queue, member);
    remove_consumer(queue, member);
    activate(queue);
    if (queue->consumer_count < count)
        queue->consumers[queue->consumer_count++] = member;
    activate(queue);
}

static void consume(model_queue *queue, int member, int limit, uint64_t now)
{
    bool empty = queue->ready_count == 0 && queue->consumer_count == 0;
    if (!queue->exists)
        queue->limit = limit;
    queue->exists = true;
    remove_consumer(queue, member);
    queue->consumers[queue->consumer_count++] = member;
    activate(queue);
    model_send(queue->down + member, MODEL_SUBSCRIBED, empty, (sp_slice){0}, false, now);
}

void model_delete(model_queue *queue, uint64_t now)
{
    while (queue->ready_count > 0)
        free(queue->ready[--queue->ready_count].bytes);
    while (queue->out_count > 0)
        free(queue->out[--queue->out_count].bytes);
    for (int i = 0; i < queue->consumer_count; i++)
        model_send(queue->down + queue->consumers[i], MODEL_CANCELLED, 0, (sp_slice){0}, false, now);
    queue->returned_count = queue->consumer_count = 0;
    queue->exists = false;
    queue->active = -1;
    memset(queue->has_new, 0, sizeof queue->has_new);
}

void model_free(model_queue *queue)
{
    queue->consumer_count = 0;
    model_delete(queue, 0);
    for (int i = 0; i < MEMBERS; i++) {
        model_drop(queue->up + i);
        model_drop(queue->down + i);
        sp_fleet_content_free(queue->known + i);
    }
    sp_fleet_content_free(&queue->best);
}

/* ---- Working ---- */

static void remember(model_queue *queue, int member, const model_op *op)
{
    sp_fleet_record record;
    assert_int_equal(sp_fleet_record_read((sp_slice){op->bytes, op->length}, &place_three, &record, NULL), 0);
    queue->has_new[member] |= record.kind != SP_FLEET_CLAIM;
    assert_int_equal(sp_fleet_content_merge(&queue->best, &record.content), 0);
}

static void publish(model_queue *queue, int member, model_op *op, uint64_t now)
{
    enum model_kind answer = MODEL_CONFIRMED;
    if (queue->exists) {
        remember(queue, member, op);
        insert(queue, queue->ready_count, (model_message){.bytes = op->bytes, .length = op->length});
        op->bytes = NULL;
    } else if (op->mandatory) {
        answer = MODEL_RETURNED;
    }
    model_send(queue->down + member, answer, op->number, (sp_slice){0}, false, now);
}

static void settle(model_queue *queue, int member, const model_op *op)
{
    int index = find_out(queue, member, op->number);
    if (index < 0)
        return;
    if (op->kind == MODEL_GIVE_BACK)
        give_back(queue, index);
    else
        free(take_out(queue, index).bytes);
}

static void work_on(model_queue *queue, int member, model_op *op, int limit, uint64_t now)
{
    if (op->kind == MODEL_CONSUME)
        consume(queue, member, limit, now);
    else if (op->kind == MODEL_PUBLISH)
        publish(queue, member, op, now);
    else if (op->kind == MODEL_CANCEL) {
        remove_consumer(queue, member);
        activate(queue);
    } else
        settle(queue, member, op);
    free(op->bytes);
}

void model_end(model_queue *queue, int member, int limit, uint64_t now)
{
    model_op op;
    while (model_take(queue->up + member, UINT64_MAX, &op))
        work_on(queue, member, &op, limit, now);
    model_drop(queue->down + member);
    give_all_back(queue, member);
    remove_consumer(queue, member);
    activate(queue);
}

static void deliver(model_queue *queue, uint64_t now)
{
    while (queue->active >= 0 && queue->ready_count > 0 && queue->down[queue->active].count < LINE / 2) {
        model_message message = queue->ready[0];
        memmove(queue->ready, queue->ready + 1, (size_t)--queue->ready_count * sizeof message);
        queue->returned_count -= queue->returned_count > 0;
        message.delivery = ++queue->deliveries;
        queue->out_to[queue->out_count] = queue->active;
        queue->out[queue->out_count++] = message;
        model_send(queue->down + queue->active, MODEL_DELIVERY, message.delivery,
                   (sp_slice){message.bytes, message.length}, false, now);
    }
}

void model_work(model_queue *queue, int limit, uint64_t now)
{
    model_op op;
    for (int member = 0; member < MEMBERS; member++) {
        while (!(queue->blocked && queue->up[member].count > 0 &&
                 queue->up[member].ops[0].kind == MODEL_PUBLISH) &&
               model_take(queue->up + member, now, &op))
            work_on(queue, member, &op, limit, now);
    }
    deliver(queue, now);
}
