#ifndef GATEWAY_SHARD_IDS_H
#define GATEWAY_SHARD_IDS_H

#include "value.h"

/* Reads numbers and ranges of numbers: 0,2,4-7. Each is within the limits of the setting, and is there once. */
bool shard_ids_read(const struct reading *reading, const struct given *given, struct value *value);

/* Fills in a range. False: memory ran out. */
bool shard_ids_of_range(const struct reading *reading, struct value *value, uint32_t first, uint32_t count);

/* The ordinal of a pod of a StatefulSet, from its name: 2 of gateway-2. False: the name does not end with one. */
bool shard_ids_ordinal(const char *name, uint32_t *ordinal);

#endif
