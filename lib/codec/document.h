#ifndef SP_CODEC_DOCUMENT_H
#define SP_CODEC_DOCUMENT_H

#include "codec/event.h"

#include <spectacles/document.h>
#include <stdbool.h>

/* A block of memory that values and texts are cut from. All blocks of a document are freed together. */
typedef struct sp_chunk {
    struct sp_chunk *next;
    size_t size;
    size_t used;
    max_align_t bytes[];
} sp_chunk;

struct spectacles_document {
    sp_chunk *chunks; /* the first one is in use */
    spectacles_value *root;
};

struct spectacles_value {
    spectacles_document *document;
    spectacles_value *parent;
    spectacles_value *next;
    const char *key; /* NULL when the value is no member of an object */
    uint32_t key_length;
    uint8_t type; /* enum sp_event_type; never KEY, END_ARRAY or END_OBJECT */
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

/* Takes memory for `size` bytes. alignment: a power of two. NULL when memory ran out. */
void *sp_document_room(spectacles_document *document, size_t size, size_t alignment);

/* Makes a value that is attached to nothing. NULL when memory ran out. */
spectacles_value *sp_document_value(spectacles_document *document, enum sp_event_type type);

static inline bool sp_value_is_container(const spectacles_value *value)
{
    return value->type == SP_EVENT_ARRAY || value->type == SP_EVENT_OBJECT;
}

/*
 * Gives a value and everything in it to a writer, one event after the other. Returns 0, SPECTACLES_E_TOOBIG when the
 * value is nested too deep, or the error of the writer.
 */
int sp_value_events(const spectacles_value *root, sp_event_taker to);

/* Attaches a value behind the other values of the container. */
void sp_value_attach(spectacles_value *container, spectacles_value *value);

#endif
