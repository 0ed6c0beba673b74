/*
 * What the daemon tells about itself, besides the events of its gateway: which program it is, problems, proxies,
 * limits, counters. It owns nothing. daemon.c and daemon_start.c call it.
 */
#include "tell.h"

#include "program.h"

#include <stdio.h>
#include <unistd.h>

void tell_program(struct log *log)
{
    char program[PROGRAM_SIZE];
    program_describe(program);
    log_say(log, LOG_LEVEL_INFO, "STARTING", "%s, pid %ld", program, (long)getpid());
}

int tell_problems(struct log *log, struct problems *problems)
{
    int code = problems_exit_code(problems);
    for (const struct problem *each = problems->first; each; each = each->next)
        log_say(log, each->code == PROBLEM_NOTE ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "SETTING", "%s: %s",
                each->where, each->text);
    if (problems->out_of_memory)
        log_say(log, LOG_LEVEL_ERROR, "SETTING", "memory ran out: try again");
    problems_free(problems);
    return code;
}

void tell_store(struct log *log, struct problems *problems)
{
    for (const struct problem *each = problems->first; each; each = each->next)
        log_say(log, each->code == PROBLEM_NOTE ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "STORE", "%s: %s",
                each->where, each->text);
    if (problems->out_of_memory)
        log_say(log, LOG_LEVEL_ERROR, "STORE", "memory ran out: it is tried again");
    problems_free(problems);
}

void tell_proxies(struct log *log, const struct proxies *proxies)
{
    char line[PROXIES_LINE_SIZE];
    proxies_describe(proxies, line);
    if (line[0])
        log_say(log, LOG_LEVEL_INFO, "PROXIES", "%s", line);
}

void tell_limits(struct log *log, const spectacles_gateway_bot *bot, uint32_t shards)
{
    log_say(log, LOG_LEVEL_INFO, "LIMITS",
            "GET /gateway/bot: %u shards recommended, max_concurrency %u, %u identifies left",
            bot->shard_count, bot->max_concurrency, bot->remaining);
    if (bot->remaining < shards)
        log_say(log, LOG_LEVEL_WARN, "FEW_IDENTIFIES",
                "only %u identifies are left for %u shards until %llu s from now", bot->remaining, shards,
                (unsigned long long)bot->reset_after / 1000);
}

void tell_counters_of(struct log *log, const struct gateway *gateway, bool is_named)
{
    char number[32] = "";
    spectacles_gateway_stats stats;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    spectacles_gateway_get_stats(gateway->handle, &stats);
    if (is_named)
        snprintf(number, sizeof number, " shards=%u", (unsigned)gateway->shard_count);
    log_say(
        log, LOG_LEVEL_INFO, "COUNTERS",
        "summary dispatched=%llu filtered=%llu published=%llu confirmed=%llu unroutable=%llu commands=%llu "
        "routed=%llu sent=%llu rejected=%llu identifies=%llu%s",
        (unsigned long long)stats.received, (unsigned long long)stats.filtered,
        (unsigned long long)stats.published, (unsigned long long)stats.confirmed,
        (unsigned long long)stats.unroutable, (unsigned long long)stats.commands,
        (unsigned long long)stats.routed, (unsigned long long)stats.sent, (unsigned long long)stats.rejected,
        (unsigned long long)stats.identifies, number);
}

void tell_counters(struct log *log, const struct gateways *gateways)
{
    for (size_t i = 0; i < gateways->count; i++)
        tell_counters_of(log, &gateways->items[i], gateways->had_two);
}
