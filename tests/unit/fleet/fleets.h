#ifndef TESTS_UNIT_FLEET_FLEETS_H
#define TESTS_UNIT_FLEET_FLEETS_H

#include "fake_rabbit.h"

#include <spectacles/fleet.h>
#include <stdbool.h>

/*
 * Members of a fleet on one RabbitMQ, each with an owner that does what the header says, and a Discord. Time passes in
 * steps. Each session has a number, and each shard counts the dispatches that it was sent.
 */

enum {
    FLEET_MEMBERS = 3,
    FLEET_SHARDS = 8,
    FLEET_STEP = 50 /* milliseconds */
};

/* What a gateway knows of a shard. */
typedef struct fleet_shard {
    bool is_served;
    bool is_removing;
    bool asks;        /* it has asked for an identify */
    uint32_t session; /* a number; 0: none */
    uint64_t seq;
    uint64_t stored; /* up to which sequence it is stored */
    size_t gaps;
} fleet_shard;

typedef struct fleet_member {
    spectacles_broker *broker;
    spectacles_fleet *fleet; /* NULL: it does not run */
    fleet_shard shards[FLEET_SHARDS];
    uint64_t frozen_until;
    int problems;
    char problem[256];
    bool leads;
} fleet_member;

typedef struct fleets_world {
    fleet_member members[FLEET_MEMBERS];
    uint64_t now;
    uint32_t sessions;              /* that were ever begun: identifies */
    uint64_t sent[FLEET_SHARDS];    /* dispatches of the session, as Discord counts them */
    uint32_t current[FLEET_SHARDS]; /* the session that lives; 0: none */
    uint32_t remaining;             /* identifies of the day */
    uint64_t identified_at;
    uint32_t shard_count; /* of whoever starts; 0: FLEET_SHARDS */
    const char *token;    /* of whoever starts; NULL: one that names no bot */
    uint64_t limits;      /* how often GET /gateway/bot was asked */
} fleets_world;

extern fleets_world fleets;

/* Begins with nobody; ends all. */
int fleets_begin(void **state);
int fleets_end(void **state);

/* A member starts, with a weight of 100 in a zone; dies; */
void fleets_start(int index, const char *zone);
void fleets_kill(int index);

/* So many milliseconds pass. */
void fleets_pass(uint64_t milliseconds);

/* How many shards a member serves; how many are served by anybody. */
int fleets_served(int index);
int fleets_served_by_all(void);

/* The slot as a member sees it. */
spectacles_fleet_slot_info fleets_slot(int index, uint32_t slot);

#endif
