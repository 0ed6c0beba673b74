/*
 * A fleet handle of the program, made of the settings: its broker is another one than those of the gateway, with the
 * exchange and the heartbeat that fleet.h asks for. member.c and fleet.c call it.
 */
#include "fleet_handle.h"

#include "engines.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    HEARTBEAT = 4, /* seconds: so soon RabbitMQ notices that a host is gone (doc/fleet-design.md) */
    GROUP_SIZE = 256
};

/* The name of the host, which is that of the pod in Kubernetes. What cannot stand in a name becomes '-'. */
static void name_host(char name[SPECTACLES_FLEET_NAME_SIZE])
{
    if (gethostname(name, SPECTACLES_FLEET_NAME_SIZE) != 0 || !name[0])
        snprintf(name, SPECTACLES_FLEET_NAME_SIZE, "gateway");
    name[SPECTACLES_FLEET_NAME_SIZE - 1] = '\0';
    for (char *at = name; *at; at++) {
        if (*at <= ' ' || *at > '~')
            *at = '-';
    }
}

static void choose_name(char name[SPECTACLES_FLEET_NAME_SIZE], const char *told, const char *set)
{
    if (told || set)
        snprintf(name, SPECTACLES_FLEET_NAME_SIZE, "%s", told ? told : set);
    else
        name_host(name);
}

/* Each queue of the fleet names its own type. The format and the window of the settings are those of events. */
static void configure_broker(spectacles_broker_config *broker, const char *group)
{
    spectacles_broker_config defaults;
    spectacles_broker_config_init(&defaults, sizeof defaults);
    broker->window_count = defaults.window_count;
    broker->window_bytes = defaults.window_bytes;
    broker->format = defaults.format;
    broker->group = group;
    broker->exchange_type = SPECTACLES_EXCHANGE_FANOUT;
    broker->queue_type = SPECTACLES_QUEUE_DEFAULT;
    broker->heartbeat = HEARTBEAT;
    broker->name = "spectacles-gateway (fleet)";
}

static int connect_broker(struct fleet_handle *handle, struct engines *engines,
                          const struct fleet_handle_parts *parts, spectacles_problem *problem)
{
    spectacles_tls *tls = NULL;
    int error = engines_broker_tls(&tls, parts->settings, problem);
    if (error != SPECTACLES_OK)
        return error;
    engines->link.tls = tls;
    engines->link.proxy = parts->proxies->broker;
    engines->link.no_proxy = parts->proxies->no_proxy;
    error =
        connection_to_broker(&handle->connection, &handle->broker, &engines->broker, &engines->link, problem);
    spectacles_tls_free(tls); /* the link holds it */
    return error;
}

int fleet_handle_begin(struct fleet_handle *out, const struct fleet_handle_parts *parts,
                       spectacles_problem *problem)
{
    struct engines engines;
    char group[GROUP_SIZE];
    engines_configure(&engines, parts->settings);
    choose_name(out->name, parts->member, engines.fleet.member);
    engines.fleet.member = out->name;
    engines.fleet.group = engines.broker.group;
    engines.fleet.token = engines.shard.token;
    engines.fleet.shard_count = parts->shard_count;
    engines.fleet.seed = spectacles_random_seed();
    snprintf(group, sizeof group, "%.200s:fleet1", engines.broker.group);
    configure_broker(&engines.broker, group);
    int error = connect_broker(out, &engines, parts, problem);
    engines.fleet.broker = out->broker;
    return error == SPECTACLES_OK ? spectacles_fleet_new(&out->fleet, &engines.fleet, problem) : error;
}

void fleet_handle_end(struct fleet_handle *handle)
{
    spectacles_fleet_free(handle->fleet);
    connection_free(handle->connection);
    spectacles_broker_free(handle->broker);
    handle->fleet = NULL;
    handle->connection = NULL;
    handle->broker = NULL;
}
