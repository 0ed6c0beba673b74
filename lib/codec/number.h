#ifndef SP_CODEC_NUMBER_H
#define SP_CODEC_NUMBER_H

#include "core/buffer.h"

#include <stdbool.h>

/* Numbers as text, whatever the locale says about decimal points. */

enum {
    SP_REAL_CHARS = 32,      /* room for any double */
    SP_BIG_BYTES_MAX = 1024, /* of a magnitude: bigger numbers are refused */
    SP_BIG_DIGITS_MAX = 2467 /* that many decimal digits need no more bytes than that */
};

/* A checked JSON number as the nearest double; infinite when it is too large. */
double sp_number_real(sp_slice number);

/*
 * The shortest decimal number that reads back as this finite double, with a fraction or an exponent, so that
 * it stays recognisable. Returns its length.
 */
size_t sp_number_print(double real, char out[SP_REAL_CHARS]);

/* A checked JSON number that is whole (digits and a sign only): fits int64_t, or uint64_t? */
bool sp_number_integer(sp_slice number, int64_t *out);
bool sp_number_natural(sp_slice number, uint64_t *out);

/* Decimal digits (no sign) to a magnitude, least byte first; returns its length, 0 when it is too long. */
size_t sp_number_magnitude(sp_slice digits, uint8_t out[SP_BIG_BYTES_MAX]);

/* The other way round; returns how many digits, 0 when the magnitude is too long. */
size_t sp_number_digits(sp_slice magnitude, char out[SP_BIG_DIGITS_MAX]);

/* An integer in decimal; returns its length (at most 20). */
size_t sp_number_decimal(uint64_t natural, char out[20]);

#endif
