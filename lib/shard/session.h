#ifndef SP_SHARD_SESSION_H
#define SP_SHARD_SESSION_H

#include "core/buffer.h"
#include "shard/url.h"

#include <spectacles/shard.h>

/* The session: what a RESUME needs (Discord: "Resuming"), and which dispatches are safe. */
enum {
    SP_SESSION_ID_MAX = 255,
    SP_RESUME_URL_MAX = 511
};

typedef struct sp_session {
    char id[SP_SESSION_ID_MAX + 1]; /* empty: there is no session */
    bool lost;                      /* it cannot be resumed, and the owner has not pulled its GAP yet */
    char resume_url[SP_RESUME_URL_MAX + 1];
    sp_url resume;     /* resume_url, parsed; the base URL when resume_url must not be followed */
    uint64_t received; /* the last sequence that was pulled on this connection; a replay begins it again */
    uint64_t
        furthest; /* the highest sequence of an event (not of READY and RESUMED) on any connection of the session */
    uint64_t committed;
    uint64_t stored; /* what the owner has stored the session with: SPECTACLES_SHARD_STORED_HEARTBEATS */
    uint64_t
        unanswered;  /* when the first RESUME was sent of those without an answer; SPECTACLES_NEVER: none */
    bool doubted;    /* a close code said that the session may be lost, and it made no progress since */
    uint32_t format; /* what its payloads were written in: enum spectacles_format */
} sp_session;

/* Whether there is a session that can be resumed. */
bool sp_session_exists(const sp_session *session);

/* Whether the owner sees a session: it exists, or its GAP was not pulled yet. */
bool sp_session_is_known(const sp_session *session);
void sp_session_forget(sp_session *session);

/* The session is alive: it began, was resumed, or made progress. */
void sp_session_confirm(sp_session *session);

/* A RESUME was sent. */
void sp_session_note_resume(sp_session *session, uint64_t now);

/* Takes over a session that an owner has stored. SPECTACLES_E_INVAL, and *why is the reason. */
int sp_session_import(sp_session *session, const spectacles_session *stored, const sp_url *base,
                      const char **why);

/*
 * Reads the `d` of READY: session_id and resume_gateway_url. SPECTACLES_E_PROTO, and *why is the reason. A resume URL
 * that must not be followed is replaced by the base URL; then *untrusted is set.
 */
int sp_session_begin(sp_session *session, sp_slice ready, const sp_url *base, bool *untrusted,
                     const char **why);

/* The sequence from which a RESUME goes on. */
uint64_t sp_session_safe_seq(const sp_session *session, bool commits);

#endif
