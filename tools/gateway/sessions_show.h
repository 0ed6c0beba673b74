#ifndef GATEWAY_SESSIONS_SHOW_H
#define GATEWAY_SESSIONS_SHOW_H

#include "session_holder.h"

#include <spectacles/spectacles.h>
#include <stdio.h>

/* What is shown of stored sessions. */
struct sessions_view {
    const char *path;
    const spectacles_state *state;
    const struct session_holder *holder; /* whoever uses the file now; NULL: nobody */
    uint64_t unix_time;                  /* now */
};

/* A table. Session ids are shortened: whoever has one and the token can resume the session. */
void sessions_show_table(FILE *out, const struct sessions_view *view);

/* The same as one JSON object. */
void sessions_show_json(FILE *out, const struct sessions_view *view);

/* JSON lines with whole session ids, which sessions_import_read() reads. */
void sessions_show_lines(FILE *out, const spectacles_state *state);

#endif
