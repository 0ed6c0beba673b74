/* Debian has no archive of wslay. What is linked with musl (scripts/cross.sh) moves no WebSocket frame. */
#include <stdlib.h>

void wslay_frame_context_init(void);
void wslay_frame_context_free(void);
void wslay_frame_recv(void);
void wslay_frame_send(void);

void wslay_frame_context_init(void)
{
    abort();
}

void wslay_frame_context_free(void)
{
    abort();
}

void wslay_frame_recv(void)
{
    abort();
}

void wslay_frame_send(void)
{
    abort();
}
