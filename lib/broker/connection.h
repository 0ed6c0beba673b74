#ifndef SP_BROKER_CONNECTION_H
#define SP_BROKER_CONNECTION_H

#include "broker/internal.h"

/* Whether the next connection is to be made now. It waits until the owner has pulled what became of the last one. */
bool sp_broker_connects_now(const spectacles_broker *broker, uint64_t now);

void sp_broker_connect(spectacles_broker *broker, uint64_t now);

/* Drops the frame that was read last. An event may have pointed into it. */
void sp_broker_forget_frame(spectacles_broker *broker);

/*
 * Frees what arrived on a connection that has ended. An event that the owner still reads may point into it: the owner
 * has to have pulled since, or to have called expire().
 */
void sp_broker_release_input(spectacles_broker *broker);

/*
 * Notes why the connection ends, for the caller to fill in the text. NULL when a reason is there already: the first one
 * stands, because later ones follow from it.
 */
sp_broker_close_reason *sp_broker_set_reason(spectacles_broker *broker, uint32_t code, int error);

/* Ends the connection from our side, with connection.close where it can be sent. Set the reason before. */
void sp_broker_close_connection(spectacles_broker *broker, uint32_t code, uint64_t now);

/* The connection is over: BACKOFF or CLOSED follows. */
void sp_broker_end_connection(spectacles_broker *broker, uint64_t now);

/* After spectacles_broker_close(): ends the connection once nothing is open, or time is up. */
void sp_broker_check_drained(spectacles_broker *broker, uint64_t now);

#endif
