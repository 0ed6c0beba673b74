#ifndef SP_CODEC_EVENT_H
#define SP_CODEC_EVENT_H

#include "core/buffer.h"

/*
 * A document as a sequence of events. The readers (read_json, read_etf, read_msgpack) give them; the writers (write_json,
 * write_etf, write_msgpack) and the builder of documents take them. Nothing in between holds a tree.
 */
enum sp_event_type {
    SP_EVENT_NULL,
    SP_EVENT_FALSE,
    SP_EVENT_TRUE,
    SP_EVENT_INTEGER,  /* fits int64_t */
    SP_EVENT_UNSIGNED, /* above that, fits uint64_t */
    SP_EVENT_BIG,      /* a whole number beyond both */
    SP_EVENT_REAL,
    SP_EVENT_TEXT,
    SP_EVENT_KEY, /* in front of each member's value */
    SP_EVENT_ARRAY,
    SP_EVENT_OBJECT,
    SP_EVENT_END_ARRAY,
    SP_EVENT_END_OBJECT
};

/* How the bytes of an event's text are to be understood. */
enum sp_event_form {
    SP_FORM_UTF8,          /* to be checked: nobody has looked at it */
    SP_FORM_CHECKED,       /* UTF-8 that has been checked */
    SP_FORM_JSON,          /* what stands between the quotes of a checked JSON string */
    SP_FORM_JSON_REPLACED, /* the same; half of a surrogate pair means U+FFFD */
    SP_FORM_PLAIN,         /* the same, of one without escapes: as good as checked UTF-8 */
    SP_FORM_LATIN1,
    SP_FORM_DECIMAL, /* BIG, REAL: a checked JSON number */
    SP_FORM_BINARY,  /* BIG: the magnitude, least byte first */
    SP_FORM_NONE     /* REAL: only the number */
};

typedef struct sp_event {
    enum sp_event_type type;
    enum sp_event_form form;
    int negative; /* BIG in binary form */
    union {
        int64_t integer;
        uint64_t natural;
        double real;
        size_t count; /* ARRAY, OBJECT: how many elements or members, or 0 when not known yet */
    } as;
    sp_slice text;
    const uint8_t *at; /* where it stands in the input */
} sp_event;

/* A writer as others see it: it takes one event after the other. `take` returns 0 or an error. */
typedef struct sp_event_taker {
    void *writer;
    int (*take)(void *writer, const sp_event *event);
} sp_event_taker;

/* What a writer refuses, and where in the input. text is NULL when memory ran out. */
typedef struct sp_refusal {
    const char *text;
    const uint8_t *at;
} sp_refusal;

#endif
