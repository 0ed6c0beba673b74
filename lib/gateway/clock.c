/*
 * Follows the clock of the day, so that the times of gaps stay right when somebody sets it. gateway.c calls it in each
 * turn.
 */
#include "gateway/clock.h"

enum {
    CLOCK_SLACK =
        1000 /* milliseconds: `now` is a little older than the clock of the day, by the length of a turn */
};

void sp_gateway_follow_clock(spectacles_gateway *gateway, uint64_t now)
{
    uint64_t offset = spectacles_unix_time() - now;
    uint64_t ahead = offset - gateway->unix_offset;
    uint64_t behind = gateway->unix_offset - offset;
    if (gateway->unix_offset == 0 || (ahead < behind ? ahead : behind) < CLOCK_SLACK)
        return;
    gateway->unix_offset = offset;
    spectacles_relay_set_unix_offset(gateway->relay, offset);
}
