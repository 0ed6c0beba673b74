#ifndef SP_CORE_TIMERS_H
#define SP_CORE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Things that become due, the earliest first: a binary heap. A thing has a timer for each heap that it can be in. Room
 * is reserved when the thing is made, so that setting a timer cannot fail.
 */
typedef struct sp_timer {
    uint64_t at;
    size_t place; /* in the heap, counted from 1; 0: the timer is not set */
} sp_timer;

typedef struct sp_timers {
    sp_timer **heap;
    size_t count;    /* timers that are set */
    size_t capacity; /* of the heap */
    size_t reserved; /* timers that there is room for */
} sp_timers;

void sp_timers_free(sp_timers *timers);

/* Makes room for one more timer, or gives its room up. SPECTACLES_E_NOMEM. */
int sp_timers_reserve(sp_timers *timers);
void sp_timers_release(sp_timers *timers);

/* Sets a timer, or sets it anew. SPECTACLES_NEVER takes it out. */
void sp_timer_set(sp_timers *timers, sp_timer *timer, uint64_t at);

static inline bool sp_timer_is_set(const sp_timer *timer)
{
    return timer->place > 0;
}

/* The earliest timer, or NULL when none is set. */
static inline sp_timer *sp_timers_first(const sp_timers *timers)
{
    return timers->count > 0 ? timers->heap[0] : NULL;
}

/* When the earliest timer is due; SPECTACLES_NEVER when none is set. */
uint64_t sp_timers_deadline(const sp_timers *timers);

/* Takes the earliest timer out and returns it when it is due; else NULL. */
sp_timer *sp_timers_take_due(sp_timers *timers, uint64_t now);

#endif
