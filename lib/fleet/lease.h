#ifndef SP_FLEET_LEASE_H
#define SP_FLEET_LEASE_H

#include "core/random.h"
#include "core/ring.h"
#include "fleet/record.h"

/*
 * The ownership of one slot, without I/O (doc/fleet-design.md). Its owner tells it what the broker tells, and does what
 * sp_lease_next() says. Every call takes `now`, and looks at the deadline of the lease before anything else.
 */

/* Milliseconds, but for the counts. */
enum {
    SP_LEASE_TIME = 7000,         /* T: a record that came back proves so much, from when it was sent */
    SP_LEASE_BLIND_FENCE = 20000, /* when no content was seen: the record may still be with who left last */
    SP_LEASE_FENCE = 8200,        /* 1.1 T + 0.5 s: until a former owner cannot identify any more */
    SP_LEASE_RENEW = 1750, /* T / 4: a record is written so often, whether or not something has changed */
    SP_LEASE_WRITE = 1000, /* when a sequence has changed */
    SP_LEASE_RESUME_AFTER = 250,      /* of CLAIMING */
    SP_LEASE_RETRY = 500,             /* until a record is written again that no queue took */
    SP_LEASE_SEED = 10000,            /* of WAITING without a record, until a seed is written */
    SP_LEASE_LEAVE = 12000,           /* of RELEASING */
    SP_LEASE_DOUBTFUL_RESUME = 10000, /* of DOUBTFUL, until the first RESUME */
    SP_LEASE_DOUBTFUL_RESUMES = 3,    /* a count */
    SP_LEASE_HELD_MAX = 256           /* a count: deliveries that are not acknowledged (basic.qos) */
};

enum sp_lease_state {
    SP_LEASE_IDLE,      /* not wanted here */
    SP_LEASE_WAITING,   /* subscribed, and no record was delivered: somebody else may be the owner */
    SP_LEASE_CLAIMING,  /* a record was delivered; a claim is on its way */
    SP_LEASE_OWNED,     /* a record of ours came back, which was sent less than T ago */
    SP_LEASE_RELEASING, /* the last record is on its way, or waits for the shards */
    SP_LEASE_DOUBTFUL   /* nothing has come back in T, or the subscription has ended */
};

/* What is to be done now. */
enum sp_lease_action {
    SP_LEASE_NOTHING,
    SP_LEASE_ACKNOWLEDGE, /* `delivery` */
    SP_LEASE_GIVE_BACK,   /* reject `delivery` with requeue */
    SP_LEASE_CANCEL,      /* end the subscription; behind all GIVE_BACKs */
    SP_LEASE_CONSUME,     /* subscribe */
    SP_LEASE_PUBLISH /* `body`, with `flags`; what becomes of it is told by sp_lease_answered(), with `write` */
};

/* What became of a publish. */
enum sp_lease_answer {
    SP_LEASE_CONFIRMED, /* a queue has it */
    SP_LEASE_RETURNED   /* no queue has it, or it was never sent */
};

/* What is to become of the connection of a shard to Discord. */
enum sp_lease_verdict {
    SP_LEASE_KEEP,
    SP_LEASE_LEAVE_SESSION, /* close with 4000: somebody else resumes the session */
    SP_LEASE_END_SESSION    /* close with 1000: nobody else knows of the session */
};

typedef struct sp_lease_step {
    uint64_t delivery;
    uint64_t write; /* 0: nobody waits for an answer */
    uint32_t flags; /* enum spectacles_message_flag */
    sp_slice body;  /* valid until the next call on the lease */
} sp_lease_step;

/* A delivery that is not settled. */
typedef struct sp_lease_held {
    uint64_t delivery;
    uint64_t contained_in; /* the first own record that contains it */
    enum sp_lease_action settle;
} sp_lease_held;

/* The own record that was published last, until it comes back. */
typedef struct sp_lease_flight {
    bool is_open;
    enum sp_fleet_kind kind;
    uint64_t write;
    uint64_t sent_at;
} sp_lease_flight;

typedef struct sp_lease {
    sp_fleet_place place;
    char member[SP_FLEET_MEMBER_MAX + 1];
    sp_random random;
    enum sp_lease_state state;
    bool is_subscribed;
    bool serves;     /* shards of the slot may have connections here */
    bool stays;      /* RELEASING: WAITING follows, and not IDLE */
    bool is_drained; /* RELEASING: the content is final */
    bool is_clean;   /* RELEASING: the fence was over */
    bool wants_cancel;
    bool wants_consume;
    bool wants_seed;
    bool is_changed; /* a sequence has changed since the last record */
    bool is_urgent;  /* a record has to be written at once */
    sp_fleet_content content;
    uint64_t epoch; /* of the own term; 0: there was none */
    char nonce[SP_FLEET_NONCE_LENGTH + 1];
    sp_fleet_version foreign;                      /* the latest one of somebody else */
    char foreign_nonce[SP_FLEET_NONCE_LENGTH + 1]; /* empty: its epoch has more than one owner */
    bool foreign_released;                         /* it was RELEASED */
    bool is_lifted;  /* the term began behind such a record: there is no fence */
    bool is_founded; /* a record with a content was seen */
    uint64_t writes; /* own records, of all terms */
    sp_lease_flight flight;
    sp_fleet_version returned; /* of the own record that came back last */
    uint64_t since;            /* when the state began */
    uint64_t renewed;          /* when the record that came back last was sent */
    uint64_t active_at;        /* when the first record of this term came, or the slot became OWNED anew */
    uint64_t wrote_at;
    uint64_t retry_at; /* no record is written before */
    uint64_t seed_at;
    uint32_t doubtful_resumes;
    sp_ring held; /* of sp_lease_held */
    sp_buffer body;
} sp_lease;

/* seed: not 0, and another one for each lease and each process. */
void sp_lease_init(sp_lease *lease, const sp_fleet_place *place, const char *member, uint64_t seed);
void sp_lease_free(sp_lease *lease);

/* ---- What the owner wants ---- */

/* The slot is wanted here, as its owner or as a standby. */
void sp_lease_want(sp_lease *lease, uint64_t now);

/*
 * The slot is to go elsewhere. An owner drains its shards, reports them for the last time, and calls
 * sp_lease_drained(), which does nothing again. stays: as a standby.
 */
void sp_lease_release(sp_lease *lease, bool stays, uint64_t now);
void sp_lease_drained(sp_lease *lease, uint64_t now);

/*
 * Reports a shard: takes the record over. A changed session or changed gaps are written at once.
 * SPECTACLES_E_NOMEM: nothing has changed, and the caller keeps the record.
 */
int sp_lease_report(sp_lease *lease, sp_record *record, uint64_t now);

/* Reports the control object, a JSON text: takes it over (free()), and writes it at once. */
void sp_lease_report_control(sp_lease *lease, char *control, uint64_t now);

/* A hello said that somebody owns the slot in this epoch. */
void sp_lease_heard(sp_lease *lease, uint64_t epoch, uint64_t now);

/* ---- What the broker tells ---- */

/* is_empty: the queue held no message, and nobody consumed it. */
void sp_lease_subscribed(sp_lease *lease, bool is_empty, uint64_t now);

/* The subscription has ended, and all deliveries with it. */
void sp_lease_lost(sp_lease *lease, uint64_t now);

/*
 * A message of the queue. Returns 0, or an error of sp_fleet_record_read(). After SPECTACLES_E_NOMEM the caller gives
 * the delivery back. After any other error the lease is IDLE: whoever cannot read a record does not overwrite it.
 */
int sp_lease_delivered(sp_lease *lease, uint64_t delivery, sp_slice body, uint64_t now,
                       spectacles_problem *problem);

void sp_lease_answered(sp_lease *lease, uint64_t write, enum sp_lease_answer answer, uint64_t now);

/* ---- What is to be done ---- */

/* Ask until it is SP_LEASE_NOTHING, after each call. What was returned counts as done. */
enum sp_lease_action sp_lease_next(sp_lease *lease, uint64_t unix_time, uint64_t now, sp_lease_step *step);

/* When to ask again at the latest. */
uint64_t sp_lease_deadline(const sp_lease *lease);

/* ---- What is allowed ---- */

/* Whether shards of the slot may have connections here at all. */
bool sp_lease_serves(sp_lease *lease, uint64_t now);

/* What is to become of a connection that stands. */
enum sp_lease_verdict sp_lease_verdict(sp_lease *lease, uint32_t shard_id, uint64_t now);

bool sp_lease_may_identify(sp_lease *lease, uint64_t now);

/* Since when nobody who owned the slot before can act as its owner. For who may identify. */
uint64_t sp_lease_alone_since(const sp_lease *lease);

/* Asked for each RESUME that is sent: a DOUBTFUL lease counts them. */
bool sp_lease_may_resume(sp_lease *lease, uint64_t now);

/* Whether the session of a shard stands in a record that came back. *seq: up to which sequence. */
bool sp_lease_is_stored(const sp_lease *lease, uint32_t shard_id, uint64_t *seq);

#endif
