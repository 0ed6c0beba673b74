/*
 * What a fleet of so many shards costs its owner: bench_fleet_turn SHARDS, under valgrind's callgrind, which counts the
 * instructions (tests/bench/fleet_turn.py starts it). One member has all shards, RabbitMQ is the one of the unit tests,
 * and what that one does is not counted. A line for each part that is counted: how often it was done, and what it is.
 */
#include "fake_rabbit.h"
#include "spectacles/fleet.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_DUMP_STATS_AT(name)
#define CALLGRIND_ZERO_STATS
#endif

enum {
    TIMES = 20,
    FENCES = 30000, /* milliseconds: by then shards may identify */
    SECONDS = 2
};

typedef struct owner {
    spectacles_broker *broker;
    spectacles_fleet *fleet;
    uint32_t shard_count;
    bool has_sessions; /* else each shard wants to identify, and nobody grants it */
    uint32_t added;
    uint64_t seq;
    uint64_t now;
    bool is_counted;
} owner;

/* ---- Counting ---- */

static void toggle(int pauses)
{
    (void)pauses;
    CALLGRIND_TOGGLE_COLLECT;
}

static void begin(owner *self)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    CALLGRIND_TOGGLE_COLLECT;
    fake_pause = toggle;
    self->is_counted = true;
}

static void end(owner *self, const char *name, uint64_t times)
{
    fake_pause = NULL;
    self->is_counted = false;
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name);
    printf("%llu %s\n", (unsigned long long)times, name);
}

/* ---- An owner of shards ---- */

static void report(owner *self, uint32_t shard_id)
{
    char id[33];
    snprintf(id, sizeof id, "%032x", (unsigned)shard_id);
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = shard_id,
                                  .shard_count = self->shard_count,
                                  .seq = self->seq,
                                  .session_id = id,
                                  .resume_url = "wss://gateway-us-east1-b.discord.gg"};
    int error =
        spectacles_fleet_report(self->fleet, shard_id, self->shard_count, &session, NULL, 0, self->now);
    assert_int_equal(error, SPECTACLES_OK);
}

static void on_event(owner *self, const spectacles_fleet_event *event)
{
    if (event->type == SPECTACLES_FLEET_EVENT_PROBLEM)
        fail_msg("%s", event->text);
    if (event->type != SPECTACLES_FLEET_EVENT_ADD_SHARD)
        return;
    self->added++;
    if (self->has_sessions) {
        report(self, event->shard_id);
        spectacles_fleet_connected(self->fleet, event->shard_id, self->shard_count, self->now);
    } else {
        spectacles_fleet_wants_identify(self->fleet, event->shard_id, self->shard_count, self->now);
    }
}

static void turn(owner *self)
{
    const spectacles_fleet_event *event;
    while ((event = spectacles_fleet_next_event(self->fleet, self->now)))
        on_event(self, event);
}

/* Until nothing is to be done at this moment. */
static void turn_all(owner *self)
{
    do
        turn(self);
    while (self->broker->events.count > 0 || spectacles_fleet_deadline(self->fleet) <= self->now);
}

static void pass(owner *self, uint64_t until)
{
    while (self->now < until) {
        turn_all(self);
        uint64_t next = spectacles_fleet_deadline(self->fleet);
        self->now = next < until ? next : until;
    }
    turn_all(self);
}

static void make(owner *self, uint32_t shard_count, bool has_sessions)
{
    spectacles_problem problem = {0};
    spectacles_fleet_config config;
    *self = (owner){.shard_count = shard_count, .has_sessions = has_sessions, .now = 100000, .seq = 1};
    self->broker = fake_broker_new();
    spectacles_fleet_config_init(&config, sizeof config);
    config.broker = self->broker;
    config.group = "gateway";
    config.member = "web-1";
    config.token = "token";
    config.shard_count = shard_count;
    config.seed = 7919;
    if (spectacles_fleet_new(&self->fleet, &config, &problem) != SPECTACLES_OK)
        fail_msg("%s", problem.text);
}

static void free_all(owner *self)
{
    spectacles_fleet_free(self->fleet);
    fake_broker_free(self->broker);
    fake_reset();
}

/* ---- What is counted ---- */

static void count_quiet(owner *self)
{
    begin(self);
    for (int i = 0; i < TIMES; i++)
        turn(self);
    end(self, "a turn without news", TIMES);
    begin(self);
    for (int i = 0; i < TIMES; i++)
        spectacles_fleet_deadline(self->fleet);
    end(self, "the next deadline", TIMES);
}

static void count_report(owner *self)
{
    self->seq++;
    begin(self);
    for (uint32_t i = 0; i < TIMES; i++) {
        report(self, i % self->shard_count);
        turn(self);
    }
    end(self, "a turn with the report of a shard", TIMES);
}

/* Each shard has new events in each second, and each record is written. */
static void count_seconds(owner *self)
{
    begin(self);
    for (int i = 0; i < SECONDS; i++) {
        self->seq++;
        for (uint32_t id = 0; id < self->shard_count; id++)
            report(self, id);
        pass(self, self->now + 1000);
    }
    end(self, "a second of a shard with events", (uint64_t)SECONDS * self->shard_count);
}

static void count_served(uint32_t shard_count)
{
    owner self;
    make(&self, shard_count, true);
    pass(&self, self.now + FENCES);
    assert_int_equal(self.added, shard_count);
    count_quiet(&self);
    count_report(&self);
    count_seconds(&self);
    free_all(&self);
}

static void count_waiting(uint32_t shard_count)
{
    owner self;
    make(&self, shard_count, false);
    begin(&self);
    pass(&self, self.now + FENCES);
    end(&self, "a shard until it waits for an identify", shard_count);
    assert_int_equal(self.added, shard_count);
    begin(&self);
    for (int i = 0; i < TIMES; i++)
        turn(&self);
    end(&self, "a turn while all shards wait for an identify", TIMES);
    free_all(&self);
}

int main(int argc, char **argv)
{
    uint32_t shard_count = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (shard_count == 0) {
        fputs("usage: bench_fleet_turn SHARDS\n", stderr);
        return 2;
    }
    count_served(shard_count);
    count_waiting(shard_count);
    return 0;
}
