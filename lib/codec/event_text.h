#ifndef SP_CODEC_EVENT_TEXT_H
#define SP_CODEC_EVENT_TEXT_H

#include "codec/event.h"
#include "codec/plain.h"

/* How many bytes of room sp_event_text() needs. */
static inline size_t sp_event_text_room(const sp_event *event)
{
    size_t length = event->text.length;
    size_t max = event->form == SP_FORM_LATIN1 ? 2 * length : length; /* Latin-1 is an atom: no overflow */
    return max + SP_PLAIN_STEP;
}

/* sp_event_text() for the forms that cannot be copied as they are. */
uint8_t *sp_event_text_rewritten(const sp_event *event, uint8_t *out, sp_refusal *refusal);

/*
 * Writes the text of an event to `out`, as checked UTF-8 with its escapes resolved. Returns where the text ends in
 * `out`. NULL when it is not valid text: `refusal` then says why.
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
