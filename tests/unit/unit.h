#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

/* cmocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline unsigned char unit_read(const void *bytes, size_t length)
{
    const volatile unsigned char *each = bytes;
    unsigned char all = 0;
    for (size_t i = 0; i < length; i++)
        all ^= each[i];
    return all;
}

/*
 * cmocka compares memory in code of its own, which AddressSanitizer does not watch: what was freed would be compared as
 * if it were there. Here each byte is read first, in the code of the test. (Strings go through strcmp(), which
 * AddressSanitizer watches wherever it is called.)
 */
static inline void unit_assert_memory_equal(const void *one, const void *other, size_t length,
                                            const char *file, int line)
{
    unit_read(one, length);
    unit_read(other, length);
    _assert_memory_equal(one, other, length, file, line);
}

/* cmocka 2 warns of the old name, and converts its new one's numbers to signed ones first. */
#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range(value, low, high)                                                                    \
    _assert_uint_in_range((uintmax_t)(value), (uintmax_t)(low), (uintmax_t)(high), __FILE__, __LINE__)
#endif

#undef assert_memory_equal
#define assert_memory_equal(one, other, length)                                                              \
    unit_assert_memory_equal(one, other, length, __FILE__, __LINE__)

#endif
