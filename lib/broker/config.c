/*
 * The settings of a broker: their defaults and their limits. Called by owners, and by broker.c when a broker is made.
 */
#include "broker/config.h"

#include "broker/urls.h"
#include "codec/format.h"
#include "core/config.h"
#include "core/export.h"

#include <spectacles/routing.h>
#include <string.h>

enum {
    PREFETCH_DEFAULT = 64
};

SPECTACLES_EXPORT void spectacles_broker_config_init(spectacles_broker_config *config, size_t size)
{
    const spectacles_broker_config defaults = {.group = "gateway",
                                               .window_count = 2000,
                                               .prefetch = PREFETCH_DEFAULT,
                                               .window_bytes = UINT64_C(1024) * 1024,
                                               .max_message = UINT64_C(16) * 1024 * 1024,
                                               .high_water = UINT64_C(256) * 1024,
                                               .connect_timeout = 30000,
                                               .drain_timeout = 5000,
                                               .format = SPECTACLES_FORMAT_JSON,
                                               .heartbeat = 20};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

SPECTACLES_EXPORT void spectacles_subscription_init(spectacles_subscription *subscription, size_t size)
{
    const spectacles_subscription defaults = {0};
    sp_config_write(subscription, size, &defaults, sizeof defaults);
}

SPECTACLES_EXPORT void spectacles_message_init(spectacles_message *message, size_t size)
{
    const spectacles_message defaults = {0};
    sp_config_write(message, size, &defaults, sizeof defaults);
}

SPECTACLES_EXPORT void spectacles_broker_stats_init(spectacles_broker_stats *stats, size_t size)
{
    const spectacles_broker_stats empty = {0};
    sp_config_write(stats, size, &empty, sizeof empty);
}

/* Whether the group can be part of the name of a queue. Otherwise every subscription would be refused later. */
static bool is_clean(const char *group)
{
    char queue[SPECTACLES_ROUTE_MAX + 1];
    return spectacles_route_queue(queue, sizeof queue, group, strlen(group), NULL, 0, "0", 1) !=
           SPECTACLES_E_INVAL;
}

int sp_broker_check_config(const spectacles_broker_config *config, spectacles_problem *problem)
{
    if (!config->urls || config->url_count == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, SP_NO_URLS);
    if (!config->group || !*config->group || strlen(config->group) > SP_SHORT_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "group has to have 1 to 255 bytes");
    if (!is_clean(config->group))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "group holds a control character, or is not UTF-8");
    if (config->name && strlen(config->name) > SP_SHORT_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "name is longer than 255 bytes");
    if (config->name && !sp_utf8_is_whole(config->name, strlen(config->name)))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "name is not UTF-8");
    if (config->seed == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "seed is 0: give it a number from spectacles_random_seed()");
    if (config->window_count == 0 || config->window_bytes == 0 || config->max_message == 0 ||
        config->high_water == 0 || config->connect_timeout == 0)
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "window_count, window_bytes, max_message, high_water and connect_timeout must not be 0");
    if (config->prefetch == 0 || config->prefetch > UINT16_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "prefetch has to be 1 to 65535");
    if (config->declare > SPECTACLES_DECLARE_NOTHING)
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "declare has to be SPECTACLES_DECLARE, SPECTACLES_DECLARE_PASSIVE or SPECTACLES_DECLARE_NOTHING");
    if (config->queue_type > SPECTACLES_QUEUE_QUORUM)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "queue_type has to be SPECTACLES_QUEUE_DEFAULT, SPECTACLES_QUEUE_CLASSIC or "
                         "SPECTACLES_QUEUE_QUORUM");
    if (config->heartbeat > SP_URI_HEARTBEAT_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "heartbeat has to be 0 to 3600 seconds");
    if (config->exchange_type > SPECTACLES_EXCHANGE_FANOUT)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "exchange_type has to be SPECTACLES_EXCHANGE_DIRECT or SPECTACLES_EXCHANGE_FANOUT");
    return sp_format_check(config->format, problem);
}
