#ifndef GATEWAY_QUANTITY_H
#define GATEWAY_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUANTITY_TEXT_SIZE = 32
};

/* Reads a whole number in decimal, or in hexadecimal as 0x1f. False: it is none, or has more than 64 bits. */
bool quantity_number(uint64_t *out, const char *text, size_t length);

/* Reads a number of bytes: 1048576, 64K, 1M, 1G, also with B, iB behind it. K is 1024. */
bool quantity_size(uint64_t *out, const char *text, size_t length);

/* Reads a duration as Go writes it: 500ms, 2m, 1h30m, 1.5s, 0. The result is in milliseconds, at least 1 if not 0. */
bool quantity_duration(uint64_t *out, const char *text, size_t length);

/* Writes the shortest text that means the same. */
void quantity_write_size(char out[QUANTITY_TEXT_SIZE], uint64_t bytes);
void quantity_write_duration(char out[QUANTITY_TEXT_SIZE], uint64_t milliseconds);

#endif
