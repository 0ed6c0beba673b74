#ifndef EXAMPLES_FORMAT_H
#define EXAMPLES_FORMAT_H

#include <stdint.h>

/*
 * Reads BROKER_FORMAT: json (default), etf, msgpack or msgpack-json. Returns an enum spectacles_format. Exits with a
 * sentence when the format is not known, or when this build does not have it.
 */
uint32_t format_from_environment(void);

#endif
