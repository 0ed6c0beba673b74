/*
 * Headers of messages. To JavaScript they go as bytes in the buffer of a batch: for each a type, the length of the
 * key, the key and the value; lib/headers.js reads them when somebody asks. Numbers are little-endian.
 */
#ifndef HEADERS_H
#define HEADERS_H

#include "values.h"

/* How many bytes batch_put_headers() writes. */
size_t headers_length(const spectacles_header *headers, size_t count);
void batch_put_headers(batch *self, uint32_t *record, const spectacles_header *headers, size_t count,
                       size_t length);
/* Of an object: its values are strings, buffers, numbers, bigints, booleans or null. */
const spectacles_header *given_headers(given *from, const char *name, size_t *count);

#endif
