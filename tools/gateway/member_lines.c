/*
 * The lines of the log for the events of a fleet. It owns nothing. member_carry.c calls it.
 *
 * What asks for an action is a warning, and stands in a table of doc/operations.md, which
 * tests/static/test_log_lines.py holds against this file.
 */
#include "member_lines.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    TEXT_SIZE = 700,
    SUBJECT_SIZE = 24
};

static void write_repeating(struct log *log, struct log_repeats *repeats, const struct log_line *line,
                            uint64_t now)
{
    if (repeats)
        log_repeats_write(repeats, line, now);
    else
        log_write(log, line);
}

/* ---- Slots ---- */

static void tell_doubtful(struct log *log, struct log_repeats *repeats, const spectacles_fleet_event *event,
                          uint64_t now)
{
    char text[TEXT_SIZE];
    snprintf(text, sizeof text,
             "slot %u of the fleet is doubtful: RabbitMQ has not said for 7 s that this process owns it; its "
             "connections stay, and nobody identifies",
             (unsigned)event->slot);
    struct log_line line = {.level = LOG_LEVEL_WARN, .event = "FLEET_DOUBTFUL", .text = text};
    write_repeating(log, repeats, &line, now);
}

static enum setting_log_level level_of_slot(uint32_t state)
{
    return state == SPECTACLES_FLEET_OWNED || state == SPECTACLES_FLEET_RELEASING ? LOG_LEVEL_INFO
                                                                                  : LOG_LEVEL_DEBUG;
}

/* Records come back all the time: a slot that was doubtful and is owned again is told of as any other. */
static void tell_slot(struct log *log, struct log_repeats *repeats, const spectacles_fleet_event *event,
                      uint64_t now)
{
    char subject[SUBJECT_SIZE];
    char text[TEXT_SIZE];
    if (event->state == SPECTACLES_FLEET_DOUBTFUL) {
        tell_doubtful(log, repeats, event, now);
        return;
    }
    snprintf(subject, sizeof subject, "slot %u", (unsigned)event->slot);
    snprintf(text, sizeof text, "slot %u of the fleet is %s, epoch %" PRIu64, (unsigned)event->slot,
             spectacles_fleet_slot_state_name(event->state), event->epoch);
    struct log_line line = {
        .level = level_of_slot(event->state), .event = "FLEET_SLOT", .text = text, .subject = subject};
    if (log_wants(log, line.level))
        log_write(log, &line);
}

/* ---- The broker ---- */

static void tell_disconnected(struct log *log, struct log_repeats *repeats,
                              const spectacles_fleet_event *event, uint64_t now)
{
    char text[TEXT_SIZE];
    uint64_t wait = event->until > now && event->until != SPECTACLES_NEVER ? event->until - now : 0;
    snprintf(text, sizeof text, "the fleet has lost RabbitMQ: %.400s; again in %" PRIu64 " ms",
             event->text ? event->text : spectacles_strerror(event->error), wait);
    struct log_line line = {
        .level = LOG_LEVEL_WARN, .event = "FLEET_DISCONNECTED", .text = text, .subject = "broker fleet"};
    write_repeating(log, repeats, &line, now);
}

/* ---- Shards ---- */

static void tell_shard(struct log *log, const spectacles_fleet_event *event)
{
    char text[TEXT_SIZE];
    if (!log_wants(log, LOG_LEVEL_DEBUG))
        return;
    snprintf(text, sizeof text, "the fleet says %s of shard %u, slot %u%s%.100s",
             spectacles_fleet_event_type_name(event->type), (unsigned)event->shard_id, (unsigned)event->slot,
             event->session ? ", session " : "", event->session ? event->session->session_id : "");
    log_write(log, &(struct log_line){.level = LOG_LEVEL_DEBUG,
                                      .event = "FLEET_SHARD",
                                      .text = text,
                                      .shard_id = event->shard_id,
                                      .has_shard = true});
}

/* ---- All of it ---- */

void member_line(struct log *log, struct log_repeats *repeats, const spectacles_fleet_event *event,
                 uint64_t now)
{
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_SLOT:
        tell_slot(log, repeats, event, now);
        return;
    case SPECTACLES_FLEET_EVENT_MEMBER_JOINED:
        log_say(log, LOG_LEVEL_INFO, "FLEET_MEMBER", "%s is in the fleet", event->member);
        return;
    case SPECTACLES_FLEET_EVENT_MEMBER_LEFT:
        log_say(log, LOG_LEVEL_INFO, "FLEET_MEMBER", "%s is not in the fleet any more", event->member);
        return;
    case SPECTACLES_FLEET_EVENT_LEADER:
        log_say(log, LOG_LEVEL_INFO, "FLEET_LEADER", "this process %s",
                event->member ? "leads the fleet" : "does not lead the fleet any more");
        return;
    case SPECTACLES_FLEET_EVENT_PROBLEM:
        log_say(log, LOG_LEVEL_WARN, "FLEET_PROBLEM", "%s", event->text);
        return;
    case SPECTACLES_FLEET_EVENT_BROKER_READY:
        log_say(log, LOG_LEVEL_INFO, "FLEET_READY", "the fleet is connected to %s", event->text);
        return;
    case SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED:
        tell_disconnected(log, repeats, event, now);
        return;
    case SPECTACLES_FLEET_EVENT_RESHARDING:
        return; /* member_reshard.c tells it, with the numbers */
    case SPECTACLES_FLEET_EVENT_SHARDING:
    case SPECTACLES_FLEET_EVENT_SHARDING_ENDED:
        log_say(log, LOG_LEVEL_DEBUG, "FLEET_SHARDING", "the fleet says %s of %u shards",
                spectacles_fleet_event_type_name(event->type), (unsigned)event->shard_count);
        return;
    case SPECTACLES_FLEET_EVENT_WANTS_LIMITS:
        log_say(log, LOG_LEVEL_DEBUG, "FLEET_LIMITS", "the fleet asks how many identifies are left");
        return;
    default:
        tell_shard(log, event);
        return;
    }
}
