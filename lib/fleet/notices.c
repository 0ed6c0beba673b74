/* What waits to be told to the owner, beside what is to be done with shards. Called by every file of a fleet. */
#include "fleet/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sp_fleet_notice *push(spectacles_fleet *fleet)
{
    if (fleet->notices.count == SP_FLEET_NOTICES_MAX) {
        free(((sp_fleet_notice *)sp_ring_front(&fleet->notices))->text);
        sp_ring_pop(&fleet->notices);
        fleet->notices_lost++;
    }
    sp_fleet_notice *notice = sp_ring_push(&fleet->notices);
    if (!notice)
        fleet->notices_lost++;
    return notice;
}

void sp_fleet_tell(spectacles_fleet *fleet, const sp_fleet_notice *notice, const char *text)
{
    sp_fleet_notice *kept = push(fleet);
    if (!kept)
        return;
    *kept = *notice;
    kept->text = text ? sp_text_copy(text, strlen(text)) : NULL;
}

void sp_fleet_tell_problem(spectacles_fleet *fleet, int error, const char *format, ...)
{
    char text[SP_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sp_fleet_tell(fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_PROBLEM, .error = error}, text);
}

static void fill_event(spectacles_fleet *fleet)
{
    const sp_fleet_notice *notice = &fleet->notice;
    spectacles_fleet_event *event = &fleet->event;
    *event = (spectacles_fleet_event){.type = notice->type,
                                      .error = notice->error,
                                      .slot = notice->slot,
                                      .state = notice->state,
                                      .epoch = notice->epoch,
                                      .until = notice->until,
                                      .flags = notice->flags,
                                      .phase = notice->phase,
                                      .shard_count = notice->shard_count};
    if (event->shard_count == 0 && fleet->serving)
        event->shard_count = fleet->serving->shard_count;
    event->member = notice->member[0] ? notice->member : NULL;
    event->text = notice->text;
    event->text_length = notice->text ? strlen(notice->text) : 0;
}

bool sp_fleet_take_notice(spectacles_fleet *fleet)
{
    if (fleet->notices_lost > 0) {
        uint32_t lost = fleet->notices_lost;
        fleet->notices_lost = 0;
        sp_fleet_tell_problem(fleet, SPECTACLES_E_TOOBIG,
                              "%u events were not told: there was no room for them", (unsigned)lost);
    }
    free(fleet->notice.text);
    fleet->notice = (sp_fleet_notice){.type = 0};
    if (fleet->notices.count == 0)
        return false;
    fleet->notice = *(sp_fleet_notice *)sp_ring_front(&fleet->notices);
    sp_ring_pop(&fleet->notices);
    fill_event(fleet);
    return true;
}

void sp_fleet_free_notices(spectacles_fleet *fleet)
{
    while (sp_fleet_take_notice(fleet)) {
    }
    sp_ring_free(&fleet->notices);
}
