/*
 * Keeps the session: what a RESUME needs, and which sequence is safe. Called by connection.c, state.c, dispatch.c,
 * ops.c, events.c, send.c and shard.c.
 */
#include "shard/session.h"

#include "codec/json.h"
#include "core/text.h"

#include <string.h>

bool sp_session_exists(const sp_session *session)
{
    return session->id[0] != '\0' && !session->lost;
}

bool sp_session_is_known(const sp_session *session)
{
    return session->id[0] != '\0';
}

void sp_session_forget(sp_session *session)
{
    *session = (sp_session){0};
}

void sp_session_confirm(sp_session *session)
{
    session->unanswered = SPECTACLES_NEVER;
    session->doubted = false;
}

void sp_session_note_resume(sp_session *session, uint64_t now)
{
    if (session->unanswered == SPECTACLES_NEVER)
        session->unanswered = now;
}

uint64_t sp_session_safe_seq(const sp_session *session, bool commits)
{
    return commits ? session->committed : session->received;
}

/* Chooses where a resume goes: to the session's own host when the token may be sent there, else to the base URL. */
static bool choose_host(sp_session *session, const sp_url *base)
{
    const char *why;
    sp_url resume;
    session->resume = *base;
    if (sp_url_parse(&resume, session->resume_url, &why) != SPECTACLES_OK || !sp_url_trusts(base, &resume))
        return false;
    session->resume = resume;
    return true;
}

static int copy(char *out, size_t size, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length >= size)
        return SPECTACLES_E_INVAL;
    memcpy(out, text, length + 1);
    return SPECTACLES_OK;
}

/*
 * The id of a session is written into logs, message-ids, gap records and the store of the owner. Other characters than
 * graphic ASCII could act on a log or break the store. Discord's ids are hexadecimal digits.
 */
int sp_session_import(sp_session *session, const spectacles_session *stored, const sp_url *base,
                      const char **why)
{
    sp_session taken = {.received = stored->seq,
                        .furthest = stored->seq,
                        .committed = stored->seq,
                        .stored = stored->seq,
                        .format = stored->format};
    const char *url = stored->resume_url ? stored->resume_url : "";
    *why = "session has no id, or one that is longer than 255 bytes";
    if (copy(taken.id, sizeof taken.id, stored->session_id) < 0)
        return SPECTACLES_E_INVAL;
    *why = "session's resume_url is longer than 511 bytes";
    if (*url && copy(taken.resume_url, sizeof taken.resume_url, url) < 0)
        return SPECTACLES_E_INVAL;
    *why = "session's id or resume_url is not printable ASCII without spaces";
    if (!sp_text_is_graphic(taken.id) || !sp_text_is_graphic(taken.resume_url))
        return SPECTACLES_E_INVAL;
    choose_host(&taken, base);
    sp_session_confirm(&taken);
    *session = taken;
    return SPECTACLES_OK;
}

/*
 * Reads the text of a key. Returns its length, or SPECTACLES_E_STATE when the key is missing, SPECTACLES_E_TOOBIG or
 * SPECTACLES_E_PROTO.
 */
static int read_text(sp_slice object, const char *key, char *out, size_t size)
{
    sp_slice value;
    if (sp_json_find(object, key, &value) != 1)
        return SPECTACLES_E_STATE;
    return sp_json_text(value, out, size);
}

/* Reads session_id. Returns what is wrong with it, or NULL. */
static const char *read_id(sp_session *session, sp_slice ready)
{
    int length = read_text(ready, "session_id", session->id, sizeof session->id);
    if (length == SPECTACLES_E_STATE || length == 0)
        return "READY came without a session_id";
    if (length == SPECTACLES_E_TOOBIG)
        return "READY came with a session_id of more than 255 bytes: the session is not taken";
    if (length < 0 || !sp_text_is_graphic(session->id))
        return "READY came with a session_id that is not printable ASCII without spaces: the session is not "
               "taken";
    return NULL;
}

/* Reads resume_gateway_url. False when it must not be followed: a resume goes to the base URL. */
static bool read_url(sp_session *session, sp_slice ready, const sp_url *base)
{
    int length = read_text(ready, "resume_gateway_url", session->resume_url, sizeof session->resume_url);
    if (length > 0 && sp_text_is_graphic(session->resume_url) && choose_host(session, base))
        return true;
    /* A URL that must not be followed is not stored either. */
    session->resume_url[0] = '\0';
    session->resume = *base;
    return false;
}

int sp_session_begin(sp_session *session, sp_slice ready, const sp_url *base, bool *untrusted,
                     const char **why)
{
    sp_session begun = {0};
    *why = read_id(&begun, ready);
    if (*why)
        return SPECTACLES_E_PROTO;
    *untrusted = !read_url(&begun, ready, base);
    *session = begun;
    return SPECTACLES_OK;
}
