#ifndef SP_BROKER_STATE_H
#define SP_BROKER_STATE_H

#include "broker/internal.h"

/*
 * The one place where the state changes. Sets the deadline of the phase. Setting the same state again begins
 * its phase again. A state that may not follow the present state is a mistake in the library: an assertion fails.
 */
void sp_broker_set_state(spectacles_broker *broker, enum spectacles_broker_state state, uint64_t now);

/* The one place where the state of the publishing channel changes. */
void sp_broker_set_publishing(spectacles_broker *broker, enum sp_publishing_state state);

/* Whether the publishing channel is in confirm mode. */
bool sp_broker_has_confirms(const spectacles_broker *broker);

/* Asserts what holds between two calls of the owner. Nothing in a release build. */
void sp_broker_assert_invariants(const spectacles_broker *broker);

#endif
