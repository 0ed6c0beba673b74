/*
 * A heap of timers, so that what is due next is found without a look at everything. Called by the poller for its
 * links, and by the relay for what its shards wait for.
 */
#include "core/timers.h"

#include <assert.h>
#include <spectacles/types.h>
#include <stdlib.h>

void sp_timers_free(sp_timers *timers)
{
    free(timers->heap);
    *timers = (sp_timers){0};
}

int sp_timers_reserve(sp_timers *timers)
{
    if (timers->reserved == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : 16;
        if (capacity > SIZE_MAX / sizeof *timers->heap)
            return SPECTACLES_E_NOMEM;
        sp_timer **heap = realloc(timers->heap, capacity * sizeof *heap);
        if (!heap)
            return SPECTACLES_E_NOMEM;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->reserved++;
    return SPECTACLES_OK;
}

void sp_timers_release(sp_timers *timers)
{
    assert(timers->reserved > 0 && timers->count < timers->reserved);
    timers->reserved--;
}

static void put(sp_timers *timers, size_t place, sp_timer *timer)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

static sp_timer *at(const sp_timers *timers, size_t place)
{
    return timers->heap[place - 1];
}

static void move_up(sp_timers *timers, sp_timer *timer)
{
    size_t place = timer->place;
    while (place > 1 && timer->at < at(timers, place / 2)->at) {
        put(timers, place, at(timers, place / 2));
        place /= 2;
    }
    put(timers, place, timer);
}

/* The earlier one of the two below a place; 0 when there is none. */
static size_t below(const sp_timers *timers, size_t place)
{
    size_t left = place * 2;
    if (left > timers->count)
        return 0;
    return left < timers->count && at(timers, left + 1)->at < at(timers, left)->at ? left + 1 : left;
}

static void move_down(sp_timers *timers, sp_timer *timer)
{
    size_t place = timer->place;
    size_t next;
    while ((next = below(timers, place)) > 0 && at(timers, next)->at < timer->at) {
        put(timers, place, at(timers, next));
        place = next;
    }
    put(timers, place, timer);
}

static void take_out(sp_timers *timers, sp_timer *timer)
{
    size_t place = timer->place;
    sp_timer *last = at(timers, timers->count--);
    timer->place = 0;
    if (last == timer)
        return;
    put(timers, place, last);
    move_up(timers, last);
    move_down(timers, last);
}

void sp_timer_set(sp_timers *timers, sp_timer *timer, uint64_t at)
{
    if (at == SPECTACLES_NEVER) {
        if (sp_timer_is_set(timer))
            take_out(timers, timer);
        return;
    }
    if (!sp_timer_is_set(timer)) {
        assert(timers->count < timers->reserved);
        timer->at = at;
        put(timers, ++timers->count, timer);
        move_up(timers, timer);
        return;
    }
    if (timer->at == at)
        return;
    timer->at = at;
    move_up(timers, timer);
    move_down(timers, timer);
}

uint64_t sp_timers_deadline(const sp_timers *timers)
{
    const sp_timer *first = sp_timers_first(timers);
    return first ? first->at : SPECTACLES_NEVER;
}

sp_timer *sp_timers_take_due(sp_timers *timers, uint64_t now)
{
    sp_timer *first = sp_timers_first(timers);
    if (!first || first->at > now)
        return NULL;
    take_out(timers, first);
    return first;
}
