#ifndef SP_CORE_BUFFER_H
#define SP_CORE_BUFFER_H

#include <spectacles/types.h>
#include <stdbool.h>

/* Borrowed bytes. */
typedef struct sp_slice {
    const uint8_t *bytes;
    size_t length;
} sp_slice;

/*
 * A queue of bytes: appended at the end, consumed at the front. The one writer of the library. A write that
 * fails marks the buffer and leaves its content as it was before the write; sp_buffer_failed() asks once
 * after many writes, so that code that composes a message needs one check and not ten.
 */
typedef struct sp_buffer {
    uint8_t *bytes;
    size_t start; /* consumed so far */
    size_t end;
    size_t capacity;
    bool failed;
    bool secret; /* secrets go through it: what it held is wiped when it is cleared, freed or moved */
} sp_buffer;

void sp_buffer_free(sp_buffer *buffer);

/* Forgets the content and a failure; keeps the memory. */
void sp_buffer_clear(sp_buffer *buffer);

/* Gives memory back to the system when the buffer is empty and holds more than `keep` bytes. */
void sp_buffer_shrink(sp_buffer *buffer, size_t keep);

size_t sp_buffer_length(const sp_buffer *buffer);
sp_slice sp_buffer_slice(const sp_buffer *buffer);

/* Makes room for `length` more bytes and returns where they go, or NULL. sp_buffer_grow() then takes them in.
 */
uint8_t *sp_buffer_reserve(sp_buffer *buffer, size_t length);
void sp_buffer_grow(sp_buffer *buffer, size_t length);

/* Drops bytes at the front, or all behind the first `length` ones. */
void sp_buffer_consume(sp_buffer *buffer, size_t length);
void sp_buffer_truncate(sp_buffer *buffer, size_t length);

/* 0 or SPECTACLES_E_NOMEM: tells of a failed write since the last clear. */
int sp_buffer_failed(const sp_buffer *buffer);

int sp_buffer_append(sp_buffer *buffer, const void *bytes, size_t length);
int sp_buffer_text(sp_buffer *buffer, const char *text);
int sp_buffer_u8(sp_buffer *buffer, uint8_t value);
int sp_buffer_u16(sp_buffer *buffer, uint16_t value); /* big-endian, likewise the others */
int sp_buffer_u32(sp_buffer *buffer, uint32_t value);
int sp_buffer_u64(sp_buffer *buffer, uint64_t value);
int sp_buffer_decimal(sp_buffer *buffer, uint64_t value); /* as ASCII digits */

/*
 * The one reader. A read beyond the end returns 0 or an empty slice and marks the reader as failed; every
 * read after that fails too, so that one check at the end is enough.
 */
typedef struct sp_reader {
    const uint8_t *bytes;
    size_t length;
    size_t position;
    bool failed;
} sp_reader;

/* Here and not in buffer.c, so that they are compiled into their callers: every frame is read with them. */
static inline sp_reader sp_reader_of(sp_slice slice)
{
    return (sp_reader){slice.bytes, slice.length, 0, false};
}

static inline size_t sp_reader_left(const sp_reader *reader)
{
    return reader->failed ? 0 : reader->length - reader->position;
}

static inline sp_slice sp_reader_take(sp_reader *reader, size_t length)
{
    if (length > sp_reader_left(reader)) {
        reader->failed = true;
        return (sp_slice){NULL, 0};
    }
    sp_slice slice = {reader->bytes ? reader->bytes + reader->position : NULL, length};
    reader->position += length;
    return slice;
}

static inline uint64_t sp_reader_big_endian(sp_reader *reader, size_t width)
{
    sp_slice slice = sp_reader_take(reader, width);
    uint64_t value = 0;
    for (size_t i = 0; i < slice.length; i++)
        value = value << 8 | slice.bytes[i];
    return value;
}

static inline uint8_t sp_reader_u8(sp_reader *reader)
{
    return (uint8_t)sp_reader_big_endian(reader, 1);
}

static inline uint16_t sp_reader_u16(sp_reader *reader)
{
    return (uint16_t)sp_reader_big_endian(reader, 2);
}

static inline uint32_t sp_reader_u32(sp_reader *reader)
{
    return (uint32_t)sp_reader_big_endian(reader, 4);
}

static inline uint64_t sp_reader_u64(sp_reader *reader)
{
    return sp_reader_big_endian(reader, 8);
}

#endif
