/*
 * The line of text of an event, for logs: each type has a template, and the fields of the event fill its places. Called
 * by owners.
 */
#include "core/export.h"

#include <spectacles/relay.h>
#include <stdio.h>
#include <string.h>

enum {
    SESSION_SHOWN = 6 /* characters of a session id: whoever has the token could resume with all of it */
};

/*
 * What stands for a field of the event:
 *
 *     $S  "shard 0/2"               $B  "broker events"           $t  text
 *     $n  name                      $i  the session               $q  seq
 *     $o  op                        $d  duration                  $l  the length of the body
 *     $w  how long it is until `until`, and $a  "; again in 1500 ms", or nothing when `until` is 0
 */
static const char *const templates[] = {
    [SPECTACLES_RELAY_EVENT_SHARD_CONNECTING] = "$S connecting to $t",
    [SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING] = "$S identifying",
    [SPECTACLES_RELAY_EVENT_SHARD_READY] = "$S ready, session $i",
    [SPECTACLES_RELAY_EVENT_SHARD_RESUMED] = "$S resumed, session $i",
    [SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED] = "$S disconnected: $t$a",
    [SPECTACLES_RELAY_EVENT_SHARD_GAP] = "$S GAP: $t",
    [SPECTACLES_RELAY_EVENT_SHARD_CLOSED] = "$S closed",
    [SPECTACLES_RELAY_EVENT_SHARD_FATAL] = "$S FATAL: $t",
    [SPECTACLES_RELAY_EVENT_SHARD_LATENCY] = "$S: a heartbeat was acknowledged after $d ms",
    [SPECTACLES_RELAY_EVENT_SHARD_LATE] = "$S: $t",
    [SPECTACLES_RELAY_EVENT_SHARD_PLAIN] = "$S: $t",
    [SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY] = "$S waits until its identify is granted",
    [SPECTACLES_RELAY_EVENT_SHARD_REMOVED] = "$S removed, session $i, sequence $q",
    [SPECTACLES_RELAY_EVENT_BROKER_CONNECTING] = "$B connecting to $t",
    [SPECTACLES_RELAY_EVENT_BROKER_READY] = "$B ready ($t)",
    [SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED] = "$B disconnected: $t$a",
    [SPECTACLES_RELAY_EVENT_BROKER_BLOCKED] = "$B blocked: $t",
    [SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED] = "$B unblocked",
    [SPECTACLES_RELAY_EVENT_BROKER_CLOSED] = "$B closed",
    [SPECTACLES_RELAY_EVENT_SUBSCRIBED] = "queue $t stands",
    [SPECTACLES_RELAY_EVENT_UNSUBSCRIBED] = "queue for $n lost: $t$a",
    [SPECTACLES_RELAY_EVENT_PUBLISH_FAILED] = "publish under $n failed: $t",
    [SPECTACLES_RELAY_EVENT_UNROUTABLE] = "$n is held back for $w: $t",
    [SPECTACLES_RELAY_EVENT_COMMAND_ROUTED] = "SEND with op $o routed to $S",
    [SPECTACLES_RELAY_EVENT_COMMAND_SENT] = "op $o sent on $S",
    [SPECTACLES_RELAY_EVENT_COMMAND_REJECTED] = "command under $n rejected: $t",
    [SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT] = "$S cannot identify: $t",
    [SPECTACLES_RELAY_EVENT_RATE_LIMITED] = "no shard connects for $w: $t ($S)",
    [SPECTACLES_RELAY_EVENT_COMMAND_LIMITED] = "$S: $t",
    [SPECTACLES_RELAY_EVENT_MESSAGE] = "message $n of $S, sequence $q, $l bytes",
};

static const char *template_of(const spectacles_relay_event *event)
{
    if (event->type == SPECTACLES_RELAY_EVENT_COMMAND_REJECTED && event->ticket > 0)
        return "op $o was not sent on $S: $t";
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_REMOVED && !event->session_id)
        return "$S removed, it has no session";
    if (event->type == SPECTACLES_RELAY_EVENT_COMMAND_LIMITED && event->name_length > 0)
        return "$S: $t (nonce $n)";
    const char *found = event->type < sizeof templates / sizeof templates[0] ? templates[event->type] : NULL;
    return found ? found : "an event that this version does not know";
}

/* The line as it is put together. Each template, with the longest texts in its places, has room. */
struct line {
    char chars[SPECTACLES_RELAY_LINE_SIZE];
    size_t length;
};

static void add(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof line->chars - 1 - line->length;
    size_t taken = length < room ? length : room;
    if (taken > 0)
        memcpy(line->chars + line->length, text, taken);
    line->length += taken;
}

static void add_number(struct line *line, uint64_t number)
{
    char digits[24];
    add(line, digits, (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number));
}

static void add_text(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static void add_shard(struct line *line, const spectacles_relay_event *event)
{
    add_text(line, "shard ");
    add_number(line, event->shard_id);
    add_text(line, "/");
    add_number(line, event->shard_count);
}

static void add_wait(struct line *line, const spectacles_relay_event *event, uint64_t now)
{
    add_number(line, event->until > now ? event->until - now : 0);
    add_text(line, " ms");
}

static void add_again(struct line *line, const spectacles_relay_event *event, uint64_t now)
{
    if (event->until == 0)
        return;
    add_text(line, "; again in ");
    add_wait(line, event, now);
}

static void add_session(struct line *line, const spectacles_relay_event *event)
{
    size_t length = event->session_id_length;
    add(line, event->session_id, length < SESSION_SHOWN ? length : SESSION_SHOWN);
    add_text(line, "...");
}

static void add_place(struct line *line, char place, const spectacles_relay_event *event, uint64_t now)
{
    if (place == 'S')
        add_shard(line, event);
    else if (place == 'B')
        add_text(line, event->broker == SPECTACLES_RELAY_EVENTS ? "broker events" : "broker commands");
    else if (place == 't')
        add(line, event->text, event->text_length);
    else if (place == 'n')
        add(line, event->name, event->name_length);
    else if (place == 'i')
        add_session(line, event);
    else if (place == 'w')
        add_wait(line, event, now);
    else if (place == 'a')
        add_again(line, event, now);
    else if (place == 'q')
        add_number(line, event->seq);
    else if (place == 'o')
        add_number(line, event->op);
    else if (place == 'd')
        add_number(line, event->duration);
    else if (place == 'l')
        add_number(line, event->body_length);
}

SPECTACLES_EXPORT size_t spectacles_relay_event_describe(char *out, size_t size,
                                                         const spectacles_relay_event *event, uint64_t now)
{
    struct line line = {.length = 0};
    for (const char *at = template_of(event); *at; at++) {
        if (*at == '$')
            add_place(&line, *++at, event, now);
        else
            add(&line, at, 1);
    }
    return spectacles_printable(out, size, line.chars, line.length);
}
