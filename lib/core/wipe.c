/* Forgetting secrets. Called by whoever held a token, or a buffer through which one went. */
#include "core/wipe.h"

#include <stdlib.h>
#include <string.h>

void sp_wipe(void *bytes, size_t length)
{
    /* The compiler can not know what is called, and so not that the call has no effect. */
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
