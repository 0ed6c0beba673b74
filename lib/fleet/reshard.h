#ifndef SP_FLEET_RESHARD_H
#define SP_FLEET_RESHARD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From one number of shards to another, while events flow. Pure: the leader asks which phase follows, and every member
 * asks what a phase means for a set.
 *
 *   STABLE --wanted--> PREPARE --identifies suffice--> WARMING --all of B is READY--> OVERLAP
 *      ^                  |                               |                              | B was steady for 40 s
 *      |                  | given up                      | given up                     v
 *      |                  v                               v              given up     CLOSING
 *      +---------------- B is gone ------------------- ABORTING <----------- OVERLAP     |
 *      +---------------------------------- A is gone: B takes its place -----------------+
 */
enum sp_reshard_phase {
    SP_RESHARD_STABLE,
    SP_RESHARD_PREPARE,  /* B is planned; nobody opens its shards yet. A marks what it publishes */
    SP_RESHARD_WARMING,  /* B identifies. What it receives is committed, and not published */
    SP_RESHARD_OVERLAP,  /* A and B publish; workers leave copies out */
    SP_RESHARD_CLOSING,  /* B serves. A publishes what it has, and its sessions end */
    SP_RESHARD_ABORTING, /* A serves. The sessions of B end */
    SP_RESHARD_PHASES
};

enum {
    /*
     * Milliseconds for which all of B has to publish before A closes. A worker takes an event for a copy of one that
     * the other set has brought SP_RESHARD_PAIR ago at the most. So what B has missed before is forgotten by then.
     */
    SP_RESHARD_STEADY = 40000,
    SP_RESHARD_PAIR = 30000,
    /*
     * Milliseconds for which the set that stays goes on marking, once the other set is gone: what the other one has
     * brought may still come from this one, and a worker remembers it for SP_RESHARD_PAIR. A member that starts marks
     * for as long: it cannot know when another set was gone.
     */
    SP_RESHARD_MARKS_ON = 40000
};

/* What a phase is decided by. */
typedef struct sp_reshard_view {
    bool is_wanted;      /* a person wants B */
    uint64_t needed;     /* identifies that B still needs */
    uint64_t left;       /* identifies that may still be granted today */
    bool is_warm;        /* each slot of B has an owner, and all of its shards are READY */
    bool is_former_warm; /* likewise of A: it owes no gap to anybody */
    uint64_t steady;     /* milliseconds for which that has been so, by the member for which it is shortest */
    bool is_former_gone; /* no slot of A has an owner any more */
    bool is_newcomer_gone; /* no slot of B has one */
} sp_reshard_view;

/* The phase that follows; the same one: nothing follows yet. */
enum sp_reshard_phase sp_reshard_next(enum sp_reshard_phase phase, const sp_reshard_view *view);

/* Whether a person can still give B up. */
bool sp_reshard_may_abort(enum sp_reshard_phase phase);

/* What the shards of a set are to do. */
enum sp_reshard_duty {
    SP_RESHARD_AWAY,    /* no connection */
    SP_RESHARD_FILTER,  /* a connection, and what arrives is committed without being published */
    SP_RESHARD_PUBLISH, /* as always */
    SP_RESHARD_MARK,    /* published with headers by which a worker knows the copy of the other set */
    SP_RESHARD_END      /* published to the end, and closed with 1000 */
};

/* newcomer: of B; else of A. */
enum sp_reshard_duty sp_reshard_duty_of(enum sp_reshard_phase phase, bool newcomer);

/* Whether SEND is routed by the number of shards of B. */
bool sp_reshard_routes_by_newcomer(enum sp_reshard_phase phase);

/* The name of a phase, as it stands in the control record; NULL for another number. */
const char *sp_reshard_name(enum sp_reshard_phase phase);

#endif
