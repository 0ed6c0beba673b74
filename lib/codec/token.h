#ifndef SP_CODEC_TOKEN_H
#define SP_CODEC_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* White space between tokens (RFC 8259, section 2). */
static inline bool sp_token_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* The width of the escape whose backslash stands in front of `at`; 0 when it is not valid. */
size_t sp_token_escape(const uint8_t *at, const uint8_t *end);

/*
 * Where the number ends that begins here. NULL when a digit is missing: *missing is then its place. The caller checks
 * what stands behind the number.
 */
const uint8_t *sp_token_number(const uint8_t *at, const uint8_t *end, const uint8_t **missing);

#endif
