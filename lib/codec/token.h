#ifndef SP_CODEC_TOKEN_H
#define SP_CODEC_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The smallest parts of JSON (RFC 8259), for the scanner and the walk over blocks alike. */

static inline bool sp_token_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* The width of the escape whose backslash stands in front of `at`; 0 when it is none. */
size_t sp_token_escape(const uint8_t *at, const uint8_t *end);

/*
 * Where the number that begins here ends; NULL when it lacks a digit, and where. It passes over what is a
 * number; what stands behind it is for the caller to judge.
 */
const uint8_t *sp_token_number(const uint8_t *at, const uint8_t *end, const uint8_t **lack);

#endif
