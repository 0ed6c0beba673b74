/*
 * RATE_LIMITED: Discord's answer to a request that came too early, such as op 8 for all members of a guild twice in 30
 * s (Discord: "Rate Limited"). dispatches.c publishes the dispatch, so that the worker of the request finds its nonce
 * in d.meta. This file reports it to the owner of the relay. Called by dispatches.c.
 */
#include "relay/rate_limited.h"

#include "relay/events.h"

#include <spectacles/document.h>
#include <string.h>

enum {
    NONCE_SHOWN = 32
};
static const double wait_max = 86400; /* seconds */

typedef struct limited {
    uint64_t op;
    uint64_t wait; /* milliseconds */
    const char *nonce;
    size_t nonce_length;
} limited;

static const char name_of_it[] = "RATE_LIMITED";

bool sp_relay_is_rate_limited(const char *name, size_t length)
{
    return length == sizeof name_of_it - 1 && memcmp(name, name_of_it, length) == 0;
}

/* Fields that are missing or of another type stay 0 and empty. The worker gets `d` unchanged in any case. */
static limited read_limited(const spectacles_value *d)
{
    limited found = {.nonce = "", .nonce_length = 0};
    double seconds = 0;
    spectacles_value_uint64(spectacles_value_get(d, "opcode"), &found.op);
    if (spectacles_value_double(spectacles_value_get(d, "retry_after"), &seconds) == SPECTACLES_OK &&
        seconds > 0)
        found.wait = (uint64_t)((seconds < wait_max ? seconds : wait_max) * 1000);
    size_t length = 0;
    const char *nonce =
        spectacles_value_text(spectacles_value_get(spectacles_value_get(d, "meta"), "nonce"), &length);
    if (nonce) {
        found.nonce = nonce;
        found.nonce_length = length;
    }
    return found;
}

static void report(spectacles_relay *relay, const sp_relay_shard *shard, const limited *found)
{
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_COMMAND_LIMITED);
    if (!queued)
        return;
    sp_text nonce;
    sp_text_set(&nonce, "%s", "");
    sp_text_add_foreign(&nonce, found->nonce, found->nonce_length, NONCE_SHOWN);
    queued->event.shard_id = shard->id;
    queued->event.op = found->op <= UINT32_MAX ? (uint32_t)found->op : 0;
    queued->event.duration = found->wait;
    sp_relay_set_name(queued, nonce.chars, nonce.length);
    sp_text_set(&queued->text, "Discord refused op %u, which came too early: again in %llu ms",
                (unsigned)queued->event.op, (unsigned long long)found->wait);
    if (nonce.length > 0)
        sp_text_add(&queued->text, " (nonce %s)", nonce.chars);
}

void sp_relay_report_rate_limited(spectacles_relay *relay, const sp_relay_shard *shard,
                                  const spectacles_shard_event *event)
{
    spectacles_document *document = NULL;
    relay->stats.limited++;
    if (spectacles_document_new(&document) != SPECTACLES_OK)
        return;
    if (spectacles_document_parse(document, event->format, 0, event->data, event->data_length, NULL) ==
        SPECTACLES_OK) {
        limited found = read_limited(spectacles_document_root(document));
        report(relay, shard, &found);
    }
    spectacles_document_free(document);
}
