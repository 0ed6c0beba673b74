#include "heap.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

enum {
    BLOCKS_MOST = 16384
};

static struct block {
    unsigned char *bytes;
    size_t size;
} blocks[BLOCKS_MOST];

static const char *secret;
static int left_behind;

void heap_watch(const char *watched)
{
    secret = watched;
    left_behind = 0;
}

int heap_left_behind(void)
{
    return left_behind;
}

/* Looks at every byte, also at those that a buffer poisons because nobody should read them any more. */
#if defined(__GNUC__)
__attribute__((no_sanitize("address")))
#endif
static int
is_at(const unsigned char *bytes, const char *text, size_t length)
{
    size_t same = 0;
    while (same < length && bytes[same] == (unsigned char)text[same])
        same++;
    return same == length;
}

static int holds_secret(const struct block *block)
{
    size_t length = secret ? strlen(secret) : 0;
    for (size_t at = 0; length > 0 && at + length <= block->size; at++) {
        if (is_at(block->bytes + at, secret, length))
            return 1;
    }
    return 0;
}

static struct block *find(const void *bytes)
{
    for (size_t i = 0; i < BLOCKS_MOST; i++) {
        if (blocks[i].bytes == bytes)
            return &blocks[i];
    }
    return NULL;
}

void *__wrap_malloc(size_t size)
{
    void *bytes = __real_malloc(size);
    struct block *block = find(NULL);
    if (bytes && block) {
        memset(bytes, 0, size); /* what was there before is nobody's */
        *block = (struct block){bytes, size};
    }
    return bytes;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return size > 0 && count > SIZE_MAX / size ? NULL : __wrap_malloc(count * size);
}

void __wrap_free(void *bytes)
{
    struct block *block = bytes ? find(bytes) : NULL;
    if (block) {
        left_behind += holds_secret(block);
        *block = (struct block){NULL, 0};
    }
    __real_free(bytes);
}

/* Always moves: so may the system's. */
void *__wrap_realloc(void *old, size_t size)
{
    const struct block *block = old ? find(old) : NULL;
    size_t held = block ? block->size : 0;
    void *bytes = __wrap_malloc(size);
    if (!bytes)
        return NULL;
    if (held > 0)
        memcpy(bytes, old, held < size ? held : size);
    __wrap_free(old);
    return bytes;
}

int heap_copies(const void *except)
{
    int count = 0;
    for (size_t i = 0; i < BLOCKS_MOST; i++)
        count += blocks[i].bytes && blocks[i].bytes != except && holds_secret(&blocks[i]);
    return count;
}
