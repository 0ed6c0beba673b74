#ifndef SP_CODEC_DOCUMENT_H
#define SP_CODEC_DOCUMENT_H

#include "codec/event.h"

#include <spectacles/document.h>

/* Memory that is given back all at once. */
typedef struct sp_chunk {
    struct sp_chunk *next;
    size_t size;
    size_t used;
    max_align_t bytes[];
} sp_chunk;

struct spectacles_document {
    sp_chunk *chunks; /* the one in use first */
    spectacles_value *root;
};

struct spectacles_value {
    spectacles_document *document;
    spectacles_value *parent;
    spectacles_value *next;
    const char *key; /* NULL when it is no member */
    uint32_t key_length;
    uint8_t type; /* enum sp_event_type of a scalar, ARRAY or OBJECT */
    union {
        int64_t integer;
        uint64_t natural;
        struct {
            const char *chars; /* TEXT, BIG, REAL */
            size_t length;
        } text;
        struct {
            spectacles_value *first;
            spectacles_value *last;
        } children;
    } as;
};

/* Room that is not aligned for anything but bytes, or for a value; NULL when memory ran out. */
void *sp_document_room(spectacles_document *document, size_t size, size_t alignment);

/* A new value; NULL when memory ran out. */
spectacles_value *sp_document_value(spectacles_document *document, enum sp_event_type type);

/*
 * Gives a value and all that it contains to a writer, one event after the other. SPECTACLES_E_TOOBIG: nested too deep; or
 * the error of the writer.
 */
int sp_value_events(const spectacles_value *root, sp_event_taker to);

/* Hangs it behind the others. */
void sp_value_hang(spectacles_value *container, spectacles_value *value);

#endif
