#ifndef GATEWAY_WIPE_H
#define GATEWAY_WIPE_H

#include <stddef.h>

/* Overwrites memory that held a secret, before it is freed. No compiler leaves this out. NULL is fine with 0. */
void wipe(void *memory, size_t length);

/* Wipes a NUL-terminated text and frees it. NULL is fine. */
void wipe_and_free(char *text);

#endif
