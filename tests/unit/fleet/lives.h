#ifndef TESTS_UNIT_FLEET_LIVES_H
#define TESTS_UNIT_FLEET_LIVES_H

#include "fleet/lease.h"
#include "queue_model.h"

/* The members of test_lives.c: a lease each, a connection to the modelled queue, and one to Discord. */

enum {
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

typedef struct lives_world {
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
} lives_world;

extern lives_world world;

void fail_life(const char *why);
uint64_t clock_of(const member *each);
int index_of(const member *each);
uint64_t soon(uint32_t most);
int delivery_limit(void);
bool is_connected(const member *each);
void start(member *each);
void cut(member *each, uint32_t queue_after, uint32_t member_after);
void kill_member(member *each);
void turn(member *each);
bool acts(const member *each);
void check_identifies(void);
void forget_all(void);
void forget_publish(member *each);

#endif
