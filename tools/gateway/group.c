/*
 * The group as the daemon sees it: its part that asks the other processes, and logs conflicts with them. It owns the
 * conflicts. daemon.c calls it.
 */
#include "group.h"

#include "conflicts.h"
#include "engines.h"

#include <stdlib.h>

struct group {
    struct conflicts *conflicts;
    const struct settings *settings;
    struct log *log;
};

/* ---- Making ---- */

static int make_conflicts(struct group *group, const struct proxies *proxies, spectacles_problem *problem)
{
    struct engines engines;
    spectacles_tls *tls = NULL;
    int error = engines_broker_tls(&tls, group->settings, problem);
    if (error != SPECTACLES_OK)
        return error;
    engines_configure(&engines, group->settings);
    engines.link.tls = tls;
    engines.link.proxy = proxies->broker;
    engines.link.no_proxy = proxies->no_proxy;
    struct conflicts_config config = {
        .broker = &engines.broker, .link = &engines.link, .token = engines.shard.token};
    error = conflicts_new(&group->conflicts, &config, problem);
    spectacles_tls_free(tls); /* the link holds it */
    return error;
}

struct group *group_new(const struct settings *settings, const struct proxies *proxies, struct log *log)
{
    spectacles_problem problem = {.text = "memory ran out"};
    struct group *group;
    if (settings_value(settings, SETTING_DECLARE)->number != DECLARE_YES) {
        log_say(log, LOG_LEVEL_DEBUG, "GROUP",
                "other gateways are not looked for: BROKER_DECLARE is not yes");
        return NULL;
    }
    group = calloc(1, sizeof *group);
    if (group) {
        group->settings = settings;
        group->log = log;
        if (make_conflicts(group, proxies, &problem) == SPECTACLES_OK)
            return group;
    }
    log_say(log, LOG_LEVEL_WARN, "GROUP", "other gateways are not looked for: %s", problem.text);
    free(group);
    return NULL;
}

void group_free(struct group *group)
{
    if (!group)
        return;
    conflicts_free(group->conflicts);
    free(group);
}

/* ---- Credentials ---- */

void group_set_tls(struct group *group, spectacles_tls *tls)
{
    if (group)
        conflicts_set_tls(group->conflicts, tls);
}

int group_set_urls(struct group *group, const char *const *urls, size_t count, uint64_t now,
                   spectacles_problem *problem)
{
    return group ? conflicts_set_urls(group->conflicts, urls, count, now, problem) : SPECTACLES_OK;
}

/* ---- The life of the daemon ---- */

void group_serve(struct group *group, uint32_t shard_count, uint64_t now)
{
    if (!group)
        return;
    const struct value *ids = settings_value(group->settings, SETTING_SHARD_IDS);
    size_t count = ids->number_count ? ids->number_count : shard_count;
    if (settings_value(group->settings, SETTING_FLEET)->number == FLEET_ON)
        count = 0; /* the members share all shards: see conflicts.h */
    uint32_t *shards = calloc(count + 1, sizeof *shards);
    for (size_t i = 0; shards && i < count; i++)
        shards[i] = ids->number_count ? ids->numbers[i] : (uint32_t)i;
    if (!shards || !conflicts_serve(group->conflicts, shard_count, shards, count, now))
        log_say(group->log, LOG_LEVEL_WARN, "GROUP", "other gateways are not asked: memory ran out");
    free(shards);
}

bool group_is_settled(const struct group *group)
{
    return !group || conflicts_are_settled(group->conflicts);
}

void group_run(struct group *group)
{
    if (group)
        conflicts_run(group->conflicts);
}

void group_stop(struct group *group)
{
    if (group)
        conflicts_stop(group->conflicts);
}

/* ---- The loop ---- */

void group_watch(struct group *group, struct loop *loop)
{
    if (!group)
        return;
    loop_watch(loop, conflicts_descriptor(group->conflicts), POLLIN);
    loop_until(loop, conflicts_deadline(group->conflicts));
}

static void tell(struct group *group, const struct conflict *conflict)
{
    bool is_error = conflict->is_refusal || conflict->kinds & CONFLICT_BOT || conflict->is_again;
    log_say(group->log, is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, conflict->kinds ? "CONFLICT" : "GROUP",
            "%s%s", conflict->text, conflict->is_refusal ? "; this process ends, because it came later" : "");
}

bool group_process(struct group *group, const struct loop *loop, uint64_t now)
{
    const struct conflict *conflict;
    bool may_go_on = true;
    if (!group || (!loop_found(loop, conflicts_descriptor(group->conflicts)) &&
                   now < conflicts_deadline(group->conflicts)))
        return true;
    conflicts_process(group->conflicts, now);
    while ((conflict = conflicts_next(group->conflicts))) {
        tell(group, conflict);
        may_go_on &= !conflict->is_refusal;
    }
    return may_go_on;
}
