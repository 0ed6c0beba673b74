#ifndef GATEWAY_DOCTOR_H
#define GATEWAY_DOCTOR_H

#include "doctor_web.h"
#include "engines.h"
#include "findings.h"
#include "proxies.h"

enum {
    DOCTOR_TIMEOUT = 15000 /* milliseconds for each thing that is asked over the network */
};

/* One of our queues, as the broker told. */
struct doctor_queue {
    char name[256];
    char event[128];
    bool is_command; /* the gateway consumes it: SEND, or the number of a shard */
    bool is_there;
    bool is_asked; /* whether the broker has told */
    uint32_t message_count;
    uint32_t consumer_count;
};

/* What the doctor knows while it looks. Each file doctor_*.c looks at one field, and adds its findings. */
struct doctor {
    const struct settings *settings;
    struct engines engines;
    struct findings *findings;
    struct proxies proxies;
    spectacles_tls *tls;        /* NULL: the system's authorities */
    struct web_url broker;      /* the first of AMQP_URL */
    const char *vhost;          /* of it */
    spectacles_gateway_bot bot; /* verdict FINE: Discord has answered */
    bool has_bot;
    uint32_t shard_count; /* 0: not known */
    uint32_t *shard_ids;  /* of this process */
    size_t shard_id_count;
    uint32_t stored_count; /* the shard count of the stored sessions; 0: there are none */
    size_t resumable;      /* how many of the shards have a session that can be resumed */
    struct doctor_queue *queues;
    size_t queue_count;
    bool has_broker;   /* the doctor could log in */
    const char *url;   /* where */
    bool has_exchange; /* the exchange of the group is there */
    size_t node_count; /* nodes of RabbitMQ that run; 0: not known */
    uint64_t ticktime; /* the longest net_ticktime of them, in seconds; 0: not known */
};

/*
 * Looks at everything, network included, and writes what was found. Nobody identifies at Discord. At the broker only a
 * queue of the doctor's own is made, which expires by itself; with FLEET=on two of them, and the exchange of the fleet.
 *
 * settings: read and checked; problems: what was told of them.
 * Returns 0, 75 or 78. Blocks for as long as peers take, at most about two minutes.
 */
int doctor_run(FILE *out, bool json, const struct settings *settings, const struct problems *problems);

#endif
