#ifndef SP_CODEC_EVENT_TEXT_H
#define SP_CODEC_EVENT_TEXT_H

#include "codec/event.h"
#include "codec/plain.h"

/* How much room sp_event_text() wants. */
static inline size_t sp_event_text_room(const sp_event *event)
{
    size_t length = event->text.length;
    size_t most = event->form == SP_FORM_LATIN1 ? 2 * length : length; /* an atom, so a short one */
    return most + SP_PLAIN_STEP;
}

/* As sp_event_text(), of what is not known to be UTF-8 as it stands. */
uint8_t *sp_event_text_rewritten(const sp_event *event, uint8_t *out, sp_refusal *refusal);

/*
 * The text of an event as checked UTF-8, escapes resolved. Returns its end in `out`; NULL when it is no text,
 * and why.
 */
static inline uint8_t *sp_event_text(const sp_event *event, uint8_t *out, sp_refusal *refusal)
{
    if (event->form != SP_FORM_PLAIN && event->form != SP_FORM_CHECKED)
        return sp_event_text_rewritten(event, out, refusal);
    if (event->text.length > 0)
        memcpy(out, event->text.bytes, event->text.length);
    return out + event->text.length;
}

#endif
