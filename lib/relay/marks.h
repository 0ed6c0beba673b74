#ifndef SP_RELAY_MARKS_H
#define SP_RELAY_MARKS_H

#include "core/digest.h"
#include "relay/internal.h"

/* The headers of a dispatch by which a worker knows its copy of another session: SPECTACLES_RELAY_MARKS. */

enum {
    SP_MARK_COUNT = 2
};

typedef struct sp_marks {
    char digest[SP_DIGEST_TEXT_LENGTH + 1];
    spectacles_header headers[SP_MARK_COUNT];
} sp_marks;

/* Fills the marks of a dispatch, which point into `out`. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_marks_fill(const spectacles_relay *relay, const spectacles_shard_event *event, sp_marks *out);

#endif
