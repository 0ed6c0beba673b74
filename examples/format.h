#ifndef EXAMPLES_FORMAT_H
#define EXAMPLES_FORMAT_H

#include <stdint.h>

/*
 * BROKER_FORMAT: json (default), etf, msgpack or msgpack-json, as enum spectacles_format. Exits with a sentence when
 * it is none of these, or this build does not have it.
 */
uint32_t format_from_environment(void);

#endif
