/* Overwrites secrets. The engines call it for tokens, passwords, and buffers that held them. */
#include "core/wipe.h"

#include <stdlib.h>
#include <string.h>

void sp_wipe(void *bytes, size_t length)
{
    /* The compiler does not know which function is called, so that it cannot drop the call. */
    static void *(*const volatile set)(void *, int, size_t) = memset;
    if (length > 0)
        set(bytes, 0, length);
}

void sp_wipe_text(char *text)
{
    if (text)
        sp_wipe(text, strlen(text));
    free(text);
}
