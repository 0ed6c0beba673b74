#ifndef SP_NET_HISTORY_H
#define SP_NET_HISTORY_H

#include "net/address.h"

/*
 * What a link remembers of the addresses that it has tried, whatever the host: an engine may have several hosts. An
 * address has worked when its connection became READY. TCP alone is no proof: a balancer without a live server takes
 * connections too.
 */
enum {
    SP_HISTORY_MAX = 8,     /* failed addresses that are remembered */
    SP_HISTORY_UNKNOWN = 1, /* rank 0: it worked last */
    SP_HISTORY_RANKS =
        SP_HISTORY_UNKNOWN + 1 + SP_HISTORY_MAX /* above UNKNOWN: it failed, the oldest failure first */
};

typedef struct sp_history {
    sp_address worked;                 /* family 0: none */
    sp_address failed[SP_HISTORY_MAX]; /* the oldest failure first, each address once */
    size_t failed_count;
} sp_history;

void sp_history_note_worked(sp_history *history, const sp_address *address);
void sp_history_note_failed(sp_history *history, const sp_address *address);

/* Which addresses are tried first: those of a low rank. Below SP_HISTORY_RANKS. */
size_t sp_history_rank(const sp_history *history, const sp_address *address);

#endif
