/* Overwrites secrets. Whoever frees memory that a token or a password may be in calls it. */
#include "wipe.h"

#include <stdlib.h>
#include <string.h>

void wipe(void *memory, size_t length)
{
    volatile unsigned char *at = memory;
    for (size_t i = 0; i < length; i++)
        at[i] = 0;
}

void wipe_and_free(char *text)
{
    if (text)
        wipe(text, strlen(text));
    free(text);
}
