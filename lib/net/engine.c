#include "net/engine.h"

#include <spectacles/broker.h>
#include <spectacles/shard.h>

/* Functions of one type each, since calling through a pointer of another type is undefined. */
#define ENGINE(name)                                                                                         \
    static const spectacles_endpoint *name##_endpoint(const void *handle)                                    \
    {                                                                                                        \
        return spectacles_##name##_endpoint(handle);                                                         \
    }                                                                                                        \
    static int name##_wants_input(const void *handle)                                                        \
    {                                                                                                        \
        return spectacles_##name##_wants_input(handle);                                                      \
    }                                                                                                        \
    static int name##_opened(void *handle, uint64_t now)                                                     \
    {                                                                                                        \
        return spectacles_##name##_opened(handle, now);                                                      \
    }                                                                                                        \
    static int name##_feed(void *handle, const uint8_t *bytes, size_t length, uint64_t now)                  \
    {                                                                                                        \
        return spectacles_##name##_feed(handle, bytes, length, now);                                         \
    }                                                                                                        \
    static int name##_eof(void *handle, int error, const char *text, size_t length, uint64_t now)            \
    {                                                                                                        \
        return spectacles_##name##_eof(handle, error, text, length, now);                                    \
    }                                                                                                        \
    static size_t name##_pending(const void *handle, const uint8_t **bytes)                                  \
    {                                                                                                        \
        return spectacles_##name##_pending(handle, bytes);                                                   \
    }                                                                                                        \
    static void name##_consumed(void *handle, size_t length)                                                 \
    {                                                                                                        \
        spectacles_##name##_consumed(handle, length);                                                        \
    }                                                                                                        \
    static uint64_t name##_deadline(const void *handle)                                                      \
    {                                                                                                        \
        return spectacles_##name##_deadline(handle);                                                         \
    }                                                                                                        \
    static int name##_expire(void *handle, uint64_t now)                                                     \
    {                                                                                                        \
        return spectacles_##name##_expire(handle, now);                                                      \
    }                                                                                                        \
    const sp_engine sp_engine_##name = {                                                                     \
        name##_endpoint, name##_wants_input, name##_opened,   name##_feed,   name##_eof,                     \
        name##_pending,  name##_consumed,    name##_deadline, name##_expire,                                 \
    };

ENGINE(shard)
ENGINE(broker)
