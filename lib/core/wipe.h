#ifndef SP_CORE_WIPE_H
#define SP_CORE_WIPE_H

#include <stddef.h>

/*
 * Overwrites what was secret, before its memory goes back to the system or to somebody else. Unlike memset() it is not
 * dropped by a compiler that sees that nobody reads the bytes again. bytes may be NULL when length is 0.
 */
void sp_wipe(void *bytes, size_t length);

/* Wipes a NUL-terminated text and frees it. NULL is fine. */
void sp_wipe_text(char *text);

#endif
