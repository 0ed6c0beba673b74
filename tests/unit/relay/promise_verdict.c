/*
 * What became of a made-up life. Every wanted dispatch has arrived, in its order, or is declared by a gap. There is one
 * gap for each session that was lost, one for each dispatch that RabbitMQ never takes, and no other. Called by
 * test_promise.c at the end of each life.
 */
#include "promise.h"
#include "relay/served.h"

#include <stdio.h>

static bool arrived(const char *id)
{
    for (int i = 0; i < world.count; i++) {
        if (world.published[i].state == ARRIVED && strcmp(world.published[i].id, id) == 0)
            return true;
    }
    return false;
}

struct declared {
    unsigned shard;
    int old;
    int new;
    unsigned long long seq;
    unsigned long long next;
};

static struct declared read_gap(const struct published *each)
{
    struct declared gap;
    assert_int_equal(sscanf(each->body,
                            "{\"shard\":[%u,2],\"old_session\":\"s%*u.%d\",\"new_session\":\"s%*u.%d\","
                            "\"seq\":%llu,\"next\":%llu",
                            &gap.shard, &gap.old, &gap.new, &gap.seq, &gap.next),
                     5);
    return gap;
}

static bool is_copy(int at)
{
    for (int i = 0; i < at; i++) {
        if (world.published[i].state == ARRIVED && strcmp(world.published[i].id, world.published[at].id) == 0)
            return true;
    }
    return false;
}

static bool is_first_gap(int at)
{
    const struct published *each = &world.published[at];
    return each->state == ARRIVED && strcmp(each->key, spectacles_route_gap_key()) == 0 && !is_copy(at);
}

static bool is_declared(unsigned shard, int session, uint64_t seq)
{
    for (int i = 0; i < world.count; i++) {
        if (!is_first_gap(i))
            continue;
        struct declared gap = read_gap(&world.published[i]);
        bool behind = session > gap.old || (session == gap.old && seq > gap.seq);
        bool before = session < gap.new || (session == gap.new &&seq < gap.next);
        if (gap.shard == shard && behind && before)
            return true;
    }
    return false;
}

static int first_known(unsigned shard)
{
    int number = 0;
    while (!world.discord[shard].sessions[number].told)
        number++;
    return number;
}

void promise_judge_dispatches(unsigned shard)
{
    char id[64];
    const struct discord *discord = &world.discord[shard];
    for (int number = 0; number < discord->count; number++) {
        for (uint64_t seq = 2; seq <= discord->sessions[number].sent; seq++) {
            snprintf(id, sizeof id, "s%u.%d:%llu", shard, number, (unsigned long long)seq);
            /* The very first session of all may be one that nobody was told of. */
            bool known = number >= first_known(shard);
            if (discord->sessions[number].names[seq] != 'X' && known && !arrived(id) &&
                !is_declared(shard, number, seq))
                fail_msg("lost: %s", id);
        }
    }
}

/* A gap is published before all that its new session brings. */
static bool is_announced(unsigned shard, int session, int at)
{
    for (int i = 0; i < at; i++) {
        const struct published *each = &world.published[i];
        if (strcmp(each->key, spectacles_route_gap_key()) != 0)
            continue;
        struct declared gap = read_gap(each);
        if (gap.shard == shard && gap.old < gap.new &&gap.new == session)
            return true;
    }
    return false;
}

static void judge_order(unsigned shard)
{
    int session = -1;
    unsigned long long newest_seq = 0;
    for (int i = 0; i < world.count; i++) {
        const struct published *each = &world.published[i];
        unsigned of;
        int number;
        unsigned long long seq;
        if (sscanf(each->id, "s%u.%d:%llu", &of, &number, &seq) != 3 || of != shard || each->state != ARRIVED)
            continue;
        if (is_copy(i))
            continue;
        assert_true(number > session || (number == session && seq > newest_seq));
        assert_true(number == first_known(shard) || is_announced(shard, number, i));
        session = number;
        newest_seq = seq;
    }
}

/* Every session that begins because one was lost begins with one gap; and one is declared for nothing else. */
static void judge_gaps(unsigned shard)
{
    int count[SESSIONS] = {0};
    const struct discord *discord = &world.discord[shard];
    for (int i = 0; i < world.count; i++) {
        if (!is_first_gap(i))
            continue;
        struct declared gap = read_gap(&world.published[i]);
        if (gap.shard != shard)
            continue;
        assert_true(gap.old <= gap.new && discord->sessions[gap.old].told);
        if (gap.old < gap.new)
            count[gap.new]++;
        else
            assert_non_null(strchr("LE", discord->sessions[gap.old].names[gap.next - 1]));
    }
    for (int number = 0; number < discord->count; number++) {
        int wanted = discord->sessions[number].told && number > first_known(shard);
        if (count[number] != wanted)
            fail_msg("shard %u, session %d: %d gaps, and not %d", shard, number, count[number], wanted);
    }
}

void promise_judge(unsigned shard)
{
    promise_judge_dispatches(shard);
    judge_order(shard);
    judge_gaps(shard);
}

/* ---- What a state is told of ---- */

/* Session, sequence and gaps of a shard, as one text. */
static void describe(uint32_t shard_id, char *out, size_t size)
{
    spectacles_session session = {.size = sizeof session, .session_id = ""};
    spectacles_gap gap = {.size = sizeof gap};
    if (world.shards[shard_id].session[0])
        spectacles_shard_session(&world.shards[shard_id], &session);
    int length = snprintf(out, size, "%s %llu", session.session_id, (unsigned long long)session.seq);
    for (size_t i = 0; spectacles_relay_gap(world.relay, shard_id, i, &gap) == 1; i++) {
        assert_true(length > 0 && (size_t)length < size);
        length += snprintf(out + length, size - (size_t)length, ", %s %llu %s", gap.old_session_id,
                           (unsigned long long)gap.seq, gap.new_session_id ? gap.new_session_id : "-");
    }
}

/* A shard that left the relay is stored by hand. */
static bool has_changed(uint32_t shard_id)
{
    const spectacles_shard *shard = spectacles_relay_next_changed(world.relay, NULL);
    while (shard && spectacles_shard_id(shard) != shard_id)
        shard = spectacles_relay_next_changed(world.relay, shard);
    return shard || !sp_relay_find_shard(world.relay, shard_id);
}

void promise_judge_changes(void)
{
    for (uint32_t i = 0; i < SHARDS; i++) {
        char facts[sizeof world.facts[i]];
        describe(i, facts, sizeof facts);
        if (!has_changed(i))
            assert_string_equal(facts, world.facts[i]);
        memcpy(world.facts[i], facts, sizeof facts);
    }
    spectacles_relay_forget_changed(world.relay);
}
