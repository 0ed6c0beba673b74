#ifndef SP_GATEWAY_INTERNAL_H
#define SP_GATEWAY_INTERNAL_H

#include "core/list.h"
#include "core/random.h"
#include "core/text.h"

#include <spectacles/gateway.h>
#include <spectacles/resolver.h>
#include <stdbool.h>

/* A shard or a broker, and the link under it. */
typedef struct sp_engine {
    spectacles_shard *shard;   /* NULL: it is a broker */
    spectacles_broker *broker; /* NULL: it is a shard */
    spectacles_link *link;     /* NULL: the owner moves its bytes */
    uint32_t shard_id;
    uint64_t stored;            /* the sequence of its session that the owner has stored; 0: none */
    sp_list_node wants_address; /* in the list of a name */
    sp_list_node changed;       /* its record may have changed since it was named */
} sp_engine;

/* How links are made. Its texts are copies. */
typedef struct sp_link_settings {
    spectacles_link_config config;
    char *proxy; /* may hold a password */
    char *no_proxy;
} sp_link_settings;

/* A host name that links want the addresses of. */
typedef struct sp_wanted_name {
    sp_list_node node;
    sp_list engines;
    bool urgent; /* a broker wants it */
    bool asked;  /* of the resolver */
    char host[256];
} sp_wanted_name;

struct spectacles_gateway {
    /* The settings of shards and links that are added later. */
    spectacles_shard_config shard;
    char *token;
    char *gateway_url;
    char *presence;
    char *user_agent;
    sp_link_settings link;
    sp_link_settings broker_link;
    spectacles_tls *tls; /* shared by all links; NULL: none needs it */
    sp_random random;
    bool has_links;
    bool resolves;
    bool stops; /* spectacles_gateway_stop() was called */

    spectacles_broker *brokers[2]; /* by enum spectacles_relay_broker */
    sp_engine *broker_engines[2];
    sp_engine **engines; /* of the shards, in the order of their ids */
    size_t shard_count;  /* that are served here */
    size_t capacity;
    spectacles_shard **shards; /* the same shards, as spectacles_relay_new() wants them */
    spectacles_relay *relay;
    bool has_removed; /* the shard of the present event is freed with the next one */
    uint32_t removed_id;
    spectacles_poller *poller;
    spectacles_state *state;
    sp_list changed;                   /* shards for spectacles_gateway_next_changed() */
    bool state_differs;                /* since it was taken: a record was removed, or the token replaced */
    sp_list names;                     /* wanted; those of brokers first */
    spectacles_resolver *resolver;     /* NULL: the owner answers */
    spectacles_gateway_stats departed; /* the sums of shards that were freed */
    uint64_t unix_offset; /* what the relay knows of the clock of the day; 0: gaps have no time */
    int network_fd;       /* tells of changes of the network; -1: there is none */
    sp_text last_error;
};

#define SP_GATEWAY_NO_LINKS "the gateway was made with SPECTACLES_GATEWAY_NO_LINKS"

/* Keeps the sentence of spectacles_gateway_last_error(), and returns the error. */
static inline int sp_gateway_fail(spectacles_gateway *gateway, int error, const char *text)
{
    sp_text_set(&gateway->last_error, "%s", text);
    return error;
}

/* What a call on the relay or on the poller returned is what the gateway returns, with the sentence of that part. */
static inline int sp_gateway_of_relay(spectacles_gateway *gateway, int error)
{
    return error == SPECTACLES_OK
               ? error
               : sp_gateway_fail(gateway, error, spectacles_relay_last_error(gateway->relay));
}

static inline int sp_gateway_of_poller(spectacles_gateway *gateway, int error)
{
    return error == SPECTACLES_OK
               ? error
               : sp_gateway_fail(gateway, error, spectacles_poller_last_error(gateway->poller));
}

#endif
