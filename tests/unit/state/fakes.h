#ifndef TESTS_UNIT_STATE_FAKES_H
#define TESTS_UNIT_STATE_FAKES_H

#include <spectacles/state.h>

/*
 * Shards and a relay that say what the test wants them to say, in the place of the library's own. The relay is
 * whatever pointer the test passes.
 */
enum {
    FAKE_SHARDS = 4,
    FAKE_GAPS = 300
};

struct spectacles_shard {
    uint32_t id;
    uint32_t count;
    const char *session; /* NULL: none */
    const char *url;
    uint64_t seq;
    uint32_t format;
};

extern spectacles_shard fake_shards[FAKE_SHARDS];
extern spectacles_shard *fake_served[FAKE_SHARDS]; /* pointers to them, in their order */
extern size_t fake_changed_count;                  /* how many of fake_served the relay says have changed */
extern int fake_forgotten;                         /* how often a state has taken all of them */
extern spectacles_gap fake_gaps[FAKE_GAPS];        /* what the relay has left to declare */
extern size_t fake_gap_count;

/* So many shards of a bot with as many: sessions s0 .. s3, sequences 17 .. 20. No gaps. */
void fakes_reset(uint32_t count);

/* After sequence 5 of old_session, before sequence 1 of new_session, in the year 2026. */
void fake_gap(uint32_t shard_id, const char *old_session, const char *new_session);

#endif
