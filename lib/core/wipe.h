#ifndef SP_CORE_WIPE_H
#define SP_CORE_WIPE_H

#include <stddef.h>

/*
 * Overwrites a secret with zeros, before its memory is freed or used again. A compiler may drop a memset() of bytes
 * that are never read again; it cannot drop this call. bytes may be NULL when length is 0.
 */
void sp_wipe(void *bytes, size_t length);

/* Wipes a NUL-terminated text and frees it. NULL is fine. */
void sp_wipe_text(char *text);

#endif
