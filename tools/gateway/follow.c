/*
 * Settings that are followed while the daemon runs: each is handed to the part that it is for, and copied into the
 * running settings. It owns nothing. daemon.c calls it on SIGHUP.
 */
#include "follow.h"

#include "credentials.h"
#include "files.h"
#include "handle.h"
#include "log_settings.h"
#include "read.h"
#include "reload.h"
#include "tell.h"
#include "wipe.h"

#include <stdio.h>
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

/* A secret that was replaced is not kept until the end. */
static void forget(const struct setting *setting, const struct value *value)
{
    if (!(setting->flags & SETTING_IS_SECRET))
        return;
    if (value->text)
        wipe((void *)(uintptr_t)value->text, strlen(value->text));
    for (size_t i = 0; i < value->text_count; i++)
        wipe((void *)(uintptr_t)value->texts[i], strlen(value->texts[i]));
}

/* No setting with numbers in a list is followed. */
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

static bool copy_setting(struct settings *running, const struct settings *fresh, enum setting_id id)
{
    const struct value former = running->values[id];
    if (!copy_value(&running->arena, settings_value(fresh, id), &running->values[id]))
        return false;
    forget(setting_of(id), &former);
    return true;
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

static bool take(struct settings *running, const struct settings *fresh, enum setting_id id)
{
    return copy_setting(running, fresh, id) && join_events(running);
}

/* ---- Handing on ---- */

/* Sessions, the shards of the group and the commands of workers are those of one bot. */
static bool is_of_another_bot(const struct settings *running, const struct settings *fresh)
{
    uint64_t bot = spectacles_token_bot(settings_value(running, SETTING_TOKEN)->text);
    uint64_t other = spectacles_token_bot(settings_value(fresh, SETTING_TOKEN)->text);
    return bot != 0 && other != 0 && bot != other;
}

static int hand_to_gateway(spectacles_gateway *gateway, const struct settings *fresh, enum setting_id id,
                           spectacles_problem *problem)
{
    int error = SPECTACLES_OK;
    if (id == SETTING_EVENTS || id == SETTING_MORE_EVENTS)
        error = spectacles_gateway_set_allow(gateway, fresh->events, fresh->event_count, 0);
    else if (id == SETTING_PRESENCE)
        error = handle_set_presence(gateway, fresh);
    else if (id == SETTING_LATENCY_BUDGET)
        error = spectacles_gateway_set_latency_budget(gateway, (uint32_t)settings_value(fresh, id)->number);
    if (error != SPECTACLES_OK)
        snprintf(problem->text, sizeof problem->text, "%s", spectacles_gateway_last_error(gateway));
    return error;
}

static int hand_on(const struct followers *followers, const struct settings *fresh, enum setting_id id,
                   spectacles_problem *problem)
{
    const struct credentials_users users = {followers->gateways, followers->group, followers->member};
    if (id == SETTING_TOKEN)
        return credentials_hand_token(&users, fresh, problem);
    if (id == SETTING_AMQP_URL)
        return credentials_hand_urls(&users, fresh, followers->now, problem);
    if (id == SETTING_LOG_LEVEL)
        log_set_level(followers->log, (enum setting_log_level)settings_value(fresh, id)->number);
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < followers->gateways->count && error == SPECTACLES_OK; i++)
        error = hand_to_gateway(followers->gateways->items[i].handle, fresh, id, problem);
    return error;
}

/* ---- Following ---- */

/* The sessions are stored under the new token at once: the next process has that one. */
static void note_followed(const struct followers *followers, const struct reload_change *change)
{
    log_say(followers->log, LOG_LEVEL_INFO, "RELOAD", "%s", change->text);
    if (change->id == SETTING_TOKEN)
        store_touch(followers->store, true, followers->now);
}

/* The fleet has gone to that number of shards. */
static bool is_served_already(const struct followers *followers, const struct settings *fresh,
                              const struct reload_change *change)
{
    return change->id == SETTING_SHARD_COUNT && followers->member &&
           settings_value(fresh, change->id)->number == followers->gateways->serving;
}

static void follow_change(const struct followers *followers, struct settings *running,
                          const struct settings *fresh, const struct reload_change *change)
{
    spectacles_problem problem = {.text = "out of memory"};
    const char *name = setting_of(change->id)->name;
    if (is_served_already(followers, fresh, change) && take(running, fresh, change->id))
        log_say(followers->log, LOG_LEVEL_INFO, "RELOAD", "%s has changed: the fleet serves so many already",
                name);
    else if (!change->is_followed)
        log_say(followers->log, LOG_LEVEL_WARN, "RELOAD", "%s", change->text);
    else if (change->id == SETTING_TOKEN && is_of_another_bot(running, fresh))
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD",
                "%s has changed, and is of another bot: it is not followed; restart the gateway for that bot",
                name);
    else if (hand_on(followers, fresh, change->id, &problem) != SPECTACLES_OK ||
             !take(running, fresh, change->id))
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD", "%s could not be followed: %s: send SIGHUP again",
                name, problem.text);
    else
        note_followed(followers, change);
}

/* The paths may be the same, and the files others. */
static void follow_certificates(const struct followers *followers, const struct settings *running)
{
    const struct credentials_users users = {followers->gateways, followers->group, followers->member};
    const char *file = settings_value(running, SETTING_CA_FILE)->text;
    spectacles_problem problem = {.text = "out of memory"};
    if (credentials_hand_tls(&users, running, &problem) != SPECTACLES_OK)
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD",
                "the former certificates stay: %s: send SIGHUP again", problem.text);
    else
        log_say(followers->log, LOG_LEVEL_INFO, "RELOAD",
                "the authorities were read again (%.300s): connections that are made from now on trust these",
                file ? file : "the system's");
}

static void follow_all(const struct followers *followers, struct settings *running,
                       const struct settings *fresh)
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
    follow_certificates(followers, running);
}

void follow_settings(const struct followers *followers, struct settings *running,
                     const struct settings_input *input)
{
    struct settings fresh;
    struct problems problems = {0};
    settings_read(&fresh, input, &problems);
    log_settings_hide(followers->log, &fresh);
    files_check(&fresh, &problems);
    if (tell_problems(followers->log, &problems) != 0)
        log_say(followers->log, LOG_LEVEL_ERROR, "RELOAD", "the gateway goes on with its former settings");
    else
        follow_all(followers, running, &fresh);
    settings_free(&fresh);
}
