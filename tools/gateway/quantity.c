/*
 * Numbers with units, as people write them: sizes and durations. value.c calls it to read them, and show.c to write
 * them.
 */
#include "quantity.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    FRACTION_DIGITS_MAX = 6
};

static const struct unit {
    const char *name;
    uint64_t factor;
} sizes[] = {{"", 1},          {"B", 1},        {"K", 1 << 10},  {"KB", 1 << 10},
             {"KIB", 1 << 10}, {"M", 1 << 20},  {"MB", 1 << 20}, {"MIB", 1 << 20},
             {"G", 1 << 30},   {"GB", 1 << 30}, {"GIB", 1 << 30}},
  durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

static bool add_digit(uint64_t *value, uint64_t base, char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = digit ? memchr(digits, digit | 0x20, base) : NULL;
    if (digit >= '0' && digit <= '9')
        found = memchr(digits, digit, base);
    if (!found || *value > (UINT64_MAX - (uint64_t)(found - digits)) / base)
        return false;
    *value = *value * base + (uint64_t)(found - digits);
    return true;
}

bool quantity_number(uint64_t *out, const char *text, size_t length)
{
    uint64_t value = 0;
    bool is_hexadecimal = length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    size_t i = is_hexadecimal ? 2 : 0;
    if (length == 0)
        return false;
    for (; i < length; i++) {
        if (!add_digit(&value, is_hexadecimal ? 16 : 10, text[i]))
            return false;
    }
    *out = value;
    return true;
}

static size_t digits_of(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

bool quantity_size(uint64_t *out, const char *text, size_t length)
{
    uint64_t value;
    size_t digits = digits_of(text, length);
    if (!quantity_number(&value, text, digits))
        return false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct unit *unit = &sizes[i];
        if (strlen(unit->name) != length - digits ||
            strncasecmp(unit->name, text + digits, length - digits) != 0)
            continue;
        if (value > UINT64_MAX / unit->factor)
            return false;
        *out = value * unit->factor;
        return true;
    }
    return false;
}

/* ---- Durations ---- */

/* Reads ".5" as a fraction of a unit, rounded up. */
static bool add_fraction(uint64_t *value, uint64_t factor, const char *digits, size_t length)
{
    uint64_t number = 0;
    uint64_t whole = 1;
    if (length > FRACTION_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        number = number * 10 + (uint64_t)(digits[i] - '0');
        whole *= 10;
    }
    *value += (number * factor + whole - 1) / whole;
    return true;
}

static const struct unit *duration_unit(const char *text, size_t length)
{
    size_t name = 0;
    while (name < length && text[name] >= 'a' && text[name] <= 'z')
        name++;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        if (strlen(durations[i].name) == name && memcmp(durations[i].name, text, name) == 0)
            return &durations[i];
    }
    return NULL;
}

/* Reads one part, as the 30m of 1h30m. Returns its length; 0: it is wrong. */
static size_t read_part(uint64_t *total, const char *text, size_t length)
{
    uint64_t value = 0;
    size_t whole = digits_of(text, length);
    size_t point = whole < length && text[whole] == '.' ? 1 : 0;
    size_t fraction = point ? digits_of(text + whole + 1, length - whole - 1) : 0;
    size_t digits = whole + point + fraction;
    const struct unit *unit = duration_unit(text + digits, length - digits);
    if (!unit || whole == 0 || (point && fraction == 0) || !quantity_number(&value, text, whole) ||
        value > UINT64_MAX / 4 / unit->factor)
        return 0;
    value *= unit->factor;
    if (!add_fraction(&value, unit->factor, text + whole + point, fraction) || *total > UINT64_MAX / 2)
        return 0;
    *total += value;
    return digits + strlen(unit->name);
}

bool quantity_duration(uint64_t *out, const char *text, size_t length)
{
    uint64_t total = 0;
    size_t at = 0;
    if (length == 1 && *text == '0') {
        *out = 0;
        return true;
    }
    while (at < length) {
        size_t part = read_part(&total, text + at, length - at);
        if (part == 0)
            return false;
        at += part;
    }
    *out = total;
    return length > 0;
}

/* ---- Writing ---- */

static void write_quantity(char out[QUANTITY_TEXT_SIZE], uint64_t value, const struct unit *units,
                           size_t count)
{
    const struct unit *best = &units[0];
    for (size_t i = 0; i < count; i++) {
        if (value % units[i].factor == 0 && units[i].factor > best->factor)
            best = &units[i];
    }
    snprintf(out, QUANTITY_TEXT_SIZE, "%llu%s", (unsigned long long)(value / best->factor), best->name);
}

void quantity_write_size(char out[QUANTITY_TEXT_SIZE], uint64_t bytes)
{
    write_quantity(out, bytes, sizes, bytes ? sizeof sizes / sizeof sizes[0] : 1);
}

void quantity_write_duration(char out[QUANTITY_TEXT_SIZE], uint64_t milliseconds)
{
    if (milliseconds == 0)
        snprintf(out, QUANTITY_TEXT_SIZE, "0");
    else
        write_quantity(out, milliseconds, durations, sizeof durations / sizeof durations[0]);
}
