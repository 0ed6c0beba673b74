#ifndef TESTS_GATEWAY_MEMORY_H
#define TESTS_GATEWAY_MEMORY_H

#include "unit.h"

#include <spectacles/spectacles.h>

/* A gateway without brokers and without links, whose shards are all served here. The test moves the bytes. */
spectacles_gateway *memory_gateway(uint32_t shard_count, uint32_t flags);

/* Pulls all events; returns how many have this type. */
int memory_pull(spectacles_gateway *gateway, uint64_t now, uint32_t type);

#endif
