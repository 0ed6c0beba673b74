#ifndef SP_BROKER_PUBLISH_RECORD_H
#define SP_BROKER_PUBLISH_RECORD_H

#include "broker/publishes.h"

/* Appends the frames of a message to the log. All of them, or nothing and SPECTACLES_E_NOMEM or SPECTACLES_E_TOOBIG. */
int sp_publish_write(sp_publishes *publishes, const spectacles_message *message, const char *group,
                     uint64_t tag);

/* Appends the frames of a publish, with its body cut for a smaller frame_max. SPECTACLES_E_NOMEM. */
int sp_publish_reframe(sp_buffer *out, sp_slice frames, uint32_t frame_max);

#endif
