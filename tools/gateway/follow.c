/*
 * Settings that are followed while the daemon runs: each is copied into the running settings, and handed to the part
 * that it is for. It owns nothing. daemon.c calls it on SIGHUP.
 */
#include "follow.h"

#include "handle.h"
#include "reload.h"

#include <stdlib.h>
#include <string.h>

/* ---- Copying ---- */

static bool copy_text(struct arena *arena, const char *text, const char **out)
{
    *out = text ? arena_copy(arena, text, strlen(text)) : NULL;
    return *out || !text;
}

static bool copy_texts(struct arena *arena, const struct value *from, struct value *to)
{
    to->texts = arena_take(arena, (from->text_count + 1) * sizeof *to->texts);
    if (!to->texts)
        return false;
    for (size_t i = 0; i < from->text_count; i++) {
        if (!copy_text(arena, from->texts[i], &to->texts[i]))
            return false;
    }
    return true;
}

/* No setting with numbers in a list is followed, and no secret. */
static bool copy_value(struct arena *arena, const struct value *from, struct value *to)
{
    struct value copy = *from;
    copy.numbers = NULL;
    copy.number_count = 0;
    if (!copy_text(arena, from->text, &copy.text) || !copy_text(arena, from->where, &copy.where) ||
        !copy_texts(arena, from, &copy))
        return false;
    *to = copy;
    return true;
}

static bool take(struct settings *running, const struct settings *fresh, enum setting_id id)
{
    return copy_value(&running->arena, settings_value(fresh, id), &running->values[id]);
}

/* The names of both lists, as read.c joins them. */
static bool join_events(struct settings *running)
{
    static const enum setting_id lists[] = {SETTING_EVENTS, SETTING_MORE_EVENTS};
    size_t most =
        running->values[SETTING_EVENTS].text_count + running->values[SETTING_MORE_EVENTS].text_count;
    size_t count = 0;
    const char **events = arena_take(&running->arena, (most + 1) * sizeof *events);
    if (!events)
        return false;
    for (size_t list = 0; list < 2; list++) {
        const struct value *value = settings_value(running, lists[list]);
        for (size_t i = 0; i < value->text_count; i++)
            events[count++] = value->texts[i];
    }
    running->events = events;
    running->event_count = count;
    return true;
}

/* ---- Following ---- */

static int hand_to_gateway(spectacles_gateway *gateway, const struct settings *running, enum setting_id id)
{
    const struct value *value = settings_value(running, id);
    if (!gateway)
        return SPECTACLES_OK;
    if (id == SETTING_EVENTS || id == SETTING_MORE_EVENTS)
        return spectacles_gateway_set_allow(gateway, running->events, running->event_count, 0);
    if (id == SETTING_PRESENCE)
        return handle_set_presence(gateway, running);
    if (id == SETTING_LATENCY_BUDGET)
        return spectacles_gateway_set_latency_budget(gateway, (uint32_t)value->number);
    return SPECTACLES_OK;
}

static void hand_on(const struct followers *followers, const struct settings *running,
                    const struct reload_change *change)
{
    enum setting_id id = change->id;
    if (id == SETTING_LOG_LEVEL)
        log_set_level(followers->log, (enum setting_log_level)settings_value(running, id)->number);
    if (hand_to_gateway(followers->gateway, running, id) != SPECTACLES_OK)
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD", "%s could not be followed: %s: send SIGHUP again",
                setting_of(id)->name, spectacles_gateway_last_error(followers->gateway));
    else
        log_say(followers->log, LOG_LEVEL_INFO, "RELOAD", "%s", change->text);
}

static void follow_change(const struct followers *followers, struct settings *running,
                          const struct settings *fresh, const struct reload_change *change)
{
    if (!change->is_followed)
        log_say(followers->log, LOG_LEVEL_WARN, "RELOAD", "%s", change->text);
    else if (!take(running, fresh, change->id) || !join_events(running))
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD", "%s could not be followed: out of memory",
                setting_of(change->id)->name);
    else
        hand_on(followers, running, change);
}

void follow(const struct followers *followers, struct settings *running, const struct settings *fresh)
{
    struct reload_change *changes = calloc(SETTING_COUNT, sizeof *changes);
    if (!changes) {
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD", "nothing was followed: out of memory");
        return;
    }
    size_t count = reload_compare(running, fresh, changes);
    for (size_t i = 0; i < count; i++)
        follow_change(followers, running, fresh, &changes[i]);
    if (count == 0)
        log_say(followers->log, LOG_LEVEL_INFO, "RELOAD", "no setting has changed");
    free(changes);
}
