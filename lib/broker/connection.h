#ifndef SP_BROKER_CONNECTION_H
#define SP_BROKER_CONNECTION_H

#include "broker/internal.h"

/* Whether the next connection is due now. It waits until the owner has pulled the events of the last connection. */
bool sp_broker_connects_now(const spectacles_broker *broker, uint64_t now);

void sp_broker_connect(spectacles_broker *broker, uint64_t now);

/* Frees the frame that was read last. The last event, which may point into the frame, is not valid any more. */
void sp_broker_forget_frame(spectacles_broker *broker);

/*
 * Frees the bytes that arrived on a connection that has ended. The last event may point into these bytes. So this may
 * be called only after the owner has pulled again, or has called spectacles_stream_expire().
 */
void sp_broker_release_input(spectacles_broker *broker);

/*
 * Sets the reason why the connection ends. The caller fills in the text. NULL when a reason is set already: the first
 * reason is kept, because later reasons follow from the first.
 */
sp_broker_close_reason *sp_broker_set_reason(spectacles_broker *broker, uint32_t code, int error);

/* Closes the connection, with connection.close when it can be sent. The caller has set the reason. */
void sp_broker_close_connection(spectacles_broker *broker, uint32_t code, uint64_t now);

/* Ends the connection. The state is BACKOFF or CLOSED then. */
void sp_broker_end_connection(spectacles_broker *broker, uint64_t now);

/*
 * After spectacles_broker_close(): closes the connection when no publish and no call is open any more, or when
 * drain_timeout is over.
 */
void sp_broker_check_drained(spectacles_broker *broker, uint64_t now);

#endif
