/*
 * The daemon: one turn of its loop, and what it does with signals and events. It owns all parts. main.c calls it.
 */
#include "daemon.h"

#include "daemon_start.h"
#include "daemon_state.h"
#include "follow.h"
#include "handle.h"
#include "lines.h"
#include "tell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    SAME_WISH = 1000,   /* milliseconds; timeout(1) sends a signal to the process and one to its group */
    LOG_PATIENCE = 1000 /* milliseconds for whoever reads the log, at the end */
};

/* ---- Signals ---- */

static void on_stop_signal(struct daemon *daemon, uint64_t now)
{
    if (daemon->state == DAEMON_STOPPING && now - daemon->stop_since < SAME_WISH)
        return;
    if (daemon->state == DAEMON_STOPPING) {
        daemon_fail(daemon, PROBLEM_MAY_PASS,
                    "stopped at once: what was not confirmed will be replayed or delivered again");
        return;
    }
    log_say(daemon->log, LOG_LEVEL_INFO, "STOPPING", "stopping");
    daemon_stop(daemon, 0, now);
}

static void reload(struct daemon *daemon, uint64_t now)
{
    const struct followers followers = {.log = daemon->log,
                                        .gateways = &daemon->gateways,
                                        .group = daemon->group,
                                        .store = daemon->store,
                                        .member = daemon->member,
                                        .now = now};
    notify_reloading(daemon->notify, now);
    follow_settings(&followers, &daemon->settings, daemon->input);
    notify_reloaded(daemon->notify, now);
}

static void take_signals(struct daemon *daemon, uint64_t now)
{
    int number;
    while ((number = signals_next(daemon->signals)) != 0) {
        if (number == SIGHUP)
            reload(daemon, now);
        else if (number == SIGUSR1)
            tell_counters(daemon->log, &daemon->gateways);
        else if (number == SIGUSR2)
            log_toggle_debug(daemon->log);
        else
            on_stop_signal(daemon, now);
    }
}

/* ---- CONNECTING, SERVING, STOPPING ---- */

static void note_standing(struct daemon *daemon, const spectacles_relay_event *event, uint64_t now)
{
    bool is_send = event->name && strcmp(event->name, "SEND") == 0;
    if (event->type == SPECTACLES_RELAY_EVENT_BROKER_READY)
        daemon->stands |=
            event->broker == SPECTACLES_RELAY_EVENTS ? DAEMON_EVENTS_STAND : DAEMON_COMMANDS_STAND;
    else if (is_send && (event->type == SPECTACLES_RELAY_EVENT_SUBSCRIBED ||
                         event->type == SPECTACLES_RELAY_EVENT_UNSUBSCRIBED))
        daemon->stands |= DAEMON_SEND_STANDS;
    if (daemon->state != DAEMON_CONNECTING || daemon->stands != DAEMON_ALL_STANDS)
        return;
    daemon_set_state(daemon, DAEMON_SERVING);
    group_run(daemon->group);
    member_begin(daemon->member, now);
}

static void on_event(struct daemon *daemon, struct gateway *gateway, const spectacles_relay_event *event,
                     uint64_t now)
{
    lines_event(daemon->log, daemon->repeats, event, now);
    status_hear(&daemon->shown.status, &gateway->memory, event, spectacles_unix_time());
    note_standing(daemon, event, now);
    member_hear(daemon->member, gateway, event, now);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY ||
        event->type == SPECTACLES_RELAY_EVENT_SHARD_RESUMED)
        notify_shard_ready(daemon->notify, event->shard_id);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY || event->type == SPECTACLES_RELAY_EVENT_SHARD_GAP)
        store_touch(daemon->store, true, now);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
        daemon_stop(daemon, PROBLEM_IS_FINAL, now);
}

static void pull_events_of(struct daemon *daemon, struct gateway *gateway, uint64_t now)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_gateway_next_event(gateway->handle, now)))
        on_event(daemon, gateway, event, now);
}

/* What the fleet wants of a gateway leads to events, and they may lead to more. Each time it is later. */
static uint64_t pull_events(struct daemon *daemon, uint64_t now)
{
    do {
        now = spectacles_now();
        for (size_t i = 0; i < daemon->gateways.count; i++)
            pull_events_of(daemon, &daemon->gateways.items[i], now);
    } while (member_process(daemon->member, &daemon->loop, now));
    return now;
}

/* Gateways of a number of shards that the fleet has left behind. */
static void free_ended(struct daemon *daemon)
{
    struct gateway *gone;
    while ((gone = gateways_next_gone(&daemon->gateways))) {
        log_say(daemon->log, LOG_LEVEL_INFO, "FLEET_SHARDING", "the gateway of %u shards has ended",
                (unsigned)gone->shard_count);
        tell_counters_of(daemon->log, gone, true);
        gateways_remove(&daemon->gateways, gone);
    }
}

/* Returns the time, which has passed: no part hears of an earlier one behind it. */
static uint64_t serve(struct daemon *daemon, uint64_t now)
{
    const char *why = "";
    if (daemon->gateways.count == 0)
        return now;
    member_process(daemon->member, &daemon->loop, now); /* who woke up late acts for no shard any more */
    daemon->served = gateways_process(&daemon->gateways, now, &why);
    if (daemon->served == SPECTACLES_E_SYS) {
        daemon_fail(daemon, PROBLEM_MAY_PASS, why);
        return now;
    }
    now = pull_events(daemon, now);
    free_ended(daemon);
    if (daemon->state != DAEMON_ENDED && member_failure(daemon->member))
        daemon_fail(daemon, PROBLEM_MAY_PASS, member_failure(daemon->member));
    return now;
}

static void show_member(struct daemon *daemon)
{
    member_look(daemon->member, &daemon->shown.status.fleet);
}

static void show_store(struct daemon *daemon)
{
    struct store_stats stats;
    struct status_store *shown = &daemon->shown.status.store;
    store_get_stats(daemon->store, &stats);
    shown->is_used = daemon->store != NULL;
    shown->is_failing = stats.failing_since != 0;
    shown->writes = stats.writes + stats.failures;
    shown->failures = stats.failures;
    shown->last_success = stats.stored_at;
    shown->last_time = stats.last_time;
    shown->longest_time = stats.longest_time;
}

/* Something may have happened in every turn but in that of the store itself, or there would be no end of turns. */
static void keep(struct daemon *daemon, uint64_t now)
{
    struct problems problems = {0};
    const struct gateway *gateway = gateways_serving(&daemon->gateways);
    if (!gateway || daemon->state == DAEMON_ENDED)
        return;
    if (now >= store_deadline(daemon->store) || loop_found(&daemon->loop, store_descriptor(daemon->store)))
        store_process(daemon->store, gateway->handle, now, &problems);
    else
        store_touch(daemon->store, false, now);
    tell_store(daemon->log, &problems);
    show_store(daemon);
}

/*
 * The end of an orderly stop. Nothing that was confirmed is undone. What was not confirmed within STOP_TIMEOUT asks for
 * another start, while the sessions live.
 */
static void end_stop(struct daemon *daemon)
{
    char text[200];
    uint64_t unconfirmed = gateways_unconfirmed(&daemon->gateways);
    snprintf(
        text, sizeof text,
        "%llu events were not confirmed within STOP_TIMEOUT: they are replayed when the gateway is started "
        "again, while Discord keeps the sessions",
        (unsigned long long)unconfirmed);
    if (unconfirmed > 0)
        daemon_fail(daemon, PROBLEM_MAY_PASS, text);
    else
        daemon_end(daemon, 0);
}

/* The last write is that of the sessions as they ended. */
static void finish(struct daemon *daemon, uint64_t now)
{
    daemon_close(daemon, now);
    if (daemon->state != DAEMON_STOPPING || !daemon->is_closing || !member_is_closed(daemon->member) ||
        !gateways_are_stopped(&daemon->gateways))
        return;
    if (!daemon->is_finishing)
        store_finish(daemon->store, now);
    daemon->is_finishing = true;
    if (store_is_finished(daemon->store))
        end_stop(daemon);
}

static void end_late_stop(struct daemon *daemon, uint64_t now)
{
    if (daemon->state != DAEMON_STOPPING || now < daemon->stop_until)
        return;
    log_say(
        daemon->log, LOG_LEVEL_WARN, "STOPPED_LATE",
        "STOP_TIMEOUT is over, and a connection or the file of sessions is not closed: commands that were "
        "not sent are delivered again");
    end_stop(daemon);
}

/* ---- systemd ---- */

/* A turn that could not move bytes has not done its work. Without a gateway there is nothing to do yet. */
static void tell_systemd(struct daemon *daemon, uint64_t now)
{
    struct notify_view view = {.is_healthy = daemon->served == SPECTACLES_OK};
    spectacles_gateway_stats stats;
    const struct gateway *gateway = gateways_serving(&daemon->gateways);
    if (now < notify_deadline(daemon->notify))
        return;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    if (gateway) {
        spectacles_gateway_get_stats(gateway->handle, &stats);
        view.are_brokers_ready = handle_brokers_are_ready(gateway->handle);
        view.is_member = daemon->shown.status.fleet.is_connected;
    }
    view.shards = stats.shards;
    view.ready = stats.ready;
    notify_process(daemon->notify, &view, now);
}

/* ---- The loop ---- */

static void watch(struct daemon *daemon)
{
    struct loop *loop = &daemon->loop;
    loop_begin(loop);
    loop_watch(loop, signals_descriptor(daemon->signals), POLLIN);
    if (daemon->state < DAEMON_STOPPING)
        ask_watch(daemon->ask, loop);
    group_watch(daemon->group, loop);
    status_server_watch(&daemon->shown, loop);
    gateways_watch(&daemon->gateways, loop);
    if (daemon->gateways.count > 0) {
        loop_watch(loop, store_descriptor(daemon->store), POLLIN);
        loop_until(loop, store_deadline(daemon->store));
    }
    member_watch(daemon->member, loop);
    if (daemon->state == DAEMON_STOPPING && !daemon->is_closing)
        loop_until(loop, daemon->leave_until);
    loop_until(loop, daemon->stop_until);
    loop_until(loop, notify_deadline(daemon->notify));
    if (daemon->repeats)
        loop_until(loop, log_repeats_deadline(daemon->repeats));
}

static void turn(struct daemon *daemon)
{
    watch(daemon);
    uint64_t begin = spectacles_now();
    turns_end(&daemon->shown.status.turns, begin);
    int error = loop_wait(&daemon->loop, begin);
    if (error) {
        daemon_fail(daemon, PROBLEM_MAY_PASS, strerror(error));
        return;
    }
    uint64_t now = spectacles_now();
    turns_begin(&daemon->shown.status.turns, now);
    if (loop_found(&daemon->loop, signals_descriptor(daemon->signals)))
        take_signals(daemon, now);
    daemon_ask(daemon, now);
    now = serve(daemon, now);
    keep(daemon, now);
    show_member(daemon);
    finish(daemon, now);
    tell_systemd(daemon, now);
    if (daemon->repeats)
        log_repeats_process(daemon->repeats, now);
    status_server_process(&daemon->shown, &daemon->settings, &daemon->gateways, &daemon->loop, now);
    end_late_stop(daemon, now);
}

static void end_parts(struct daemon *daemon)
{
    tell_counters(daemon->log, &daemon->gateways);
    status_server_end(&daemon->shown);
    member_free(daemon->member);
    gateways_free(&daemon->gateways);
    store_free(daemon->store);
    store_free(daemon->past);
    group_free(daemon->group);
    ask_free(daemon->ask);
    settings_free(&daemon->settings);
    notify_free(daemon->notify);
    log_repeats_free(daemon->repeats);
    log_free(daemon->log, LOG_PATIENCE);
    signals_free(daemon->signals);
}

int daemon_run(const struct settings_input *input)
{
    struct daemon daemon = {.input = input, .stop_until = SPECTACLES_NEVER};
    daemon_start(&daemon);
    while (daemon.state != DAEMON_ENDED)
        turn(&daemon);
    end_parts(&daemon);
    return daemon.exit_code;
}
