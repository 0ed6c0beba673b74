#ifndef SP_SHARD_CONNECTION_H
#define SP_SHARD_CONNECTION_H

#include "shard/internal.h"

/* The codes with which the shard closes. Each of them keeps the session. */
enum {
    SP_CLOSE_CODE_FORBIDDEN = 1002,
    SP_CLOSE_CODE_UNSUPPORTED = 1003,
    SP_CLOSE_CODE_UNDECODABLE = 1007,
    SP_CLOSE_CODE_RECONNECT = 4000
};

/*
 * When a new connection is to be made; SPECTACLES_NEVER while there is one, while events of the last one wait to be
 * pulled, or when the state is final.
 */
uint64_t sp_shard_next_connect(const spectacles_shard *shard);

void sp_shard_connect(spectacles_shard *shard, uint64_t now);

/*
 * Sets why the connection ends, and returns the reason for the caller to write its text. NULL when a reason is set
 * already: the first reason stays, because later ones follow from it.
 */
sp_close_reason *sp_shard_set_reason(spectacles_shard *shard, uint32_t code, int error,
                                     enum sp_close_plan plan);

/* Ends the connection, with a close frame when one can be sent. The reason has to be set before. */
void sp_shard_close_connection(spectacles_shard *shard, uint32_t close_code, uint64_t now);

/* Sets a reason and closes the connection with this code. The session is resumed. */
void sp_shard_refuse(spectacles_shard *shard, uint32_t close_code, int error, const char *text, uint64_t now);

/* Ends the connection when error is not 0. What was lost for lack of memory comes again after the resume. */
void sp_shard_check_memory(spectacles_shard *shard, int error, uint64_t now);

/* The connection has ended: BACKOFF, FATAL or CLOSED follows, depending on the reason. */
void sp_shard_end_connection(spectacles_shard *shard, uint64_t now);

/* The session made progress: an event came that is new to it, or a commit went further. */
void sp_shard_note_progress(spectacles_shard *shard);

/* The session cannot be resumed any more: queues GAP. */
void sp_shard_lose_session(spectacles_shard *shard);

#endif
