#ifndef SP_BROKER_SUSPICION_H
#define SP_BROKER_SUSPICION_H

#include "broker/close_reason.h"
#include "broker/publishes.h"
#include "core/random.h"

/*
 * The suspicion that a publish ends the connections. RabbitMQ may be unable to handle one message, and may end the
 * whole connection because of it. The message is published again on each new connection, and would end each of them.
 * No later message would get out. doc/architecture.md has the rule, in "A publish that ends the connection".
 */
enum {
    /* Probing begins after so many connections in a row that ended with publishes in flight. */
    SP_SUSPICION_ENDS = 3,
    /* A record that was alone in flight is given up after so many refusals by the broker, */
    SP_SUSPICION_REFUSALS = 4,
    /* or after so many ends of a connection, refusals and cuts together. */
    SP_SUSPICION_STRIKES = 5,
    /*
     * The quiet time: before the first probe of a connection nothing is published. Milliseconds: the minimum, and the
     * most that is added at random.
     */
    SP_SUSPICION_QUIET = 2000,
    SP_SUSPICION_SPREAD = 8000,
    /*
     * An end counts against the record when it comes within this fraction of the quiet time: an 8th when the broker
     * said why, a 16th when the connection was cut.
     */
    SP_SUSPICION_SAID = 8,
    SP_SUSPICION_CUT = 16
};

enum sp_probe {
    SP_PROBE_OFF,     /* publishes flow */
    SP_PROBE_WAITING, /* the next connection is not READY yet */
    SP_PROBE_QUIET,   /* the connection is READY; nothing is published before `open_at` */
    SP_PROBE_OPEN     /* batches go out: first one record, then twice as many after each settled batch */
};

typedef struct sp_suspicion {
    enum sp_probe probe;
    uint32_t ends;  /* suspicious ends in a row: see SP_SUSPICION_ENDS */
    uint64_t last;  /* the newest tag in flight when probing began: records up to this tag are suspects */
    bool ready;     /* this connection became READY */
    bool answered;  /* the broker has confirmed a publish on this connection */
    uint64_t quiet; /* the quiet time of this connection, in milliseconds */
    uint64_t open_at;
    /* The batch that may be in flight: behind delivery tag `first`, up to delivery tag `limit`. */
    uint64_t first;
    uint64_t limit;
    uint64_t window; /* records in the batch; 0: there was no batch yet */
    uint64_t opened_at;
    /* The tag of the record that was alone in flight when the last connections ended, and the count of those ends. */
    uint64_t struck;
    uint32_t strikes;
    uint32_t refusals; /* the strikes for which the broker said why */
} sp_suspicion;

/* A connection became READY. */
void sp_suspicion_ready(sp_suspicion *suspicion, sp_random *random, uint64_t now);

/*
 * Lets the next batch out when it is time. may_publish: the broker takes publishes, and no other request to the broker
 * is open.
 */
void sp_suspicion_advance(sp_suspicion *suspicion, const sp_publishes *publishes, bool may_publish,
                          uint64_t now);

/* When sp_suspicion_advance() has to be called next. SPECTACLES_NEVER: time alone changes nothing. */
uint64_t sp_suspicion_deadline(const sp_suspicion *suspicion);

/* The part of the pending publishes that may be written now. */
sp_slice sp_suspicion_gate(const sp_suspicion *suspicion, const sp_publishes *publishes, sp_slice pending);

/* The connection has ended. Returns the tag of the record that is to be given up, or 0. */
uint64_t sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                            const sp_broker_close_reason *reason);

#endif
