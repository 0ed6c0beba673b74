#include "shard/session.h"

#include "codec/json.h"
#include "core/text.h"

#include <string.h>

bool sp_session_exists(const sp_session *session)
{
    return session->id[0] != '\0' && !session->lost;
}

bool sp_session_is_shown(const sp_session *session)
{
    return session->id[0] != '\0';
}

void sp_session_forget(sp_session *session)
{
    *session = (sp_session){0};
}

uint64_t sp_session_safe(const sp_session *session, bool commits)
{
    return commits ? session->committed : session->received;
}

/* Where a resume goes: the session's own host if the token may be sent there, else the base. */
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

/* Nothing else could be sent with a resume. */
static bool is_utf8(const char *text)
{
    size_t width = 1;
    for (size_t left = strlen(text); left > 0 && width > 0; text += width, left -= width)
        width = sp_utf8_sequence((const unsigned char *)text, left);
    return width > 0;
}

int sp_session_import(sp_session *session, const spectacles_session *stored, const sp_url *base)
{
    sp_session taken = {.received = stored->seq,
                        .furthest = stored->seq,
                        .committed = stored->seq,
                        .encoding = stored->encoding};
    const char *url = stored->resume_url;
    if (copy(taken.id, sizeof taken.id, stored->session_id) < 0 || !is_utf8(taken.id))
        return SPECTACLES_E_INVAL;
    if (url && *url && copy(taken.resume_url, sizeof taken.resume_url, url) < 0)
        return SPECTACLES_E_INVAL;
    choose_host(&taken, base);
    *session = taken;
    return SPECTACLES_OK;
}

static int read_text(sp_slice object, const char *key, char *out, size_t size)
{
    sp_slice value;
    if (sp_json_find(object, key, &value) != 1)
        return SPECTACLES_E_PROTO;
    return sp_json_text(value, out, size) > 0 ? SPECTACLES_OK : SPECTACLES_E_PROTO;
}

int sp_session_begin(sp_session *session, sp_slice ready, const sp_url *base, bool *untrusted,
                     const char **why)
{
    sp_session begun = {0};
    if (read_text(ready, "session_id", begun.id, sizeof begun.id) < 0) {
        *why = "READY came without a session_id";
        return SPECTACLES_E_PROTO;
    }
    *untrusted = read_text(ready, "resume_gateway_url", begun.resume_url, sizeof begun.resume_url) < 0 ||
                 !choose_host(&begun, base);
    if (*untrusted)
        begun.resume = *base;
    *session = begun;
    return SPECTACLES_OK;
}
