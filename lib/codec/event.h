#ifndef SP_CODEC_EVENT_H
#define SP_CODEC_EVENT_H

#include "core/buffer.h"

/*
 * A document as a sequence of events. The readers (read_json, read_etf, read_msgpack) give events; the writers
 * (write_json, write_etf, write_msgpack) and documents (document.c) take them. A reader and a writer together need no
 * tree.
 */
enum sp_event_type {
    SP_EVENT_NULL,
    SP_EVENT_FALSE,
    SP_EVENT_TRUE,
    SP_EVENT_INTEGER,  /* fits int64_t */
    SP_EVENT_UNSIGNED, /* above INT64_MAX, fits uint64_t */
    SP_EVENT_BIG,      /* a whole number that fits neither */
    SP_EVENT_REAL,
    SP_EVENT_TEXT,
    SP_EVENT_KEY, /* in front of each member's value */
    SP_EVENT_ARRAY,
    SP_EVENT_OBJECT,
    SP_EVENT_END_ARRAY,
    SP_EVENT_END_OBJECT
};

/* What the bytes of an event's text are. */
enum sp_event_form {
    SP_FORM_UTF8,          /* has to be UTF-8, and has not been checked */
    SP_FORM_CHECKED,       /* UTF-8 that has been checked */
    SP_FORM_JSON,          /* the inside of a checked JSON string, with its escapes */
    SP_FORM_JSON_REPLACED, /* as SP_FORM_JSON, and half of a surrogate pair means U+FFFD */
    SP_FORM_PLAIN,         /* the inside of a checked JSON string without escapes */
    SP_FORM_LATIN1,
    SP_FORM_DECIMAL, /* BIG, REAL: a checked JSON number */
    SP_FORM_BINARY,  /* BIG: the magnitude, least significant byte first */
    SP_FORM_NONE     /* REAL: there is no text, only the number */
};

typedef struct sp_event {
    enum sp_event_type type;
    enum sp_event_form form;
    int negative; /* BIG in binary form */
    union {
        int64_t integer;
        uint64_t natural;
        double real;
        size_t count; /* ARRAY, OBJECT: the number of elements or members; 0 when it is not known yet */
    } as;
    sp_slice text;
    const uint8_t *at; /* where the event stands in the input */
} sp_event;

/* Any writer. `take` gives it one event, and returns 0 or an error. */
typedef struct sp_event_taker {
    void *writer;
    int (*take)(void *writer, const sp_event *event);
} sp_event_taker;

/* Why a writer refused an event, and where the event stands in the input. text is NULL when it refused none. */
typedef struct sp_refusal {
    const char *text;
    const uint8_t *at;
} sp_refusal;

#endif
