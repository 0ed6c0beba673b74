/*
 * Leases in made-up lives: three members, one slot, one modelled queue. Members are killed, freeze and wake, lose their
 * connections and are suspected by RabbitMQ; they hand over; the queue is deleted, or takes no publishes. Their clocks run
 * differently fast. At no moment two of them may identify. Whoever becomes the owner knows what was ever stored. When all
 * is well again, exactly one of them serves the shard.
 *
 * Built with BROKEN, the name of a rule that was broken in the library (mutants.py), the lives have to find it out; FIRST
 * is the life to begin with.
 */
#include "fleet/lease.h"
#include "fleet/names.h"
#include "queue_model.h"
#include "records.h"
#include "unit.h"

#include <stdio.h>

#ifndef BROKEN
#define BROKEN ""
#define FIRST 1
#endif

enum {
    LIVES = 400,
    MUTANT_LIVES = 2000, /* until one of them has found the broken rule out */
    TICK = 25,           /* milliseconds */
    TROUBLE = 40000,
    CALM = 45000,
    SHARD = 3
};

typedef struct member {
    sp_lease lease;
    bool runs;
    uint32_t crashes; /* at so many of its next deliveries */
    bool falls;       /* soon after its next identify */
    uint64_t falls_at;
    bool wants;
    uint64_t frozen_until;
    uint64_t starts_at;   /* when it does not run */
    uint64_t noticed_at;  /* when it notices that its connection has ended; SPECTACLES_NEVER: it stands */
    uint64_t connects_at; /* when it is connected again; SPECTACLES_NEVER: it is connected */
    uint64_t consumes_at; /* when it declares the queue anew; SPECTACLES_NEVER: not */
    bool consumes;        /* the subscription is wanted */
    model_op open[LINE];  /* publishes without an answer: the broker engine sends them again */
    int open_count;
    uint32_t rate;    /* of its clock, in thousandths */
    char session[16]; /* of its connection to Discord; empty: there is none */
    uint64_t seq;
    uint64_t active_at;     /* the last one of its lease */
    sp_fleet_content known; /* what had been in the queue when it became the active consumer, before that */
} member;

static struct {
    model_queue queue;
    member members[MEMBERS];
    uint64_t
        cut_at[MEMBERS]; /* when the queue notices that a connection has ended; SPECTACLES_NEVER: it stands */
    uint64_t now;
    uint32_t seed;
    uint32_t sessions;
    uint32_t dead; /* sessions up to this number were given up by Discord */
    int guardian;  /* who alone knows the content since the queue was deleted; -1: nobody */
    int version;   /* of RabbitMQ: 3 or 4 */
    uint64_t unblocked_at;
    uint32_t kinds[3]; /* of trouble, that come again and again in this life */
    uint32_t rest;     /* the longest time until a member that was killed starts again */
    const char *failure;
} world;

static void fail_life(const char *why)
{
    if (!world.failure)
        world.failure = why;
}

static uint64_t clock_of(const member *each)
{
    return 1000 + world.now * each->rate / 1000;
}

static int index_of(const member *each)
{
    return (int)(each - world.members);
}

static uint64_t soon(uint32_t most)
{
    return world.now + 1 + model_chance(most);
}

/* What a RabbitMQ of this version makes of the arguments that the library names. */
static int delivery_limit(void)
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

static bool is_connected(const member *each)
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

static void forget_publish(member *each)
{
    assert_true(each->open_count > 0);
    free(each->open[0].bytes);
    each->open_count--;
    memmove(each->open, each->open + 1, (size_t)each->open_count * sizeof each->open[0]);
}

static void start(member *each)
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

static void cut(member *each, uint32_t queue_after, uint32_t member_after)
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
static void forget_all(void)
{
    sp_fleet_content_free(&world.queue.best);
    for (int i = 0; i < MEMBERS; i++) {
        sp_fleet_content_free(world.queue.known + i);
        sp_fleet_content_free(&world.members[i].known);
    }
}

static void kill_member(member *each)
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

static void turn(member *each)
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

static bool acts(const member *each)
{
    return each->runs && world.now >= each->frozen_until;
}

static void check_identifies(void)
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

/* ---- Trouble ---- */

/* Whether the last record of a member that leaves was in the queue already: then the operator deletes that as well. */
static bool has_stored_all(int index)
{
    const sp_lease *lease = &world.members[index].lease;
    const model_line *up = world.queue.up + index;
    if (lease->state != SP_LEASE_RELEASING || !lease->flight.is_open)
        return false;
    for (int i = 0; i < up->count; i++) {
        if (up->ops[i].kind == MODEL_PUBLISH && up->ops[i].number == lease->flight.write)
            return false;
    }
    return true;
}

static void delete_queue(void)
{
    int active = world.queue.active;
    model_delete(&world.queue, world.now);
    bool knows = active >= 0 && world.members[active].runs && world.guardian < 0 &&
                 world.members[active].lease.state >= SP_LEASE_OWNED && !has_stored_all(active) &&
                 sp_fleet_content_covers(&world.members[active].lease.content, &world.queue.best);
    if (world.guardian >= 0)
        return;
    world.guardian = knows ? active : -1;
    if (!knows)
        forget_all();
}

static void want_or_not(member *each)
{
    if (!acts(each))
        return;
    each->wants = model_chance(3) > 0;
    if (each->wants && each->lease.state == SP_LEASE_IDLE)
        sp_lease_want(&each->lease, clock_of(each));
    else
        sp_lease_release(&each->lease, each->wants, clock_of(each));
}

enum kind {
    KILLED,
    FREEZES,
    CUT_OFF,
    SUSPECTED,
    HANDS_OVER,
    CRASHES,
    FALLS,
    DELETED,
    ALARM,
    SESSIONS_END,
    KINDS
};

/* What has to come together for some rules to be needed. */
static const uint32_t together[][3] = {
    {SUSPECTED, HANDS_OVER, SESSIONS_END}, {CRASHES, CRASHES, KILLED},    {FALLS, SESSIONS_END, SUSPECTED},
    {HANDS_OVER, DELETED, HANDS_OVER},     {HANDS_OVER, CUT_OFF, KILLED},
};

static void strike(member *each, uint32_t kind)
{
    if (kind == KILLED)
        kill_member(each);
    else if (kind == FREEZES && each->runs)
        each->frozen_until = soon(30000);
    else if (kind == CUT_OFF && each->runs)
        cut(each, 12000, 8000);
    else if (kind == SUSPECTED)
        model_suspect(&world.queue, index_of(each));
    else if (kind == HANDS_OVER)
        want_or_not(each);
    else if (kind == CRASHES)
        each->crashes = 1 + model_chance(12);
    else if (kind == FALLS)
        each->falls = each->runs;
}

static void trouble(void)
{
    member *each = world.members + model_chance(MEMBERS);
    uint32_t kind = world.kinds[model_chance(3)];
    strike(each, kind);
    if (kind == DELETED && model_chance(3) == 0)
        delete_queue();
    if (kind == SESSIONS_END)
        world.dead = world.sessions;
    if (kind == ALARM) {
        world.queue.blocked = true;
        world.unblocked_at = soon(15000);
    }
}

/* RabbitMQ ends the connection of a member that says nothing for eight seconds. */
static void end_connections(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (each->runs && each->frozen_until > world.now + 8000 && model_chance(300) == 0)
            cut(each, 1, 1);
        if (world.now < world.cut_at[i])
            continue;
        world.cut_at[i] = SPECTACLES_NEVER;
        model_end(&world.queue, i, delivery_limit(), world.now);
    }
    if (world.now >= world.unblocked_at)
        world.queue.blocked = false;
}

/* The hellos of an owner reach whoever is connected. */
static void say_hello(const member *owner)
{
    if (owner->lease.state != SP_LEASE_OWNED || !is_connected(owner) || model_chance(80) > 0)
        return;
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (each != owner && acts(each) && is_connected(each))
            sp_lease_heard(&each->lease, owner->lease.epoch, clock_of(each));
    }
}

/* ---- A life ---- */

static void tick(void)
{
    world.now += TICK;
    end_connections();
    model_work(&world.queue, delivery_limit(), world.now);
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (!each->runs && world.now >= each->starts_at && world.cut_at[i] == SPECTACLES_NEVER)
            start(each);
        check_identifies();
        if (acts(each))
            turn(each);
        if (acts(each))
            say_hello(each);
    }
    check_identifies();
}

static void heal(void)
{
    world.unblocked_at = 0;
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        each->frozen_until = 0;
        each->falls = false;
        each->crashes = 0;
        each->starts_at = 0;
        each->wants = true;
        if (each->runs)
            sp_lease_want(&each->lease, clock_of(each));
    }
}

static void judge(void)
{
    int owners = 0, served = 0;
    for (int i = 0; i < MEMBERS; i++) {
        const member *each = world.members + i;
        owners += each->runs && each->lease.state == SP_LEASE_OWNED;
        served += each->runs && each->session[0];
    }
    if (owners != 1 || served != 1)
        fail_life("when all is well, one member has to own the slot, and to serve the shard");
}

static void begin(uint32_t seed)
{
    memset(&world, 0, sizeof world);
    world.seed = seed;
    world.guardian = -1;
    world.version = seed % 2 ? 4 : 3;
    model_init(&world.queue, seed);
    world.rest = 300u << 2 * model_chance(4);
    bool chosen = model_chance(2);
    uint32_t which = model_chance(sizeof together / sizeof together[0]);
    for (int i = 0; i < 3; i++)
        world.kinds[i] = chosen ? together[which][i] : model_chance(KINDS);
    for (int i = 0; i < MEMBERS; i++) {
        world.cut_at[i] = SPECTACLES_NEVER;
        world.members[i].wants = true;
        world.members[i].rate = 956 + model_chance(89);
        world.members[i].starts_at = soon(5000);
    }
}

static void end(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        while (world.members[i].open_count > 0)
            forget_publish(world.members + i);
        sp_fleet_content_free(&world.members[i].known);
        if (world.members[i].runs)
            sp_lease_free(&world.members[i].lease);
    }
    model_free(&world.queue);
}

/* What is wrong with this life; NULL: nothing. */
static const char *live(uint32_t seed)
{
    begin(seed);
    uint32_t pause = 20u << model_chance(6);
    while (world.now < TROUBLE && !world.failure) {
        if (model_chance(pause) == 0)
            trouble();
        tick();
    }
    heal();
    while (world.now < TROUBLE + CALM && !world.failure)
        tick();
    judge();
    end();
    return world.failure;
}

static void nothing_goes_wrong(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++) {
        const char *failure = live(seed);
        if (failure)
            fail_msg("life %u, after %llu ms: %s", (unsigned)seed, (unsigned long long)world.now, failure);
    }
}

static void a_broken_rule_is_found_out(void **state)
{
    const char *failure = NULL;
    (void)state;
    for (uint32_t seed = FIRST; seed < FIRST + MUTANT_LIVES && !failure; seed++)
        failure = live(seed);
    if (!failure)
        fail_msg("%s: nobody noticed in %d lives", BROKEN, MUTANT_LIVES);
    print_message("# %s, in life %u: %s\n", BROKEN, (unsigned)world.seed, failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_goes_wrong)};
    const struct CMUnitTest mutant[] = {cmocka_unit_test(a_broken_rule_is_found_out)};
    if (BROKEN[0])
        return cmocka_run_group_tests_name("fleet/lives/" BROKEN, mutant, NULL, NULL);
    return cmocka_run_group_tests_name("fleet/lives", tests, NULL, NULL);
}
