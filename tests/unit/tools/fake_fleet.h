#ifndef TESTS_UNIT_TOOLS_FAKE_FLEET_H
#define TESTS_UNIT_TOOLS_FAKE_FLEET_H

#include "unit.h"

#include <spectacles/fleet.h>
#include <stdbool.h>

enum {
    FAKE_FLEET_EVENTS = 16
};

/*
 * In the place of lib/fleet and of connection.c: a fleet whose events a test has written down, and which remembers what
 * it was told. There is one. Nothing is connected.
 */
struct fake_fleet {
    spectacles_fleet_event events[FAKE_FLEET_EVENTS];
    size_t count;
    size_t next;
    uint64_t deadline;
    int error;   /* of reports */
    int refused; /* so many of the next reports are: an id is malformed */
    /* what it was told */
    int made;
    int freed;
    char member[SPECTACLES_FLEET_NAME_SIZE];
    char group[64];
    uint32_t shard_count;
    int left;
    bool has_left;
    int reports;
    int removals;
    uint32_t shard_id; /* of the last report or removal */
    uint64_t seq;      /* likewise, of its session; UINT64_MAX: it had none */
    size_t gaps;       /* likewise */
    int wants;         /* how many shards want to identify */
    int connected;
    int disconnected;
    int identified;    /* answers to grants */
    int sent;          /* of the last one */
    uint64_t asked_at; /* of the limits; 0: none came */
    struct {
        uint32_t slot;
        char member[SPECTACLES_FLEET_NAME_SIZE];
    } moves[64];
    size_t move_count;
    uint32_t sharding; /* of the last report or answer */
    uint32_t wanted;   /* the number of shards that was asked for; 0: none was */
    int aborted;       /* how often the way there was given up */
    int change_error;  /* of both */
    /* what it shows */
    spectacles_fleet_resharding progress;
    spectacles_fleet_resharding shown[8]; /* what is shown each time after a wish was told */
    size_t shown_count;
    size_t shown_next;
    spectacles_fleet_slot_info slots[4];
    spectacles_fleet_member_info members[4];
    size_t member_count;
};

extern struct fake_fleet fake_fleet;

/* A fleet of four slots, to which nothing has happened. */
void fake_fleet_begin(void);

/* The next event. */
void fake_fleet_bring(const spectacles_fleet_event *event);

/* A member that is there. */
void fake_fleet_add_member(const char *name, uint32_t weight);

#endif
