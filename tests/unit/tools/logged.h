#ifndef TESTS_UNIT_TOOLS_LOGGED_H
#define TESTS_UNIT_TOOLS_LOGGED_H

#include "log.h"

/* A log whose lines a test reads. */
struct logged {
    struct log *log;
    int ends[2];
    char text[16384];
};

/* At this level, and as LOG_FORMAT=text. */
void logged_begin(struct logged *logged, enum setting_log_level level);

/* Ends the log. Returns all lines. */
const char *logged_end(struct logged *logged);

/* Whether the lines that logged_end() returned have a text in them. */
bool logged_has(const struct logged *logged, const char *text);

#endif
