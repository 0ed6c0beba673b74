/*
 * The daemon: its states, and one turn of its loop. It owns all parts. main.c calls it.
 */
#include "daemon.h"

#include "files.h"
#include "follow.h"
#include "handle.h"
#include "lines.h"
#include "log_settings.h"
#include "read.h"
#include "tell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    SAME_WISH = 1000,   /* milliseconds; timeout(1) sends a signal to the process and one to its group */
    LOG_PATIENCE = 1000 /* milliseconds for whoever reads the log, at the end */
};

/* ---- States ---- */

const char *daemon_state_name(enum daemon_state state)
{
    static const char *const names[] = {
        [DAEMON_STARTING] = "STARTING", [DAEMON_ASKING] = "ASKING",     [DAEMON_CONNECTING] = "CONNECTING",
        [DAEMON_SERVING] = "SERVING",   [DAEMON_STOPPING] = "STOPPING", [DAEMON_ENDED] = "ENDED"};
    return names[state];
}

static void set_state(struct daemon *daemon, enum daemon_state state)
{
    log_say(daemon->log, LOG_LEVEL_DEBUG, "STATE", "%s, after %s", daemon_state_name(state),
            daemon_state_name(daemon->state));
    daemon->state = state;
}

static void end(struct daemon *daemon, int exit_code)
{
    if (exit_code > daemon->exit_code)
        daemon->exit_code = exit_code;
    set_state(daemon, DAEMON_ENDED);
}

/* Tells why the daemon cannot go on, and ends it at once. */
static void fail(struct daemon *daemon, int exit_code, const char *text)
{
    log_say(daemon->log, LOG_LEVEL_ERROR, "ENDS", "%s", text);
    end(daemon, exit_code);
}

/* What a setting or a person's doing is the reason of never passes by itself. */
static int exit_code_of(int error)
{
    return error == SPECTACLES_E_NOMEM ? PROBLEM_MAY_PASS : PROBLEM_IS_FINAL;
}

void daemon_stop(struct daemon *daemon, int exit_code, uint64_t now)
{
    uint64_t timeout = settings_value(&daemon->settings, SETTING_STOP_TIMEOUT)->number;
    if (daemon->state < DAEMON_CONNECTING) {
        end(daemon, exit_code);
        return;
    }
    if (exit_code > daemon->exit_code)
        daemon->exit_code = exit_code;
    if (daemon->state >= DAEMON_STOPPING)
        return;
    set_state(daemon, DAEMON_STOPPING);
    notify_stopping(daemon->notify, now);
    daemon->shown.status.is_stopping = true;
    daemon->stop_since = now;
    daemon->stop_until = now + timeout;
    group_stop(daemon->group);
    spectacles_gateway_stop(daemon->gateway, 0, now);
}

/* ---- STARTING ---- */

/* Problems are told through it as well, so that whoever collects lines has them in the same form. */
static void make_log(struct daemon *daemon)
{
    spectacles_problem problem = {.text = "out of memory"};
    if (log_settings_new(&daemon->log, &daemon->settings, &problem) != SPECTACLES_OK)
        fprintf(stderr, "spectacles-gateway: there is no log: %s\n", problem.text);
    else if (log_repeats_new(&daemon->repeats, daemon->log) != SPECTACLES_OK)
        log_say(daemon->log, LOG_LEVEL_WARN, "LOG_REPEATS",
                "lines that repeat are not summed up: out of memory");
}

static int read_settings(struct daemon *daemon)
{
    struct problems problems = {0};
    settings_read(&daemon->settings, daemon->input, &problems);
    files_check(&daemon->settings, &problems);
    make_log(daemon);
    return tell_problems(daemon->log, &problems);
}

/* Without systemd there is nobody to tell. What systemd has set wrong does not keep the gateway from its work. */
static void make_notify(struct daemon *daemon)
{
    spectacles_problem problem = {.text = ""};
    struct notify_environment environment;
    notify_environment_read(&environment);
    if (notify_new(&daemon->notify, &environment, spectacles_now(), &problem) != SPECTACLES_OK)
        log_say(daemon->log, LOG_LEVEL_WARN, "NOTIFY", "systemd is not told how the gateway stands: %s",
                problem.text);
}

/* A second process with the same file ends here: before Discord is asked. */
static int open_store(struct daemon *daemon)
{
    const struct value *file = settings_value(&daemon->settings, SETTING_SESSION_FILE);
    struct problems problems = {0};
    if (!file->text)
        return 0;
    daemon->store = store_open(
        file->text, settings_where(&daemon->settings, SETTING_SESSION_FILE),
        (enum setting_missing)settings_value(&daemon->settings, SETTING_SESSION_FILE_MISSING)->number,
        &problems);
    int code = tell_problems(daemon->log, &problems);
    return daemon->store || code ? code : PROBLEM_MAY_PASS;
}

/* Before anything is connected: an address that is taken costs no identify. */
static int begin_to_show(struct daemon *daemon)
{
    struct problems problems = {0};
    status_server_begin(&daemon->shown, &daemon->settings, &problems);
    return tell_problems(daemon->log, &problems);
}

static void start(struct daemon *daemon)
{
    int code = read_settings(daemon);
    if (code == 0)
        code = begin_to_show(daemon);
    if (code == 0)
        code = open_store(daemon);
    if (code != 0) {
        end(daemon, code);
        return;
    }
    make_notify(daemon);
    proxies_choose(&daemon->proxies, &daemon->settings);
    tell_proxies(daemon->log, &daemon->proxies);
    daemon->signals = signals_new();
    daemon->ask = ask_new();
    daemon->group = group_new(&daemon->settings, &daemon->proxies, daemon->log);
    if (daemon->signals && daemon->ask)
        set_state(daemon, DAEMON_ASKING);
    else
        fail(daemon, PROBLEM_MAY_PASS, strerror(errno));
}

/* ---- ASKING ---- */

static uint32_t shards_here(const struct daemon *daemon)
{
    const struct value *ids = settings_value(&daemon->settings, SETTING_SHARD_IDS);
    return ids->number_count > 0 ? (uint32_t)ids->number_count : daemon->shard_count;
}

/* A restart never reshards by itself: stored sessions keep their number of shards. */
static void choose_shard_count(struct daemon *daemon)
{
    uint32_t told = (uint32_t)settings_value(&daemon->settings, SETTING_SHARD_COUNT)->number;
    struct problems problems = {0};
    daemon->shard_count = store_choose_count(daemon->store, told, daemon->bot.shard_count, &problems);
    tell_problems(daemon->log, &problems);
}

static bool load_store(struct daemon *daemon)
{
    struct problems problems = {0};
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = settings_value(&daemon->settings, SETTING_TOKEN)->text;
    config.intents = settings_intents(&daemon->settings);
    config.shard_count = daemon->shard_count;
    bool is_loaded = !daemon->store || store_load(daemon->store, &config, &problems);
    int code = tell_problems(daemon->log, &problems);
    if (!is_loaded)
        end(daemon, code ? code : PROBLEM_MAY_PASS);
    return is_loaded;
}

static void make_gateway(struct daemon *daemon)
{
    spectacles_problem problem = {.text = "out of memory"};
    struct handle_parts parts = {
        .proxies = &daemon->proxies, .bot = &daemon->bot, .shard_count = daemon->shard_count};
    if (!load_store(daemon))
        return;
    parts.state = store_state(daemon->store);
    int error = handle_new(&daemon->gateway, &daemon->settings, &parts, &problem);
    if (error == SPECTACLES_OK)
        set_state(daemon, DAEMON_CONNECTING);
    else
        fail(daemon, exit_code_of(error), problem.text);
}

/* Nothing is consumed and nobody identifies before the group was asked. */
static void ask_group(struct daemon *daemon, uint64_t now)
{
    if (!group_process(daemon->group, &daemon->loop, now) && daemon->state < DAEMON_STOPPING)
        daemon_stop(daemon, PROBLEM_IS_FINAL, now);
    if (daemon->state == DAEMON_ASKING && daemon->shard_count > 0 && group_is_settled(daemon->group))
        make_gateway(daemon);
}

static void begin_to_serve(struct daemon *daemon, uint64_t now)
{
    choose_shard_count(daemon);
    tell_limits(daemon->log, &daemon->bot, shards_here(daemon));
    group_serve(daemon->group, daemon->shard_count, now);
}

/* ---- GET /gateway/bot, first and every hour ---- */

static void keep_answer(struct daemon *daemon, const spectacles_gateway_bot *answer)
{
    daemon->bot = *answer;
    daemon->shown.status.reset_time = spectacles_unix_time() + answer->reset_after;
}

/* What Discord recommends is told, and never followed by itself: another number of shards ends all sessions. */
static void take_limits(struct daemon *daemon, const spectacles_gateway_bot *answer, uint64_t now)
{
    if (answer->shard_count != daemon->bot.shard_count)
        log_say(daemon->log, LOG_LEVEL_INFO, "RECOMMENDATION",
                "Discord recommends %u shards now; the bot goes on with %u (DISCORD_SHARD_COUNT)",
                answer->shard_count, daemon->shard_count);
    keep_answer(daemon, answer);
    if (spectacles_gateway_set_limits(daemon->gateway, answer, now) != SPECTACLES_OK)
        log_say(daemon->log, LOG_LEVEL_WARN, "LIMITS", "the limits of GET /gateway/bot are not followed: %s",
                spectacles_gateway_last_error(daemon->gateway));
}

static void on_answer(struct daemon *daemon, enum rest_result result, const spectacles_gateway_bot *answer,
                      uint64_t now)
{
    if (result == REST_AGAIN) {
        log_say(daemon->log, LOG_LEVEL_WARN, "ASK_FAILED", "GET /gateway/bot failed: %s; again in %llu s",
                answer->text, (unsigned long long)(answer->wait + 999) / 1000);
    } else if (result == REST_FINAL) {
        log_say(daemon->log, LOG_LEVEL_ERROR, "ASK_FAILED", "GET /gateway/bot failed: %s", answer->text);
        if (daemon->state == DAEMON_ASKING)
            end(daemon, PROBLEM_IS_FINAL);
    } else if (daemon->state == DAEMON_ASKING) {
        keep_answer(daemon, answer);
        begin_to_serve(daemon, now);
    } else {
        take_limits(daemon, answer, now);
    }
}

static void ask(struct daemon *daemon, uint64_t now)
{
    spectacles_gateway_bot answer;
    if (daemon->state >= DAEMON_STOPPING)
        return;
    enum rest_result result =
        ask_process(daemon->ask, &daemon->settings, &daemon->proxies, &daemon->loop, now, &answer);
    if (result != REST_WAITING)
        on_answer(daemon, result, &answer, now);
}

/* ---- Signals ---- */

static void on_stop_signal(struct daemon *daemon, uint64_t now)
{
    if (daemon->state == DAEMON_STOPPING && now - daemon->stop_since < SAME_WISH)
        return;
    if (daemon->state == DAEMON_STOPPING) {
        fail(daemon, PROBLEM_MAY_PASS,
             "stopped at once: what was not confirmed will be replayed or delivered again");
        return;
    }
    log_say(daemon->log, LOG_LEVEL_INFO, "STOPPING", "stopping");
    daemon_stop(daemon, 0, now);
}

/* What is wrong is told, and then everything stays as it was. */
static void reload(struct daemon *daemon, uint64_t now)
{
    struct settings fresh;
    struct problems problems = {0};
    notify_reloading(daemon->notify, now);
    settings_read(&fresh, daemon->input, &problems);
    log_settings_hide(daemon->log, &fresh);
    files_check(&fresh, &problems);
    if (tell_problems(daemon->log, &problems) != 0)
        log_say(daemon->log, LOG_LEVEL_ERROR, "RELOAD", "the gateway goes on with its former settings");
    else
        follow(&(struct followers){daemon->log, daemon->gateway}, &daemon->settings, &fresh);
    notify_reloaded(daemon->notify, now);
    settings_free(&fresh);
}

static void take_signals(struct daemon *daemon, uint64_t now)
{
    int number;
    while ((number = signals_next(daemon->signals)) != 0) {
        if (number == SIGHUP)
            reload(daemon, now);
        else if (number == SIGUSR1)
            tell_counters(daemon->log, daemon->gateway);
        else if (number == SIGUSR2)
            log_toggle_debug(daemon->log);
        else
            on_stop_signal(daemon, now);
    }
}

/* ---- CONNECTING, SERVING, STOPPING ---- */

static void note_standing(struct daemon *daemon, const spectacles_relay_event *event)
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
    set_state(daemon, DAEMON_SERVING);
    group_run(daemon->group);
}

static void on_event(struct daemon *daemon, const spectacles_relay_event *event, uint64_t now)
{
    lines_event(daemon->log, daemon->repeats, event, now);
    status_hear(&daemon->shown.status, event, spectacles_unix_time());
    note_standing(daemon, event);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY ||
        event->type == SPECTACLES_RELAY_EVENT_SHARD_RESUMED)
        notify_shard_ready(daemon->notify, event->shard_id);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_READY || event->type == SPECTACLES_RELAY_EVENT_SHARD_GAP)
        store_touch(daemon->store, true, now);
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_FATAL)
        daemon_stop(daemon, PROBLEM_IS_FINAL, now);
}

static void serve(struct daemon *daemon, uint64_t now)
{
    const spectacles_relay_event *event;
    if (!daemon->gateway)
        return;
    daemon->served = spectacles_gateway_process(daemon->gateway, now);
    if (daemon->served == SPECTACLES_E_SYS) {
        fail(daemon, PROBLEM_MAY_PASS, spectacles_gateway_last_error(daemon->gateway));
        return;
    }
    while ((event = spectacles_gateway_next_event(daemon->gateway, now)))
        on_event(daemon, event, now);
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
    if (!daemon->gateway || daemon->state == DAEMON_ENDED)
        return;
    if (now >= store_deadline(daemon->store) || loop_found(&daemon->loop, store_descriptor(daemon->store)))
        store_process(daemon->store, daemon->gateway, now, &problems);
    else
        store_touch(daemon->store, false, now);
    tell_problems(daemon->log, &problems);
    show_store(daemon);
}

/* The last write is that of the sessions as they ended. */
static void finish(struct daemon *daemon, uint64_t now)
{
    if (daemon->state != DAEMON_STOPPING || !spectacles_gateway_stopped(daemon->gateway))
        return;
    if (!daemon->is_finishing)
        store_finish(daemon->store, now);
    daemon->is_finishing = true;
    if (store_is_finished(daemon->store))
        end(daemon, 0);
}

static void end_late_stop(struct daemon *daemon, uint64_t now)
{
    if (daemon->state == DAEMON_STOPPING && now >= daemon->stop_until)
        fail(daemon, 0,
             "not everything could be finished within STOP_TIMEOUT: it will be replayed or delivered again");
}

/* ---- systemd ---- */

/* A turn that could not move bytes has not done its work. Without a gateway there is nothing to do yet. */
static void tell_systemd(struct daemon *daemon, uint64_t now)
{
    struct notify_view view = {.is_healthy = daemon->served == SPECTACLES_OK};
    spectacles_gateway_stats stats;
    if (now < notify_deadline(daemon->notify))
        return;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    if (daemon->gateway) {
        spectacles_gateway_get_stats(daemon->gateway, &stats);
        view.are_brokers_ready = handle_brokers_are_ready(daemon->gateway);
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
    if (daemon->gateway) {
        loop_watch(loop, spectacles_gateway_fd(daemon->gateway), POLLIN);
        loop_until(loop, spectacles_gateway_deadline(daemon->gateway));
        loop_watch(loop, store_descriptor(daemon->store), POLLIN);
        loop_until(loop, store_deadline(daemon->store));
    }
    loop_until(loop, daemon->stop_until);
    loop_until(loop, notify_deadline(daemon->notify));
    if (daemon->repeats)
        loop_until(loop, log_repeats_deadline(daemon->repeats));
}

static void turn(struct daemon *daemon)
{
    watch(daemon);
    int error = loop_wait(&daemon->loop, spectacles_now());
    if (error) {
        fail(daemon, PROBLEM_MAY_PASS, strerror(error));
        return;
    }
    uint64_t now = spectacles_now();
    if (loop_found(&daemon->loop, signals_descriptor(daemon->signals)))
        take_signals(daemon, now);
    ask(daemon, now);
    ask_group(daemon, now);
    serve(daemon, now);
    keep(daemon, now);
    finish(daemon, now);
    tell_systemd(daemon, now);
    if (daemon->repeats)
        log_repeats_process(daemon->repeats, now);
    status_server_process(&daemon->shown, &daemon->settings, daemon->gateway, &daemon->loop, now);
    end_late_stop(daemon, now);
}

static void end_parts(struct daemon *daemon)
{
    tell_counters(daemon->log, daemon->gateway);
    status_server_end(&daemon->shown);
    spectacles_gateway_free(daemon->gateway);
    store_free(daemon->store);
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
    start(&daemon);
    while (daemon.state != DAEMON_ENDED)
        turn(&daemon);
    end_parts(&daemon);
    return daemon.exit_code;
}
