/*
 * The start of the daemon: from settings to a gateway handle, and the answers of Discord and the group on the way. It
 * makes the parts that the daemon owns. daemon.c calls it.
 */
#include "daemon_start.h"

#include "daemon_state.h"
#include "files.h"
#include "handle.h"
#include "log_settings.h"
#include "read.h"
#include "tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- STARTING ---- */

/* Problems are told through it as well, so that whoever collects lines has them in the same form. */
static void make_log(struct daemon *daemon)
{
    spectacles_problem problem = {.text = "out of memory"};
    if (log_settings_new(&daemon->log, &daemon->settings, &problem) != SPECTACLES_OK) {
        fprintf(stderr, "spectacles-gateway: there is no log: %s\n", problem.text);
        return;
    }
    tell_program(daemon->log);
    if (log_repeats_new(&daemon->repeats, daemon->log) != SPECTACLES_OK)
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

void daemon_start(struct daemon *daemon)
{
    int code = read_settings(daemon);
    if (code == 0)
        code = begin_to_show(daemon);
    if (code == 0)
        code = open_store(daemon);
    if (code != 0) {
        daemon_end(daemon, code);
        return;
    }
    make_notify(daemon);
    proxies_choose(&daemon->proxies, &daemon->settings);
    tell_proxies(daemon->log, &daemon->proxies);
    daemon->signals = signals_new();
    daemon->ask = ask_new();
    daemon->group = group_new(&daemon->settings, &daemon->proxies, daemon->log);
    if (daemon->signals && daemon->ask)
        daemon_set_state(daemon, DAEMON_ASKING);
    else
        daemon_fail(daemon, PROBLEM_MAY_PASS, strerror(errno));
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
        daemon_end(daemon, code ? code : PROBLEM_MAY_PASS);
    return is_loaded;
}

/* What a setting or a person's doing is the reason of never passes by itself. */
static int exit_code_of(int error)
{
    return error == SPECTACLES_E_NOMEM ? PROBLEM_MAY_PASS : PROBLEM_IS_FINAL;
}

static bool is_fleet(const struct daemon *daemon)
{
    return settings_value(&daemon->settings, SETTING_FLEET)->number == FLEET_ON;
}

/* RabbitMQ keeps the sessions of a fleet: the file is read, and stays as it is. */
static void keep_past(struct daemon *daemon)
{
    if (!is_fleet(daemon) || !daemon->store)
        return;
    daemon->past = daemon->store;
    daemon->store = NULL;
    log_say(daemon->log, LOG_LEVEL_INFO, "FLEET_PAST",
            "shards that the fleet knows nothing of are resumed from SESSION_FILE, which is not written any "
            "more: take SESSION_FILE out when all shards have been ready");
}

static int make_member(struct daemon *daemon, spectacles_problem *problem)
{
    const struct member_parts parts = {.settings = &daemon->settings,
                                       .proxies = &daemon->proxies,
                                       .log = daemon->log,
                                       .repeats = daemon->repeats,
                                       .gateways = &daemon->gateways,
                                       .past = store_state(daemon->past),
                                       .shard_count = daemon->shard_count};
    if (!is_fleet(daemon))
        return SPECTACLES_OK;
    return member_new(&daemon->member, &parts, problem);
}

static void make_gateway(struct daemon *daemon)
{
    spectacles_problem problem = {.text = "out of memory"};
    if (!load_store(daemon))
        return;
    keep_past(daemon);
    daemon->gateways.settings = &daemon->settings;
    daemon->gateways.proxies = &daemon->proxies;
    daemon->gateways.bot = &daemon->bot;
    int error = gateways_add(&daemon->gateways, daemon->shard_count, 0, store_state(daemon->store), &problem);
    if (error == SPECTACLES_OK)
        error = make_member(daemon, &problem);
    if (error == SPECTACLES_OK)
        daemon_set_state(daemon, DAEMON_CONNECTING);
    else
        daemon_fail(daemon, exit_code_of(error), problem.text);
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
    const char *why = "";
    if (answer->shard_count != daemon->bot.shard_count)
        log_say(daemon->log, LOG_LEVEL_INFO, "RECOMMENDATION",
                "Discord recommends %u shards now; the bot goes on with %u (%s)", answer->shard_count,
                daemon->gateways.serving,
                is_fleet(daemon) ? "spectacles-gateway fleet reshard" : "DISCORD_SHARD_COUNT");
    keep_answer(daemon, answer);
    member_set_limits(daemon->member, answer, ask_asked_at(daemon->ask), now);
    if (gateways_set_limits(&daemon->gateways, now, &why) != SPECTACLES_OK)
        log_say(daemon->log, LOG_LEVEL_WARN, "LIMITS", "the limits of GET /gateway/bot are not followed: %s",
                why);
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
            daemon_end(daemon, PROBLEM_IS_FINAL);
    } else if (daemon->state == DAEMON_ASKING) {
        keep_answer(daemon, answer);
        begin_to_serve(daemon, now);
    } else {
        take_limits(daemon, answer, now);
    }
}

static void ask_discord(struct daemon *daemon, uint64_t now)
{
    spectacles_gateway_bot answer;
    if (daemon->state >= DAEMON_STOPPING)
        return;
    if (member_takes_limits(daemon->member))
        ask_soon(daemon->ask, now);
    enum rest_result result =
        ask_process(daemon->ask, &daemon->settings, &daemon->proxies, &daemon->loop, now, &answer);
    if (result != REST_WAITING)
        on_answer(daemon, result, &answer, now);
}

void daemon_ask(struct daemon *daemon, uint64_t now)
{
    ask_discord(daemon, now);
    ask_group(daemon, now);
}
