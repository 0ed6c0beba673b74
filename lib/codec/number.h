#ifndef SP_CODEC_NUMBER_H
#define SP_CODEC_NUMBER_H

#include "core/buffer.h"

#include <stdbool.h>

enum {
    SP_REAL_CHARS = 32,      /* room for any double */
    SP_BIG_BYTES_MAX = 1024, /* bytes of a magnitude; larger numbers are refused */
    SP_BIG_DIGITS_MAX = 2467 /* decimal digits of the largest such number */
};

/* The double nearest to a checked JSON number; infinite when the number is too large. */
double sp_number_real(sp_slice number);

/*
 * Writes the shortest decimal number that reads back as this finite double. It always has a fraction or an exponent,
 * which tells it from a whole number. Returns its length.
 */
size_t sp_number_print(double real, char out[SP_REAL_CHARS]);

/* Reads a checked JSON number of digits and perhaps a sign. False when it does not fit. */
bool sp_number_integer(sp_slice number, int64_t *out);
bool sp_number_natural(sp_slice number, uint64_t *out);

/*
 * Decimal digits without a sign to a magnitude, least significant byte first. Returns its length, 0 when it is too
 * long.
 */
size_t sp_number_magnitude(sp_slice digits, uint8_t out[SP_BIG_BYTES_MAX]);

/* A magnitude to decimal digits. Returns the number of digits, 0 when the magnitude is too long. */
size_t sp_number_digits(sp_slice magnitude, char out[SP_BIG_DIGITS_MAX]);

/* Writes an integer in decimal. Returns its length, at most 20. */
size_t sp_number_decimal(uint64_t natural, char out[20]);

#endif
