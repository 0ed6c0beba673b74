/* Makes checked UTF-8 of an event's text, whatever form the text has. The writers and documents call it. */
#include "codec/event_text.h"

#include "codec/json.h"
#include "codec/plain.h"
#include "core/text.h"

static bool is_json(const sp_event *event)
{
    return event->form == SP_FORM_JSON || event->form == SP_FORM_JSON_REPLACED;
}

/*
 * Resolves an escape. Half of a surrogate pair is one escape of six bytes ("\ud800"); it becomes U+FFFD where the form
 * says so. Returns how many bytes of the input it takes, 0 when the escape is no character.
 */
static size_t escape(const sp_event *event, const uint8_t *at, const uint8_t *end, uint8_t *out,
                     size_t *written)
{
    static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};
    size_t width = sp_json_character(at, end, out, written);
    if (width > 0 || event->form != SP_FORM_JSON_REPLACED || end - at < 6)
        return width;
    memcpy(out, replacement, sizeof replacement);
    *written = sizeof replacement;
    return 6;
}

/* Rewrites one character that is not plain. Returns how many bytes of the input it takes, 0 when it is no character. */
static size_t character(const sp_event *event, const uint8_t *at, const uint8_t *end, uint8_t *out,
                        size_t *written)
{
    *written = 1;
    if (*at < 0x80 && (!is_json(event) || *at != '\\')) {
        out[0] = *at;
        return 1;
    }
    if (is_json(event) && *at == '\\')
        return escape(event, at, end, out, written);
    if (event->form == SP_FORM_LATIN1) {
        out[0] = (uint8_t)(0xc0 | *at >> 6);
        out[1] = (uint8_t)(0x80 | (*at & 0x3f));
        *written = 2;
        return 1;
    }
    *written = sp_utf8_sequence(at, (size_t)(end - at));
    memcpy(out, at, *written);
    return *written;
}

uint8_t *sp_event_text_rewritten(const sp_event *event, uint8_t *out, sp_refusal *refusal)
{
    const uint8_t *at = event->text.bytes;
    const uint8_t *end = at + event->text.length;
    while (at < end) {
        const uint8_t *behind = sp_plain_copy(at, end, out);
        out += behind - at;
        at = behind;
        if (at == end)
            break;
        size_t written;
        size_t width = character(event, at, end, out, &written);
        if (width == 0) {
            *refusal = (sp_refusal){
                *at == '\\' ? "a surrogate stands alone: it is no character" : "a text is not UTF-8", at};
            return NULL;
        }
        out += written;
        at += width;
    }
    return out;
}
