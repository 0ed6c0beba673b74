#ifndef TESTS_UNIT_HEAP_H
#define TESTS_UNIT_HEAP_H

/*
 * Looks for a secret on the heap: in blocks that the library holds, and in each block that it frees, before it
 * goes. For executables that are linked with -Wl,--wrap for malloc, calloc, realloc and free.
 */

/* From now on this is the secret, and nothing was left behind. */
void heap_watch(const char *secret);

/* Blocks in use that hold the secret, without this one, the test's own. NULL: all. */
int heap_copies(const void *except);

/* Blocks that were freed with the secret in them. */
int heap_left_behind(void);

#endif
