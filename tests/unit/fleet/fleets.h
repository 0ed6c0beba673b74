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
    FLEET_OTHER_SHARDS = 12, /* where the fleet is asked to go */
    FLEET_MOST = 12,
    FLEET_EVENTS = 16384, /* of a session, at the most */
    FLEET_GUILDS = 512,
    FLEET_RECENT = 512, /* arrivals that the worker remembers */
    FLEET_STEP = 50     /* milliseconds */
};

/* What a gateway knows of a shard. */
typedef struct fleet_shard {
    bool is_served;
    bool is_removing;
    uint32_t code;    /* with which it is closed */
    bool asks;        /* it has asked for an identify */
    uint32_t session; /* a number; 0: none */
    uint64_t seq;
    uint64_t stored; /* up to which sequence it is stored */
    size_t gaps;
} fleet_shard;

/* The shards in one way of numbering them, as a gateway has them. */
typedef struct fleet_gateway {
    bool is_there;  /* SHARDING was told, and SHARDING_ENDED was not */
    uint32_t flags; /* a mask of enum spectacles_relay_flag */
    fleet_shard shards[FLEET_MOST];
} fleet_gateway;

/* The sessions of one way of numbering, as Discord has them. */
typedef struct fleet_discord {
    uint32_t current[FLEET_MOST];                /* the session that lives; 0: none */
    uint64_t sent[FLEET_MOST];                   /* dispatches of that session */
    uint16_t guild_of[FLEET_MOST][FLEET_EVENTS]; /* by sequence: of which guild the event was */
    uint64_t arrived[FLEET_MOST]; /* the latest sequence of the session that a worker has got */
} fleet_discord;

/* A marked event that came to the worker. All events of a guild are alike: they have one digest. */
typedef struct fleet_arrival {
    uint64_t at; /* 0: none */
    uint16_t guild;
    int which;                     /* of fleets.discords */
    bool is_copy;                  /* it was left out */
    struct fleet_arrival *partner; /* the one that is the same event; NULL: none came so far */
} fleet_arrival;

typedef struct fleet_member {
    spectacles_broker *broker;
    spectacles_fleet *fleet;   /* NULL: it does not run */
    fleet_gateway gateways[2]; /* with FLEET_SHARDS, and with FLEET_OTHER_SHARDS */
    uint32_t phase;            /* as it was told last */
    uint64_t frozen_until;
    int problems;
    char problem[256];
    bool leads;
} fleet_member;

typedef struct fleets_world {
    fleet_member members[FLEET_MEMBERS];
    uint64_t now;
    uint32_t sessions;         /* that were ever begun: identifies */
    fleet_discord discords[2]; /* with FLEET_SHARDS, and with FLEET_OTHER_SHARDS */
    uint32_t event_count;      /* one each half second */
    bool is_quiet;             /* nothing happens at Discord */
    uint32_t dispatched[FLEET_GUILDS];
    uint32_t worked[FLEET_GUILDS]; /* how many events of the guild the worker has taken for new ones */
    fleet_arrival arrivals[FLEET_RECENT];
    uint32_t arrival_count;
    uint32_t remaining; /* identifies of the day */
    uint64_t identified_at;
    uint32_t shard_count;      /* of whoever starts; 0: FLEET_SHARDS */
    uint32_t generation;       /* likewise; 0: 1 */
    const char *token;         /* of whoever starts; NULL: one that names no bot */
    uint32_t gaps[FLEET_MOST]; /* with which a shard of FLEET_SHARDS was added, by anybody */
    uint64_t limits;           /* how often GET /gateway/bot was asked */
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

/* How many shards a member serves; how many are served by anybody: of FLEET_SHARDS, or of FLEET_OTHER_SHARDS. */
int fleets_served(int index);
int fleets_served_by_all(void);
int fleets_others_served(void);

/* The shards of a member, of FLEET_SHARDS. */
fleet_shard *fleets_shard(int index, uint32_t shard_id);

/* From now on events count. */
void fleets_count_events(void);

/* What is wrong: an event that never came, or that came twice to a worker. NULL: nothing is. */
const char *fleets_find_wrong_event(void);

/* The slot as a member sees it. */
spectacles_fleet_slot_info fleets_slot(int index, uint32_t slot);

#endif
