#ifndef SP_NET_ENGINE_H
#define SP_NET_ENGINE_H

#include <spectacles/types.h>

/* The byte face of an engine (see spectacles/shard.h), as far as a link needs it. */
typedef struct sp_engine {
    const spectacles_endpoint *(*endpoint)(const void *handle);
    int (*wants_input)(const void *handle);
    int (*opened)(void *handle, uint64_t now);
    int (*feed)(void *handle, const uint8_t *bytes, size_t length, uint64_t now);
    int (*eof)(void *handle, int error, const char *text, size_t length, uint64_t now);
    size_t (*pending)(const void *handle, const uint8_t **bytes);
    void (*consumed)(void *handle, size_t length);
    uint64_t (*deadline)(const void *handle);
    int (*expire)(void *handle, uint64_t now);
} sp_engine;

extern const sp_engine sp_engine_shard;
extern const sp_engine sp_engine_broker;

#endif
