#ifndef SP_CORE_STREAM_H
#define SP_CORE_STREAM_H

#include <spectacles/stream.h>
#include <stdbool.h>

/* The functions of an engine behind its stream. spectacles/stream.h describes each. */
typedef struct sp_stream_calls {
    const spectacles_endpoint *(*endpoint)(const void *engine);
    int (*opened)(void *engine, uint64_t now);
    int (*wants_input)(const void *engine);
    int (*feed)(void *engine, const uint8_t *bytes, size_t length, uint64_t now);
    int (*eof)(void *engine, int error, const char *text, size_t length, uint64_t now);
    size_t (*pending)(const void *engine, const uint8_t **bytes);
    void (*consumed)(void *engine, size_t length);
    uint64_t (*deadline)(const void *engine);
    int (*expire)(void *engine, uint64_t now);
    const char *(*last_error)(const void *engine);
} sp_stream_calls;

/* Part of an engine, which fills it in its `_new`. */
struct spectacles_stream {
    const sp_stream_calls *calls;
    void *engine;
    bool carried; /* a link moves its bytes: a second link is refused */
};

#endif
