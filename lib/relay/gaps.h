#ifndef SP_RELAY_GAPS_H
#define SP_RELAY_GAPS_H

#include "relay/internal.h"

/* What will never come. */

/* Takes over the gaps of a former process. */
int sp_relay_import_gaps(spectacles_relay *relay, const spectacles_relay_config *config,
                         spectacles_problem *problem);

/* A session is lost; the gap ends where the next one begins. */
void sp_relay_open_gap(const spectacles_relay *relay, sp_relay_shard *shard, const char *old_session,
                       uint64_t seq, uint64_t now);
void sp_relay_end_gaps(spectacles_relay *relay, sp_relay_shard *shard);

/* One dispatch of this session can not be published. */
int sp_relay_skip_gap(spectacles_relay *relay, sp_relay_shard *shard, uint64_t seq, uint64_t now);

/* Publishes what can be published. True when it did something. */
bool sp_relay_publish_gaps(spectacles_relay *relay, uint64_t now);

/* A gap that was never published stands before all dispatches behind it. */
bool sp_relay_gap_waits(const sp_relay_shard *shard);
void sp_relay_gap_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_gap_returned(spectacles_relay *relay, const sp_publish *publish, uint64_t now);
uint64_t sp_relay_gaps_deadline(const spectacles_relay *relay);

#endif
