/*
 * The calls that wait for a reply: the deadline of each call, and how the call ended. Called by rpc.c, events.c and
 * timers.c.
 */
#include "broker/calls.h"

enum {
    COMPACT_AT = 64
};

void sp_calls_init(sp_calls *calls)
{
    *calls = (sp_calls){.calls = sp_ring_of(sizeof(sp_call)), .due = SPECTACLES_NEVER};
}

void sp_calls_free(sp_calls *calls)
{
    sp_ring_free(&calls->calls);
}

size_t sp_calls_count(const sp_calls *calls)
{
    return calls->calls.count - calls->over;
}

static sp_call *call_at(const sp_calls *calls, size_t index)
{
    return sp_ring_at(&calls->calls, index);
}

static bool waits(const sp_call *call)
{
    return !call->over && !call->failure;
}

int sp_calls_add(sp_calls *calls, uint64_t tag, uint64_t deadline)
{
    sp_call *call = sp_ring_push(&calls->calls);
    if (!call)
        return SPECTACLES_E_NOMEM;
    call->tag = tag;
    call->deadline = deadline;
    if (deadline < calls->due)
        calls->due = deadline;
    return SPECTACLES_OK;
}

void sp_calls_drop_last(sp_calls *calls)
{
    sp_ring_pop_back(&calls->calls);
}

sp_call *sp_calls_find(const sp_calls *calls, uint64_t tag)
{
    size_t first = 0;
    size_t end = calls->calls.count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        sp_call *call = call_at(calls, middle);
        if (call->tag == tag)
            return waits(call) ? call : NULL;
        if (call->tag < tag)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* Removes the calls that are over. Otherwise one call without a reply would keep the memory of all calls behind it. */
static void compact(sp_calls *calls)
{
    size_t count = calls->calls.count;
    if (calls->over < COMPACT_AT || calls->over < count / 2)
        return;
    for (size_t i = 0; i < count; i++) {
        sp_call call = *call_at(calls, 0);
        sp_ring_pop(&calls->calls);
        /* This needs no memory: a call has just been removed. */
        sp_call *kept = call.over ? NULL : sp_ring_push(&calls->calls);
        if (kept)
            *kept = call;
    }
    calls->over = 0;
}

void sp_calls_end(sp_calls *calls, sp_call *call)
{
    calls->failed -= call->failure != 0;
    call->over = true;
    calls->over++;
    while ((call = sp_ring_front(&calls->calls)) && call->over) {
        sp_ring_pop(&calls->calls);
        calls->over--;
    }
    compact(calls);
}

void sp_calls_fail(sp_calls *calls, sp_call *call, uint32_t failure)
{
    call->failure = failure;
    calls->failed++;
}

void sp_calls_fail_all(sp_calls *calls, uint32_t failure)
{
    for (size_t i = 0; i < calls->calls.count; i++) {
        sp_call *call = call_at(calls, i);
        if (waits(call) && !call->unsent)
            sp_calls_fail(calls, call, failure);
        call->unsent = false;
    }
}

sp_call *sp_calls_next_late(sp_calls *calls, uint64_t now)
{
    uint64_t due = SPECTACLES_NEVER;
    for (size_t i = 0; i < calls->calls.count; i++) {
        sp_call *call = call_at(calls, i);
        if (!waits(call))
            continue;
        if (call->deadline <= now)
            return call;
        due = call->deadline < due ? call->deadline : due;
    }
    calls->due = due;
    return NULL;
}

sp_call *sp_calls_next_failed(const sp_calls *calls)
{
    for (size_t i = 0; calls->failed > 0 && i < calls->calls.count; i++) {
        sp_call *call = call_at(calls, i);
        if (call->failure && !call->over)
            return call;
    }
    return NULL;
}

const char *sp_call_failure_text(uint32_t failure)
{
    switch (failure) {
    case SPECTACLES_CALL_TIMEOUT:
        return "nobody has replied to the call in time";
    case SPECTACLES_CALL_UNROUTABLE:
        return "no queue takes the call";
    case SPECTACLES_CALL_REFUSED:
        return "the broker does not take the call";
    case SPECTACLES_CALL_LOST:
        return "the connection or its channel was lost after the call was sent: "
               "whether it was carried out is unknown";
    case SPECTACLES_CALL_CLOSED:
        return "the broker was closed before a reply came";
    default:
        return "the reply to the call is over the limit on its size";
    }
}
