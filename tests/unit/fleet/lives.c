#include "lives.h"

#include "fleet/names.h"
#include "records.h"
#include "unit.h"

#include <stdio.h>

lives_world world;

void fail_life(const char *why)
{
    if (!world.failure)
        world.failure = why;
}

uint64_t clock_of(const member *each)
{
    return 1000 + world.now * each->rate / 1000;
}

int index_of(const member *each)
{
    return (int)(each - world.members);
}

uint64_t soon(uint32_t most)
{
    return world.now + 1 + model_chance(most);
}

/* What a RabbitMQ of this version makes of the arguments that the library names. */
int delivery_limit(void)
{
    spectacles_header arguments[SP_FLEET_ARGUMENT_COUNT];
    sp_fleet_arguments(arguments);
    const spectacles_header *limit =
        spectacles_headers_find(arguments, SP_FLEET_ARGUMENT_COUNT, "x-delivery-limit", 16);
    if (!limit)
        return world.version == 4 ? 20 : -1;
    if (limit->integer < 0)
        return world.version == 4 ? -1 : 0;
    return (int)limit->integer;
}

/* ---- A member and its connection ---- */

bool is_connected(const member *each)
{
    return each->connects_at == SPECTACLES_NEVER && each->noticed_at == SPECTACLES_NEVER;
}

/* A connection that has ended takes everything; what was sent on it arrives as far as it has come. */
static void send_op(member *each, enum model_kind kind, uint64_t number, sp_slice bytes, bool mandatory)
{
    if (is_connected(each) && world.cut_at[index_of(each)] == SPECTACLES_NEVER)
        model_send(world.queue.up + index_of(each), kind, number, bytes, mandatory, world.now);
}

static void send_publish(member *each, const sp_lease_step *step)
{
    model_line kept = {.count = 0};
    bool mandatory = step->flags & SPECTACLES_MESSAGE_MANDATORY;
    assert_true(each->open_count < LINE);
    model_send(&kept, MODEL_PUBLISH, step->write, step->body, mandatory, 0);
    each->open[each->open_count++] = kept.ops[0];
    send_op(each, MODEL_PUBLISH, step->write, step->body, mandatory);
}

void forget_publish(member *each)
{
    assert_true(each->open_count > 0);
    free(each->open[0].bytes);
    each->open_count--;
    memmove(each->open, each->open + 1, (size_t)each->open_count * sizeof each->open[0]);
}

void start(member *each)
{
    char name[16];
    snprintf(name, sizeof name, "member-%d", index_of(each));
    sp_lease_init(&each->lease, &place_three, name, world.seed * 97 + ++world.sessions);
    each->runs = true;
    each->falls_at = SPECTACLES_NEVER;
    each->noticed_at = each->consumes_at = SPECTACLES_NEVER;
    each->connects_at = soon(500);
    each->consumes = false;
    each->session[0] = '\0';
    if (each->wants)
        sp_lease_want(&each->lease, clock_of(each));
}

void cut(member *each, uint32_t queue_after, uint32_t member_after)
{
    int index = index_of(each);
    if (!is_connected(each) || world.cut_at[index] != SPECTACLES_NEVER)
        return;
    while (world.queue.up[index].count > 0 && model_chance(2))
        free(world.queue.up[index].ops[--world.queue.up[index].count].bytes);
    world.cut_at[index] = soon(queue_after);
    each->noticed_at = soon(member_after);
}

/* The queue was deleted, and nobody is left who knows what was in it. */
void forget_all(void)
{
    sp_fleet_content_free(&world.queue.best);
    for (int i = 0; i < MEMBERS; i++) {
        sp_fleet_content_free(world.queue.known + i);
        sp_fleet_content_free(&world.members[i].known);
    }
}

void kill_member(member *each)
{
    if (!each->runs)
        return;
    cut(each, model_chance(2) || world.rest < 1000 ? 1 : 8000, 1);
    while (each->open_count > 0)
        forget_publish(each);
    if (world.guardian == index_of(each)) {
        world.guardian = -1;
        forget_all();
    }
    sp_lease_free(&each->lease);
    sp_fleet_content_free(&each->known);
    each->active_at = 0;
    each->runs = each->falls = false;
    each->starts_at = soon(world.rest);
}

/* The broker engine sends again what has no answer, and consumes again what is wanted. */
static void connect(member *each)
{
    if (world.cut_at[index_of(each)] != SPECTACLES_NEVER)
        return; /* the queue still has the old connection */
    each->connects_at = SPECTACLES_NEVER;
    if (each->consumes)
        send_op(each, MODEL_CONSUME, 0, (sp_slice){0}, false);
    for (int i = 0; i < each->open_count; i++)
        send_op(each, MODEL_PUBLISH, each->open[i].number,
                (sp_slice){each->open[i].bytes, each->open[i].length}, each->open[i].mandatory);
}

static void notice_end(member *each)
{
    each->noticed_at = each->consumes_at = SPECTACLES_NEVER;
    model_drop(world.queue.down + index_of(each));
    each->connects_at = soon(2000);
    sp_lease_lost(&each->lease, clock_of(each));
}

/* ---- What the queue tells ---- */

static void deliver(member *each, const model_op *op)
{
    if (each->crashes > 0) {
        each->crashes--;
        kill_member(each);
        return;
    }
    if (!each->consumes) { /* of a consumer that was cancelled */
        send_op(each, MODEL_GIVE_BACK, op->number, (sp_slice){0}, false);
        return;
    }
    int error =
        sp_lease_delivered(&each->lease, op->number, (sp_slice){op->bytes, op->length}, clock_of(each), NULL);
    assert_int_equal(error, SPECTACLES_OK);
}

static void hear(member *each, const model_op *op)
{
    uint64_t now = clock_of(each);
    if (op->kind == MODEL_DELIVERY)
        deliver(each, op);
    else if (op->kind == MODEL_SUBSCRIBED) {
        if (each->consumes)
            sp_lease_subscribed(&each->lease, op->number, now);
    } else if (op->kind == MODEL_CANCELLED) {
        sp_lease_lost(&each->lease, now);
        each->consumes_at = each->consumes ? world.now + 1000 : SPECTACLES_NEVER;
    } else {
        forget_publish(each);
        sp_lease_answered(&each->lease, op->number,
                          op->kind == MODEL_CONFIRMED ? SP_LEASE_CONFIRMED : SP_LEASE_RETURNED, now);
    }
}

/* ---- Discord ---- */

static uint32_t number_of(const char *session)
{
    return (uint32_t)atoi(session + 1);
}

static void report(member *each, const char *session)
{
    sp_record *record = shard_record(SHARD, session, each->seq, session ? 0 : 1);
    assert_int_equal(sp_lease_report(&each->lease, record, clock_of(each)), SPECTACLES_OK);
}

/* Discord has given the session up. */
static void lose_session(member *each)
{
    each->session[0] = '\0';
    each->seq = 0;
    report(each, NULL);
}

static void resume(member *each, const char *session, uint64_t seq)
{
    if (number_of(session) <= world.dead) {
        lose_session(each);
        return;
    }
    if (!sp_lease_may_resume(&each->lease, clock_of(each)))
        return;
    snprintf(each->session, sizeof each->session, "%s", session);
    each->seq = seq;
    report(each, each->session);
}

static void identify(member *each)
{
    if (!sp_lease_may_identify(&each->lease, clock_of(each)))
        return;
    snprintf(each->session, sizeof each->session, "s%u", ++world.sessions);
    each->seq = 0;
    report(each, each->session);
    if (each->falls)
        each->falls_at = soon(400);
}

static void receive(member *each)
{
    if (number_of(each->session) <= world.dead)
        lose_session(each);
    else if (model_chance(8) == 0) {
        each->seq++;
        report(each, each->session);
    }
}

static void talk_to_discord(member *each)
{
    if (each->lease.state == SP_LEASE_RELEASING && !each->lease.is_drained && model_chance(10) == 0)
        sp_lease_drained(&each->lease, clock_of(each));
    if (!sp_lease_serves(&each->lease, clock_of(each)) ||
        (each->session[0] && sp_lease_verdict(&each->lease, SHARD, clock_of(each)) != SP_LEASE_KEEP)) {
        each->session[0] = '\0';
        return;
    }
    const sp_fleet_shard *shard = sp_fleet_content_find(&each->lease.content, SHARD);
    if (each->session[0])
        receive(each);
    else if (shard && shard->record->session_id)
        resume(each, shard->record->session_id, shard->record->seq);
    else
        identify(each);
}

/* ---- A turn of a member ---- */

static void act(member *each)
{
    sp_lease_step step;
    enum sp_lease_action action;
    while ((action = sp_lease_next(&each->lease, 1, clock_of(each), &step)) != SP_LEASE_NOTHING) {
        if (action == SP_LEASE_PUBLISH)
            send_publish(each, &step);
        else if (action == SP_LEASE_CONSUME || action == SP_LEASE_CANCEL) {
            each->consumes = action == SP_LEASE_CONSUME;
            send_op(each, each->consumes ? MODEL_CONSUME : MODEL_CANCEL, 0, (sp_slice){0}, false);
        } else
            send_op(each, action == SP_LEASE_GIVE_BACK ? MODEL_GIVE_BACK : MODEL_ACKNOWLEDGE, step.delivery,
                    (sp_slice){0}, false);
    }
}

/* Its term begins: it has to know what had been in the queue. */
static void note_term(member *each)
{
    if (each->active_at == each->lease.active_at)
        return;
    each->active_at = each->lease.active_at;
    sp_fleet_content_free(&each->known);
    content_copy(&each->known, world.queue.known + index_of(each));
}

static void check_knowledge(member *each)
{
    const sp_fleet_content *known = &each->known;
    if (world.guardian < 0 && !sp_fleet_content_covers(&each->lease.content, known))
        fail_life("a member may identify, and does not know what was stored");
}

/* Who keeps the content alone, since the queue was deleted, stores it before it leaves. */
static void check_guardian(member *each, bool was_releasing)
{
    int index = index_of(each);
    bool has_left = was_releasing && each->lease.state != SP_LEASE_RELEASING;
    if (world.guardian != index)
        return;
    if (world.queue.has_new[index])
        world.guardian = -1;
    else if (has_left)
        fail_life("who left has not stored what it knew");
}

void turn(member *each)
{
    model_op op;
    bool was_releasing = each->lease.state == SP_LEASE_RELEASING;
    if (model_chance(2))
        talk_to_discord(each); /* whichever of its timers comes first */
    while (each->runs && each->connects_at == SPECTACLES_NEVER &&
           model_take(world.queue.down + index_of(each), world.now, &op)) {
        hear(each, &op);
        free(op.bytes);
        if (each->runs)
            note_term(each);
    }
    if (each->falls && world.now >= each->falls_at)
        kill_member(each);
    if (!each->runs)
        return;
    if (world.now >= each->noticed_at && each->noticed_at != SPECTACLES_NEVER)
        notice_end(each);
    if (world.now >= each->connects_at)
        connect(each);
    if (world.now >= each->consumes_at && is_connected(each)) {
        each->consumes_at = SPECTACLES_NEVER;
        send_op(each, MODEL_CONSUME, 0, (sp_slice){0}, false);
    }
    check_guardian(each, was_releasing);
    act(each);
    talk_to_discord(each);
    act(each);
}

bool acts(const member *each)
{
    return each->runs && world.now >= each->frozen_until;
}

void check_identifies(void)
{
    int count = 0;
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (!acts(each) || !sp_lease_may_identify(&each->lease, clock_of(each)))
            continue;
        count++;
        check_knowledge(each);
    }
    if (count > 1)
        fail_life("two members may identify");
}
