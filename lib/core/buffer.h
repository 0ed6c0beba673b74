#ifndef SP_CORE_BUFFER_H
#define SP_CORE_BUFFER_H

#include <spectacles/types.h>
#include <stdbool.h>

/* Bytes that belong to another object. */
typedef struct sp_slice {
    const uint8_t *bytes;
    size_t length;
} sp_slice;

/*
 * A queue of bytes: appended at the end, consumed at the front. Everything that the library writes goes through it. A
 * write that fails leaves the content unchanged and marks the buffer. Code that composes a message from many writes
 * asks sp_buffer_failed() once, at its end.
 */
typedef struct sp_buffer {
    uint8_t *bytes;
    size_t start; /* bytes in front of it are consumed */
    size_t end;
    size_t capacity;
    bool failed;
    bool watched; /* events point into it: AddressSanitizer finds whoever reads what it holds no more */
    bool secret;  /* secrets go through it: what it held is wiped when it is cleared, freed or moved */
} sp_buffer;

/* Frees the memory. The buffer is empty then, and can be used again. */
void sp_buffer_free(sp_buffer *buffer);

/* Drops the content and the mark of a failure. Keeps the memory. */
void sp_buffer_clear(sp_buffer *buffer);

/* Frees the memory when the buffer is empty and has more than `keep` bytes of it. */
void sp_buffer_shrink(sp_buffer *buffer, size_t keep);

/* The content: its length in bytes, and the bytes. The slice is valid until the next write. */
size_t sp_buffer_length(const sp_buffer *buffer);
sp_slice sp_buffer_slice(const sp_buffer *buffer);

/* Makes room behind the content for `length` bytes. Returns the room, or NULL. sp_buffer_grow() makes it content. */
uint8_t *sp_buffer_reserve(sp_buffer *buffer, size_t length);
void sp_buffer_grow(sp_buffer *buffer, size_t length);

/* Drops the first `length` bytes, or all bytes behind the first `length` ones. */
void sp_buffer_consume(sp_buffer *buffer, size_t length);
void sp_buffer_truncate(sp_buffer *buffer, size_t length);

/* SPECTACLES_E_NOMEM when a write has failed since the last clear, else 0. */
int sp_buffer_failed(const sp_buffer *buffer);

/*
 * Append bytes, a NUL-terminated text without its NUL, a big-endian number, or ASCII digits. 0 or SPECTACLES_E_NOMEM.
 */
int sp_buffer_append(sp_buffer *buffer, const void *bytes, size_t length);
int sp_buffer_text(sp_buffer *buffer, const char *text);
int sp_buffer_u8(sp_buffer *buffer, uint8_t value);
int sp_buffer_u16(sp_buffer *buffer, uint16_t value);
int sp_buffer_u32(sp_buffer *buffer, uint32_t value);
int sp_buffer_u64(sp_buffer *buffer, uint64_t value);
int sp_buffer_decimal(sp_buffer *buffer, uint64_t value);

/*
 * The reader of bytes from outside. A read beyond the end returns 0 or an empty slice, and marks the reader as failed;
 * every read after that fails too. One check at the end is enough.
 */
typedef struct sp_reader {
    const uint8_t *bytes;
    size_t length;
    size_t position;
    bool failed;
} sp_reader;

/* These functions are in the header so that they are compiled into their callers: every frame is read with them. */
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
