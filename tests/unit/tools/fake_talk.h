#ifndef TESTS_UNIT_TOOLS_FAKE_TALK_H
#define TESTS_UNIT_TOOLS_FAKE_TALK_H

#include "doctor_talk.h"

/*
 * In the place of doctor_talk.c: a talk whose events a test has written down, over a broker that is connected to
 * nobody. All zero: talks begin, and bring nothing.
 */
struct fake_talk {
    const spectacles_broker_event *events;
    size_t count;
    size_t next;
    int error;                    /* of talk_begin() */
    const char *error_text;       /* likewise */
    int begun;                    /* talks */
    int ended;                    /* likewise */
    uint32_t declare;             /* of the last talk */
    char url[128];                /* likewise */
    spectacles_broker_stats seen; /* of the broker, when the last talk ended */
};

extern struct fake_talk fake_talk;

/* The next talks bring these events, one after the other. */
void fake_talk_script(const spectacles_broker_event *events, size_t count);

#endif
