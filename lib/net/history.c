/*
 * Which addresses have worked, and which have failed. Called by connect.c, race.c and addresses.c.
 */
#include "net/history.h"

#include <string.h>

static size_t find_failed(const sp_history *history, const sp_address *address)
{
    size_t i = 0;
    while (i < history->failed_count && !sp_address_equals(&history->failed[i], address))
        i++;
    return i;
}

static void forget(sp_history *history, size_t place)
{
    if (place >= history->failed_count)
        return;
    history->failed_count--;
    memmove(history->failed + place, history->failed + place + 1,
            (history->failed_count - place) * sizeof *history->failed);
}

void sp_history_note_worked(sp_history *history, const sp_address *address)
{
    forget(history, find_failed(history, address));
    history->worked = *address;
}

void sp_history_note_failed(sp_history *history, const sp_address *address)
{
    if (address->family == 0)
        return;
    forget(history, find_failed(history, address));
    if (history->failed_count == SP_HISTORY_MAX)
        forget(history, 0);
    history->failed[history->failed_count++] = *address;
    if (sp_address_equals(&history->worked, address))
        history->worked = (sp_address){0};
}

size_t sp_history_rank(const sp_history *history, const sp_address *address)
{
    if (sp_address_equals(&history->worked, address))
        return 0;
    size_t place = find_failed(history, address);
    return place < history->failed_count ? SP_HISTORY_UNKNOWN + 1 + place : SP_HISTORY_UNKNOWN;
}
