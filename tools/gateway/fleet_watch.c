/*
 * Somebody who looks at a fleet, for the command `fleet`: it owns a fleet handle, and turns its loop. fleet.c,
 * fleet_show.c and fleet_move.c call it.
 */
#include "fleet_watch.h"

#include <stdio.h>
#include <string.h>

static const char where[] = "fleet";

/* ---- What is heard ---- */

static void take(struct fleet_watch *watch, const spectacles_fleet_event *event)
{
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_BROKER_READY:
        watch->is_ready = true;
        return;
    case SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED:
        watch->is_ready = false;
        snprintf(watch->text, sizeof watch->text, "%s", event->text ? event->text : "");
        return;
    case SPECTACLES_FLEET_EVENT_PROBLEM:
        watch->has_problem = true;
        problems_add(watch->problems, PROBLEM_IS_FINAL, where, "%.500s", event->text);
        return;
    default:
        return; /* a member came or went: the members are looked at when they are shown */
    }
}

static void turn(struct fleet_watch *watch, uint64_t until)
{
    const spectacles_fleet_event *event;
    uint64_t deadline = spectacles_fleet_deadline(watch->handle.fleet);
    connection_flush(watch->handle.connection, spectacles_now()); /* what was wanted since the last turn */
    connection_wait(watch->handle.connection, deadline < until ? deadline : until, spectacles_now());
    uint64_t now = spectacles_now();
    connection_process(watch->handle.connection, now);
    do {
        while ((event = spectacles_fleet_next_event(watch->handle.fleet, now)))
            take(watch, event);
    } while (connection_flush(watch->handle.connection, now));
}

bool fleet_watch_until(struct fleet_watch *watch, uint64_t until)
{
    while (!watch->has_problem && spectacles_now() < until)
        turn(watch, until);
    return !watch->has_problem;
}

/* ---- Begin and end ---- */

static bool connect_to_rabbit(struct fleet_watch *watch)
{
    uint64_t until = spectacles_now() + FLEET_WATCH_CONNECT;
    while (!watch->has_problem && !watch->is_ready && spectacles_now() < until)
        turn(watch, until);
    if (!watch->has_problem && !watch->is_ready)
        problems_add(watch->problems, PROBLEM_MAY_PASS, where, "RabbitMQ was not reached within %d s%s%s",
                     FLEET_WATCH_CONNECT / 1000, watch->text[0] ? ": " : "", watch->text);
    return watch->is_ready && !watch->has_problem;
}

static bool make_handle(struct fleet_watch *watch, const struct settings *settings)
{
    char name[SPECTACLES_FLEET_NAME_SIZE];
    struct proxies proxies;
    spectacles_problem problem = {.text = "out of memory"};
    proxies_choose(&proxies, settings);
    snprintf(name, sizeof name, "look-%016llx", (unsigned long long)spectacles_random_seed());
    const struct fleet_handle_parts parts = {
        .settings = settings,
        .proxies = &proxies,
        .member = name,
        .shard_count = (uint32_t)settings_value(settings, SETTING_SHARD_COUNT)->number};
    int error = fleet_handle_begin(&watch->handle, &parts, &problem);
    if (error == SPECTACLES_OK)
        return true;
    problems_add(watch->problems, error == SPECTACLES_E_NOMEM ? PROBLEM_MAY_PASS : PROBLEM_IS_FINAL, where,
                 "%s", problem.text);
    return false;
}

bool fleet_watch_begin(struct fleet_watch *watch, const struct settings *settings, struct problems *problems)
{
    *watch = (struct fleet_watch){.problems = problems};
    if (!make_handle(watch, settings))
        return false;
    spectacles_fleet_leave(watch->handle.fleet, spectacles_now());
    return connect_to_rabbit(watch) && fleet_watch_until(watch, spectacles_now() + FLEET_WATCH_LISTEN);
}

void fleet_watch_end(struct fleet_watch *watch)
{
    fleet_handle_end(&watch->handle);
}

/* ---- Looking ---- */

bool fleet_watch_find(const struct fleet_watch *watch, const char *name, spectacles_fleet_member_info *out)
{
    spectacles_fleet_member_info info;
    spectacles_fleet_member_info_init(&info, sizeof info);
    for (size_t i = 0; spectacles_fleet_member(watch->handle.fleet, i, &info) == 1; i++) {
        if (strcmp(info.name, name) != 0)
            continue;
        if (out)
            *out = info;
        return true;
    }
    return false;
}
