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
 * Notes why the connection ends, for the caller to fill in the text. NULL when a reason is there already: the first one
 * stands, because later ones follow from it.
 */
sp_close_reason *sp_shard_set_reason(spectacles_shard *shard, uint32_t code, int error,
                                     enum sp_close_plan plan);

/* Ends the connection from our side, with a close frame where one can be sent. Set the reason before. */
void sp_shard_close_connection(spectacles_shard *shard, uint32_t close_code, uint64_t now);

/* Sets a reason and closes the connection with this code. The session is resumed. */
void sp_shard_refuse(spectacles_shard *shard, uint32_t close_code, int error, const char *text, uint64_t now);

/* Gives the connection up when error is not 0. What was lost with it comes back after the resume. */
void sp_shard_check_memory(spectacles_shard *shard, int error, uint64_t now);

/* The connection is over: BACKOFF, FATAL or CLOSED follows, as its reason says. */
void sp_shard_end_connection(spectacles_shard *shard, uint64_t now);

/* An event came that this session had never brought before, or more of the session is committed. */
void sp_shard_note_progress(spectacles_shard *shard);

/* The session cannot be resumed any more: GAP. */
void sp_shard_lose_session(spectacles_shard *shard);

#endif
