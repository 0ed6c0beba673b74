#ifndef SP_FLEET_GRANTS_H
#define SP_FLEET_GRANTS_H

#include "core/ring.h"
#include "fleet/turn.h"

/*
 * The identifies of the whole fleet, as the leader grants them: one for each bucket of Discord at a time, and no more
 * in a day than Discord allows, less a reserve (Discord: "Session Start Limit Object"). What a member does with a grant
 * is in asks.h.
 *
 * A grant lapses SP_ASK_TIME after it was asked for, by the clock of whoever asked. So a bucket is free again
 * SP_GRANT_SPACE after the member said that it has identified, or, when it says nothing, SP_GRANT_SPACE after the grant
 * has lapsed. A new leader waits for as long as a grant of the leader before may be on its way.
 */

/* Milliseconds, but for the count. Clocks may differ by 10 %. */
enum {
    SP_GRANT_LIFE = 3500,    /* a grant is taken within it: SP_ASK_TIME (asks.h), a tenth, and the identify */
    SP_GRANT_SPACE = 5500,   /* between two identifies of a bucket: Discord's 5 s, and a tenth */
    SP_GRANT_COUNTED = 6000, /* by then Discord has counted the identify of a grant */
    SP_GRANT_ASK = 2500,     /* an older ask lapses before a grant could come */
    SP_LIMITS_FRESH = 600000, /* an answer of GET /gateway/bot is believed so long */
    SP_LIMITS_RETRY = 15000,  /* until it is asked for again */
    SP_GRANT_ASKS_MAX = 4096  /* a count */
};

/* A bucket that is not free. */
typedef struct sp_grant_bucket {
    uint32_t bucket;
    uint64_t free_at;
    sp_fleet_turn turn; /* what it was granted for */
} sp_grant_bucket;

typedef struct sp_grant_ask {
    sp_fleet_turn turn;
    uint64_t heard_at;
} sp_grant_ask;

typedef struct sp_grants {
    bool leads;
    uint32_t reserve;
    uint64_t quiet_until; /* grants of the leader before may be taken until then */
    bool is_counted;      /* somebody asks how many are left, beside the shards */
    bool has_limits;
    uint32_t concurrency;
    uint64_t left; /* identifies that may be granted, without the reserve */
    uint64_t fresh_until;
    uint64_t retry_at; /* limits are not wanted again before */
    sp_ring asks;      /* of sp_grant_ask, in their order */
    sp_ring busy;      /* of sp_grant_bucket */
    sp_ring recent;    /* of uint64_t: when grants were given that the last answer may not have counted */
} sp_grants;

/* reserve: identifies that are never granted. */
void sp_grants_init(sp_grants *grants, uint32_t reserve);
void sp_grants_free(sp_grants *grants);

/*
 * This member is the leader from now on, behind the fence of the control queue; or it is not any more. alone_since:
 * since when no leader before can grant anything.
 */
void sp_grants_lead(sp_grants *grants, uint64_t alone_since);
void sp_grants_stop(sp_grants *grants);

/* Whether GET /gateway/bot is to be asked now. It counts as asked then, for SP_LIMITS_RETRY. */
bool sp_grants_want_limits(sp_grants *grants, uint64_t now);

/* The answer. asked_at: when the request was sent. */
void sp_grants_limits(sp_grants *grants, uint32_t concurrency, uint32_t remaining, uint64_t reset_after,
                      uint64_t asked_at, uint64_t now);

/* How many may still be granted today; 0 also when that is not known now. */
uint64_t sp_grants_left(const sp_grants *grants, uint64_t now);

/* What members say. SPECTACLES_E_NOMEM and _TOOBIG: the ask is forgotten, and comes again. */
int sp_grants_asked(sp_grants *grants, const sp_fleet_turn *turn, uint64_t now);
void sp_grants_took(sp_grants *grants, const sp_fleet_turn *turn, uint64_t now);

/* The next grant that is to be told. False: there is none now. */
bool sp_grants_next(sp_grants *grants, uint64_t now, sp_fleet_turn *out);

/* When to ask again at the latest. */
uint64_t sp_grants_deadline(const sp_grants *grants);

#endif
