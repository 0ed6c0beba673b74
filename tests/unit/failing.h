#ifndef TESTS_UNIT_FAILING_H
#define TESTS_UNIT_FAILING_H

#include <stddef.h>

/*
 * Lets the nth allocation of the library fail, and only that one. For executables that are linked with -Wl,
 * --wrap for malloc, calloc and realloc.
 */

/* From now on, the nth (from 1) fails; 0: none. */
void failing_start(size_t nth);

/* While it pauses, allocations neither fail nor count: for the peer of what is tested. */
void failing_pause(int pauses);

/* How many there were since failing_start(). */
size_t failing_count(void);

#endif
