#ifndef SP_RELAY_GAPS_H
#define SP_RELAY_GAPS_H

#include "relay/internal.h"

/* Dispatches that will never come. */

/* Takes over the gaps of a former process. SPECTACLES_E_INVAL: a gap of a shard that is not served here. */
int sp_relay_import_gaps(spectacles_relay *relay, const spectacles_gap *gaps, size_t count,
                         spectacles_problem *problem);

/*
 * The shard leaves: spectacles_relay_gap() gives its gaps until they are forgotten, so that the owner can store them or
 * hand them on.
 */
void sp_relay_leave_gaps(spectacles_relay *relay, sp_relay_shard *shard);
void sp_relay_forget_left_gaps(spectacles_relay *relay);

/* Opens a gap when a session is lost, and ends the open gaps when the next session begins. */
void sp_relay_open_gap(spectacles_relay *relay, sp_relay_shard *shard, const char *old_session, uint64_t seq,
                       uint64_t now);
/* The clock of the day was set: the times of gaps that were not published yet follow it. shift may wrap. */
void sp_relay_shift_gaps(spectacles_relay *relay, sp_relay_shard *shard, uint64_t shift);
void sp_relay_end_gaps(spectacles_relay *relay, sp_relay_shard *shard);

/* Adds a gap for one dispatch of the present session, which cannot be published. SPECTACLES_E_NOMEM. */
int sp_relay_add_dispatch_gap(spectacles_relay *relay, sp_relay_shard *shard, uint64_t seq, uint64_t now);

/* The gaps of a shard have changed, or may be published from now on. */
void sp_relay_schedule_gaps(spectacles_relay *relay, sp_relay_shard *shard);

/* Publishes the gaps that may be published now. True when one was published. */
bool sp_relay_publish_gaps(spectacles_relay *relay, uint64_t now);

/* Whether a gap waits to be published for the first time. It has to go before all dispatches behind it. */
bool sp_relay_gap_waits(const sp_relay_shard *shard);

/* Whether a gap of the shard waits to be published, at once or at its time. */
bool sp_relay_gap_is_due(const sp_relay_shard *shard);
void sp_relay_gap_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_gap_returned(spectacles_relay *relay, const sp_publish *publish, uint64_t now);
uint64_t sp_relay_gaps_deadline(const spectacles_relay *relay);

#endif
