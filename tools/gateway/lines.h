#ifndef GATEWAY_LINES_H
#define GATEWAY_LINES_H

#include "log_repeats.h"

#include <spectacles/relay.h>

/*
 * Writes the line of an event of the gateway: the sentence of spectacles_relay_event_describe(), the level that the
 * event has for an operator, and the fields shard, code and subject (the broker, the queue or the name).
 *
 * Failures that may come in numbers go through `repeats`. Commands and heartbeats are lines at the level `debug` alone.
 * MESSAGE, and a shard that waits together with all others (RATE_LIMITED tells of that), are no lines.
 *
 * repeats: NULL: nothing is summed up.
 * now: spectacles_now().
 */
void lines_event(struct log *log, struct log_repeats *repeats, const spectacles_relay_event *event,
                 uint64_t now);

#endif
