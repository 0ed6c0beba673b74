#ifndef TESTS_UNIT_TOOLS_FAKE_ROLL_CALL_H
#define TESTS_UNIT_TOOLS_FAKE_ROLL_CALL_H

#include "roll_call.h"

enum {
    FAKE_NEWS_MAX = 32
};

/* In the place of roll_call.c: what others say is written down by a test, and what this process says is kept. */
struct fake_roll_call {
    struct {
        enum roll_call_news news;
        const struct card *card;
        enum card_kind kind;
        const char *text;
    } news[FAKE_NEWS_MAX];
    size_t count;
    size_t next;
    int error; /* of roll_call_new() */
    int made;
    int freed;
    int processed;
    int said[CARD_HERE + 1]; /* how often each kind */
    struct card last;        /* what was said last; its shards are not kept */
    int tls;                 /* how often certificates were set */
    size_t url_count;        /* of the URLs that were set last */
};

extern struct fake_roll_call fake_roll_call;

void fake_roll_call_begin(void);

/* The next turn brings this. The card lives as long as the news. */
void fake_roll_call_bring(enum roll_call_news news, const struct card *card, enum card_kind kind,
                          const char *text);

#endif
