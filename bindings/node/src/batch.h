/*
 * Events on their way to JavaScript. A crossing costs more than an event does, so that many cross at once: numbers
 * stand in an array of records, texts and bytes are copied into one buffer behind each other, and JavaScript makes
 * of it what it wants to see. lib/batch.js has the same numbers.
 *
 * The buffer is never written to again where an event stands: it belongs to whoever holds the event. A fresh one is
 * begun when it is full. An event that does not fit has one of its own.
 */
#ifndef BATCH_H
#define BATCH_H

#include "addon.h"

enum {
    BATCH_RECORDS = 64,
    BATCH_BUFFER = 65536, /* bytes */
    BATCH_LOW = 8192,     /* with less room than that a fresh buffer is begun */
    NAME_COUNT = 256,     /* names of events that are known by a number */
    NAME_SIZE = 64,
    ABSENT = 0xffffffff /* the length of a text that is not there; the number of a name that has none */
};

/* The fields of a record, each of 32 bits. A span is two: where it begins in the buffer, and its length. */
enum field {
    FIELD_TYPE,
    FIELD_ID, /* a shard, a subscription */
    FIELD_CODE,
    FIELD_ERROR,
    FIELD_FORMAT,
    FIELD_FLAGS,
    FIELD_NUMBER, /* 64 bits: a sequence, a tag */
    FIELD_TICKET = FIELD_NUMBER + 2,
    FIELD_EXTRA = FIELD_TICKET + 2, /* an op, a reason, a broker */
    FIELD_NAME,                     /* the number of the name */
    SPAN_NAME,
    SPAN_DATA = SPAN_NAME + 2,
    SPAN_TEXT = SPAN_DATA + 2,
    SPAN_ID = SPAN_TEXT + 2,    /* of a session or a message */
    SPAN_OTHER = SPAN_ID + 2,   /* the old session; the queue of the answer */
    SPAN_LINE = SPAN_OTHER + 2, /* for a log; the correlation id */
    SPAN_HEADERS = SPAN_LINE + 2,
    SPAN_MARK = SPAN_HEADERS + 2, /* a spectacles_copy_mark */
    RECORD_LENGTH = SPAN_MARK + 2
};

/* FIELD_FLAGS */
enum {
    FLAG_OWN = 1, /* the event has a buffer of its own */
    FLAG_REDELIVERED = 2,
    FLAG_ENDED = 4 /* a subscription that its owner has ended */
};

/* Names come again and again, and are made once. */
typedef struct names {
    uint32_t count;
    uint8_t lengths[NAME_COUNT];
    char texts[NAME_COUNT][NAME_SIZE];
    uint16_t table[2 * NAME_COUNT]; /* the number and one, by hash */
} names;

typedef struct batch {
    uint32_t (*records)[RECORD_LENGTH];
    uint32_t count;
    napi_ref records_ref;
    napi_ref buffers; /* an array: the buffer that is shared, the one of the last event alone */
    uint8_t *shared;
    size_t used;
    uint8_t *bytes; /* where the present event goes */
    size_t at;
    bool is_full;
    names names;
} batch;

/*
 * Makes the records and the array of buffers, which the result has as [records, buffers]; NULL: an error is thrown.
 */
napi_value batch_new(napi_env env, batch *self);
void batch_free(napi_env env, batch *self);

/* Before events are added. */
void batch_begin(napi_env env, batch *self);
/* A record for an event with so many bytes of texts and data: empty, and room for them. */
uint32_t *batch_add(napi_env env, batch *self, size_t length);
void batch_put(batch *self, uint32_t *record, enum field span, const void *bytes, size_t length);
void batch_put_number(uint32_t *record, enum field field, uint64_t number);
/* The name as a number, and as a span when it is new. */
void batch_put_name(batch *self, uint32_t *record, const char *name, size_t length);

#endif
