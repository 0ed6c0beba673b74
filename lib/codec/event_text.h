#ifndef SP_CODEC_EVENT_TEXT_H
#define SP_CODEC_EVENT_TEXT_H

#include "codec/event.h"

/* How much room sp_event_text() wants. */
size_t sp_event_text_room(const sp_event *event);

/*
 * The text of an event as checked UTF-8, escapes resolved. Returns its end in `out`; NULL when it is no text,
 * and why.
 */
uint8_t *sp_event_text(const sp_event *event, uint8_t *out, sp_refusal *refusal);

#endif
