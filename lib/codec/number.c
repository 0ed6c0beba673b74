/*
 * Numbers from text and to text, independent of the locale. The readers and writers of each format call it, and
 * documents.
 */
#include "codec/number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ---- */

enum {
    EXACT_DIGITS = 19,   /* fit uint64_t */
    ENOUGH_DIGITS = 780, /* no double needs more to be told from its neighbours */
    EXPONENT_MAX = 100000
};

/* A number taken apart: 0.digits times ten to the exponent. Digits behind ENOUGH_DIGITS are left out. */
typedef struct number_parts {
    bool negative;
    bool more; /* a digit other than 0 was left out */
    size_t count;
    long exponent;
    char digits[ENOUGH_DIGITS + 2];
} number_parts;

static void take_digit(number_parts *parts, uint8_t digit, bool fraction)
{
    if (parts->count == 0 && digit == '0')
        parts->exponent -= fraction;
    else if (parts->count < ENOUGH_DIGITS) {
        parts->digits[parts->count++] = (char)digit;
        parts->exponent += !fraction;
    } else {
        parts->more |= digit != '0';
        parts->exponent += !fraction;
    }
}

static void take_exponent(number_parts *parts, const uint8_t *at, const uint8_t *end)
{
    bool negative = *at == '-';
    long exponent = 0;
    at += *at == '-' || *at == '+';
    for (; at < end; at++)
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*at - '0') : exponent;
    parts->exponent += negative ? -exponent : exponent;
}

static void take_apart(number_parts *parts, sp_slice number)
{
    const uint8_t *at = number.bytes;
    const uint8_t *end = at + number.length;
    parts->negative = *at == '-';
    parts->more = false;
    parts->count = 0;
    parts->exponent = 0;
    bool fraction = false;
    for (at += parts->negative; at < end; at++) {
        if (*at == 'e' || *at == 'E') {
            take_exponent(parts, at + 1, end);
            return;
        }
        if (*at == '.')
            fraction = true;
        else
            take_digit(parts, *at, fraction);
    }
}

/*
 * Whether a product is rounded once, to a double. A processor that computes in 80 bits (x87) rounds to 64 bits first,
 * and then again.
 */
#if defined FLT_EVAL_METHOD && FLT_EVAL_METHOD == 0
static const bool rounds_once = true;
#else
static const bool rounds_once = false;
#endif

/* Clinger's fast path: both factors are exact, so that the only rounding is correct. */
static bool exact(const number_parts *parts, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    long exponent = parts->exponent - (long)parts->count;
    if (!rounds_once || parts->count > EXACT_DIGITS || parts->more || exponent < -22 || exponent > 22)
        return false;
    uint64_t mantissa = 0;
    for (size_t i = 0; i < parts->count; i++)
        mantissa = mantissa * 10 + (uint64_t)(parts->digits[i] - '0');
    if (mantissa > UINT64_C(1) << 53)
        return false;
    *out = exponent < 0 ? (double)mantissa / powers[-exponent] : (double)mantissa * powers[exponent];
    return true;
}

/* strtod() reads digits and an exponent the same in every locale: only the decimal point differs. */
static double nearest(const char *digits, size_t count, long exponent)
{
    char text[ENOUGH_DIGITS + 32];
    memcpy(text, digits, count);
    snprintf(text + count, sizeof text - count, "e%ld", exponent - (long)count);
    return strtod(text, NULL);
}

double sp_number_real(sp_slice number)
{
    number_parts parts;
    double real = 0;
    take_apart(&parts, number);
    if (parts.count > 0 && !exact(&parts, &real)) {
        if (parts.more)
            parts.digits[parts.count++] = '1';
        real = nearest(parts.digits, parts.count, parts.exponent);
    }
    return parts.negative ? -real : real;
}

bool sp_number_natural(sp_slice number, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < number.length; i++) {
        uint64_t digit = (uint64_t)(number.bytes[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool sp_number_integer(sp_slice number, int64_t *out)
{
    bool negative = number.bytes[0] == '-';
    uint64_t value = 0;
    if (!sp_number_natural((sp_slice){number.bytes + negative, number.length - negative}, &value))
        return false;
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* ---- Writing doubles ---- */

typedef struct short_decimal {
    char digits[20];
    size_t count;
    long exponent; /* of 0.digits */
} short_decimal;

/* The nearest decimal number of `count` digits. */
static void round_to(double real, size_t count, short_decimal *out)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", (int)count - 1, real);
    const char *e = strchr(text, 'e');
    out->count = 0;
    for (const char *at = text; at < e; at++) {
        if (*at >= '0' && *at <= '9')
            out->digits[out->count++] = *at;
    }
    out->exponent = strtol(e + 1, NULL, 10) + 1;
}

static bool reads_back(const short_decimal *decimal, double real)
{
    return nearest(decimal->digits, decimal->count, decimal->exponent) == real;
}

/* Adds 1 to the last digit. Just above a power of two this number may read back although the nearest one does not. */
static void step_up(short_decimal *decimal)
{
    size_t i = decimal->count;
    while (i > 0 && decimal->digits[i - 1] == '9')
        decimal->digits[--i] = '0';
    if (i > 0) {
        decimal->digits[i - 1]++;
        return;
    }
    decimal->digits[0] = '1';
    decimal->exponent++;
}

static void shortest(double real, short_decimal *out)
{
    /* Every double that is not subnormal keeps fifteen digits, so that no shorter number has to be tried. */
    size_t count = real < 2.3e-308 ? 1 : 15;
    for (; count < 17; count++) {
        round_to(real, count, out);
        if (reads_back(out, real))
            break;
        step_up(out);
        if (reads_back(out, real))
            break;
    }
    if (count == 17)
        round_to(real, count, out);
    while (out->count > 1 && out->digits[out->count - 1] == '0')
        out->count--;
}

/* Between 1e-6 and 1e21 with a decimal point, outside with an exponent. */
static size_t lay_out(const short_decimal *decimal, char *out)
{
    char *at = out;
    long point = decimal->exponent;
    long count = (long)decimal->count;
    if (point > 21 || point < -5) {
        *at++ = decimal->digits[0];
        *at++ = '.';
        for (long i = 1; i < count; i++)
            *at++ = decimal->digits[i];
        if (count == 1)
            *at++ = '0';
        return (size_t)(at - out) + (size_t)snprintf(at, 8, "e%ld", point - 1);
    }
    if (point <= 0)
        *at++ = '0';
    for (long i = 0; i < point; i++)
        *at++ = i < count ? decimal->digits[i] : '0';
    *at++ = '.';
    for (long i = point; i < 0; i++)
        *at++ = '0';
    for (long i = point > 0 ? point : 0; i < count; i++)
        *at++ = decimal->digits[i];
    if (point >= count)
        *at++ = '0';
    return (size_t)(at - out);
}

size_t sp_number_print(double real, char out[SP_REAL_CHARS])
{
    short_decimal decimal = {"0", 1, 1};
    size_t sign = signbit(real) ? 1 : 0;
    out[0] = '-';
    if (real < 0 || real > 0)
        shortest(fabs(real), &decimal);
    return sign + lay_out(&decimal, out + sign);
}

/* ---- Whole numbers ---- */

size_t sp_number_decimal(uint64_t natural, char out[20])
{
    char reversed[20];
    size_t count = 0;
    do
        reversed[count++] = (char)('0' + natural % 10);
    while (natural /= 10);
    for (size_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    return count;
}

enum {
    LIMBS = SP_BIG_BYTES_MAX / 4,
    CHUNK = 9 /* decimal digits that fit 32 bits */
};

size_t sp_number_magnitude(sp_slice digits, uint8_t out[SP_BIG_BYTES_MAX])
{
    uint32_t limbs[LIMBS];
    size_t count = 0;
    if (digits.length > SP_BIG_DIGITS_MAX - 1)
        return 0;
    for (size_t i = 0; i < digits.length; i++) {
        uint64_t carry = (uint64_t)(digits.bytes[i] - '0');
        for (size_t limb = 0; limb < count; limb++) {
            carry += (uint64_t)limbs[limb] * 10;
            limbs[limb] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry)
            limbs[count++] = (uint32_t)carry;
    }
    for (size_t i = 0; i < count * 4; i++)
        out[i] = (uint8_t)(limbs[i / 4] >> (i % 4 * 8));
    size_t length = count * 4;
    while (length > 0 && out[length - 1] == 0)
        length--;
    return length;
}

size_t sp_number_digits(sp_slice magnitude, char out[SP_BIG_DIGITS_MAX])
{
    uint32_t limbs[LIMBS] = {0};
    size_t count = (magnitude.length + 3) / 4;
    char reversed[SP_BIG_DIGITS_MAX + CHUNK];
    size_t digits = 0;
    if (magnitude.length > SP_BIG_BYTES_MAX)
        return 0;
    for (size_t i = 0; i < magnitude.length; i++)
        limbs[i / 4] |= (uint32_t)magnitude.bytes[i] << (i % 4 * 8);
    while (count > 0) {
        uint64_t remainder = 0;
        for (size_t limb = count; limb-- > 0;) {
            remainder = remainder << 32 | limbs[limb];
            limbs[limb] = (uint32_t)(remainder / 1000000000);
            remainder %= 1000000000;
        }
        for (size_t i = 0; i < CHUNK; i++, remainder /= 10)
            reversed[digits++] = (char)('0' + remainder % 10);
        while (count > 0 && limbs[count - 1] == 0)
            count--;
    }
    while (digits > 1 && reversed[digits - 1] == '0')
        digits--;
    for (size_t i = 0; i < digits; i++)
        out[i] = reversed[digits - 1 - i];
    return digits;
}
