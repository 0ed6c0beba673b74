#ifndef GATEWAY_PRESENCE_H
#define GATEWAY_PRESENCE_H

#include "value.h"

/* Reads a presence: JSON in a text, or a table of TOML, which becomes JSON. */
bool presence_read(const struct reading *reading, const struct given *given, struct value *value);

/*
 * The presence of a shard: "{{shard}}" becomes the number of the shard.
 *
 * out: receives JSON, NUL-terminated; NULL: only the length is wanted.
 * size: the room in `out`.
 *
 * Returns the length without the NUL. The text is whole when that is below `size`.
 */
size_t presence_of_shard(const char *presence, uint32_t shard_id, char *out, size_t size);

#endif
