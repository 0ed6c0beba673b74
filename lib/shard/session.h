#ifndef SP_SHARD_SESSION_H
#define SP_SHARD_SESSION_H

#include "core/buffer.h"
#include "shard/url.h"

#include <spectacles/shard.h>

/* What a resume takes (Discord: "Resuming"), and which dispatches are safe. */
enum {
    SP_SESSION_ID_MAX = 255,
    SP_RESUME_URL_MAX = 511
};

typedef struct sp_session {
    char id[SP_SESSION_ID_MAX + 1]; /* empty: there is no session */
    bool lost;                      /* it can not be resumed, and the owner does not know yet */
    char resume_url[SP_RESUME_URL_MAX + 1];
    sp_url resume;     /* the same, parsed, when it may be followed; else the base */
    uint64_t received; /* on this connection: a replay begins it anew */
    uint64_t
        furthest; /* the highest of an event (not READY, not RESUMED) on any of the session's connections */
    uint64_t committed;
    uint64_t
        unanswered; /* when the first RESUME went out that nothing has answered since; SPECTACLES_NEVER: none */
    bool doubted;   /* a close code says that it may be gone, and nothing has shown since that it lives */
    uint32_t format; /* in which it was made */
} sp_session;

/* One that can be resumed. */
bool sp_session_exists(const sp_session *session);

/* One that the owner believes in: it exists, or its GAP has not been handed out. */
bool sp_session_is_known(const sp_session *session);
void sp_session_forget(sp_session *session);

/* Discord has it: it was made or resumed, or it has made progress. */
void sp_session_confirm(sp_session *session);

/* A RESUME went out. */
void sp_session_note_resume(sp_session *session, uint64_t now);

/* Takes over what an owner stored. SPECTACLES_E_INVAL, and *why says what is wrong with it. */
int sp_session_import(sp_session *session, const spectacles_session *stored, const sp_url *base,
                      const char **why);

/*
 * Reads the d of READY: session_id and resume_gateway_url. SPECTACLES_E_PROTO, and *why says what is wrong with it.
 * A resume URL that may not be followed is forgotten, and the base stands for it: *untrusted is then set.
 */
int sp_session_begin(sp_session *session, sp_slice ready, const sp_url *base, bool *untrusted,
                     const char **why);

/* The sequence from which a resume would go on. */
uint64_t sp_session_safe_seq(const sp_session *session, bool commits);

#endif
