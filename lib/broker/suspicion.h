#ifndef SP_BROKER_SUSPICION_H
#define SP_BROKER_SUSPICION_H

#include "broker/close_reason.h"
#include "broker/publishes.h"
#include "core/random.h"

/*
 * Whether a publish is what ends the connections. RabbitMQ may be unable to work on one message and end the
 * whole connection over it; published again on each new connection, it would do so for ever, and nothing
 * behind it would get out. The rule is written down in doc/architecture.md, "A publish that ends the
 * connection".
 */
enum {
    SP_SUSPICION_ENDS =
        3, /* connections in a row that ended over what was in flight, before probing begins */
    SP_SUSPICION_REFUSALS = 4, /* times that the broker said so, the record being alone in flight, */
    SP_SUSPICION_STRIKES = 5,  /* or times that the connection was refused or cut */
    /*
     * The time without publishes before the first probe of a connection: at least, and how much it differs;
     * milliseconds.
     */
    SP_SUSPICION_QUIET = 2000,
    SP_SUSPICION_SPREAD = 8000,
    /* For which part of that time an end counts behind its record: one with a word of the broker, and one without. */
    SP_SUSPICION_SAID = 8,
    SP_SUSPICION_CUT = 16
};

enum sp_probe {
    SP_PROBE_OFF,     /* publishes flow */
    SP_PROBE_WAITING, /* the next connection is not READY yet */
    SP_PROBE_QUIET,   /* it is; nothing is published before `open_at` */
    SP_PROBE_OPEN /* batches go out: of one record at first, and of twice as many whenever all of one are settled */
};

typedef struct sp_suspicion {
    enum sp_probe probe;
    uint32_t ends;  /* in a row, as said above */
    uint64_t last;  /* probing: the newest tag that was in flight when it began */
    bool ready;     /* this connection became READY */
    bool answered;  /* on this connection the broker has worked on something that was published */
    uint64_t quiet; /* of this connection */
    uint64_t open_at;
    /* The batch that may be in flight, in delivery tags of the channel. */
    uint64_t first;
    uint64_t limit;
    uint64_t window; /* records in it; 0: none yet */
    uint64_t opened_at;
    /* The record that was alone in flight when the last connections ended right behind it. */
    uint64_t struck;
    uint32_t strikes;
    uint32_t refusals; /* among them, those with a word of the broker */
} sp_suspicion;

/* A connection became READY. */
void sp_suspicion_ready(sp_suspicion *suspicion, sp_random *random, uint64_t now);

/*
 * Lets the next batch out when it is time. may_publish: nothing else is being asked of the broker, and it
 * takes publishes.
 */
void sp_suspicion_advance(sp_suspicion *suspicion, const sp_publishes *publishes, bool may_publish,
                          uint64_t now);

/* When to call that; SPECTACLES_NEVER: as things happen. */
uint64_t sp_suspicion_deadline(const sp_suspicion *suspicion);

/* What of the pending publishes may be written now. */
sp_slice sp_suspicion_gate(const sp_suspicion *suspicion, const sp_publishes *publishes, sp_slice pending);

/* The connection has ended. Returns the tag of the record that is to be given up, or 0. */
uint64_t sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                            const sp_broker_close_reason *reason);

#endif
