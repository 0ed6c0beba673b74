/* The queue of bytes that everything is written to. Every module calls it. */
#include "core/buffer.h"

#include "core/wipe.h"

#include <stdlib.h>
#include <string.h>

/* Poisons what a watched buffer holds no more, under AddressSanitizer alone. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SP_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SP_ADDRESS_SANITIZER
#endif
#ifdef SP_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(bytes, length) ((void)(bytes), (void)(length))
#define ASAN_UNPOISON_MEMORY_REGION(bytes, length) ((void)(bytes), (void)(length))
#endif

enum {
    CAPACITY_MIN = 256
};

void sp_buffer_free(sp_buffer *buffer)
{
    ASAN_UNPOISON_MEMORY_REGION(buffer->bytes, buffer->capacity);
    if (buffer->secret)
        sp_wipe(buffer->bytes, buffer->capacity);
    free(buffer->bytes);
    *buffer = (sp_buffer){.secret = buffer->secret, .watched = buffer->watched};
}

void sp_buffer_clear(sp_buffer *buffer)
{
    if (buffer->secret) {
        ASAN_UNPOISON_MEMORY_REGION(buffer->bytes, buffer->end);
        sp_wipe(buffer->bytes, buffer->end);
    }
    if (buffer->watched)
        ASAN_POISON_MEMORY_REGION(buffer->bytes, buffer->end);
    buffer->start = buffer->end = 0;
    buffer->failed = false;
}

void sp_buffer_shrink(sp_buffer *buffer, size_t keep)
{
    if (buffer->start == buffer->end && buffer->capacity > keep)
        sp_buffer_free(buffer);
}

size_t sp_buffer_length(const sp_buffer *buffer)
{
    return buffer->end - buffer->start;
}

sp_slice sp_buffer_slice(const sp_buffer *buffer)
{
    if (!buffer->bytes)
        return (sp_slice){NULL, 0};
    return (sp_slice){buffer->bytes + buffer->start, buffer->end - buffer->start};
}

/* Moves the content to the front of the memory. */
static void slide(sp_buffer *buffer)
{
    if (buffer->start == 0)
        return;
    ASAN_UNPOISON_MEMORY_REGION(buffer->bytes, buffer->capacity);
    memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
    buffer->end -= buffer->start;
    buffer->start = 0;
}

/* realloc() would leave a copy behind. */
static uint8_t *move_secret(sp_buffer *buffer, size_t capacity)
{
    uint8_t *bytes = malloc(capacity);
    if (!bytes)
        return NULL;
    ASAN_UNPOISON_MEMORY_REGION(buffer->bytes, buffer->capacity);
    if (buffer->end > 0)
        memcpy(bytes, buffer->bytes, buffer->end);
    sp_wipe(buffer->bytes, buffer->capacity);
    free(buffer->bytes);
    return bytes;
}

static uint8_t *enlarge(sp_buffer *buffer, size_t wanted)
{
    size_t capacity = buffer->capacity ? buffer->capacity : CAPACITY_MIN;
    while (capacity < wanted) {
        if (capacity > SIZE_MAX / 2)
            return NULL;
        capacity *= 2;
    }
    uint8_t *bytes = buffer->secret ? move_secret(buffer, capacity) : realloc(buffer->bytes, capacity);
    if (!bytes)
        return NULL;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return bytes;
}

uint8_t *sp_buffer_reserve(sp_buffer *buffer, size_t length)
{
    if (buffer->bytes && buffer->capacity - buffer->end >= length) {
        ASAN_UNPOISON_MEMORY_REGION(buffer->bytes + buffer->end, length);
        return buffer->bytes + buffer->end;
    }
    size_t held = buffer->end - buffer->start;
    if (length > SIZE_MAX - held) {
        buffer->failed = true;
        return NULL;
    }
    /*
     * Sliding a mostly consumed buffer costs less than enlarging it, and its memory stays in proportion to its content.
     */
    if (held + length <= buffer->capacity && held <= buffer->start)
        slide(buffer);
    else if (!enlarge(buffer, buffer->end - buffer->start + length + buffer->start)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->bytes + buffer->end;
}

void sp_buffer_grow(sp_buffer *buffer, size_t length)
{
    buffer->end += length;
}

void sp_buffer_consume(sp_buffer *buffer, size_t length)
{
    /* A buffer that never held anything has no memory to point into. */
    if (length == 0)
        return;
    if (buffer->watched)
        ASAN_POISON_MEMORY_REGION(buffer->bytes + buffer->start, length);
    buffer->start += length;
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
}

void sp_buffer_truncate(sp_buffer *buffer, size_t length)
{
    if (length < buffer->end - buffer->start)
        buffer->end = buffer->start + length;
}

int sp_buffer_failed(const sp_buffer *buffer)
{
    return buffer->failed ? SPECTACLES_E_NOMEM : SPECTACLES_OK;
}

int sp_buffer_append(sp_buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return SPECTACLES_OK;
    uint8_t *room = sp_buffer_reserve(buffer, length);
    if (!room)
        return SPECTACLES_E_NOMEM;
    memcpy(room, bytes, length);
    buffer->end += length;
    return SPECTACLES_OK;
}

int sp_buffer_text(sp_buffer *buffer, const char *text)
{
    return sp_buffer_append(buffer, text, strlen(text));
}

static int append_big_endian(sp_buffer *buffer, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    return sp_buffer_append(buffer, bytes, width);
}

int sp_buffer_u8(sp_buffer *buffer, uint8_t value)
{
    return append_big_endian(buffer, value, 1);
}

int sp_buffer_u16(sp_buffer *buffer, uint16_t value)
{
    return append_big_endian(buffer, value, 2);
}

int sp_buffer_u32(sp_buffer *buffer, uint32_t value)
{
    return append_big_endian(buffer, value, 4);
}

int sp_buffer_u64(sp_buffer *buffer, uint64_t value)
{
    return append_big_endian(buffer, value, 8);
}

int sp_buffer_decimal(sp_buffer *buffer, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return sp_buffer_append(buffer, digits + at, sizeof digits - at);
}
