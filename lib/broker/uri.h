#ifndef SP_BROKER_URI_H
#define SP_BROKER_URI_H

#include <spectacles/types.h>
#include <stdbool.h>

enum {
    SP_URI_TEXT_MAX = 255,
    SP_HEARTBEAT_DEFAULT = 20
};

/* An AMQP URI taken apart (RabbitMQ: "URI Specification" and "URI Query Parameters"). */
typedef struct sp_uri {
    bool tls;
    char user[SP_URI_TEXT_MAX + 1];
    char password[SP_URI_TEXT_MAX + 1];
    char host[SP_URI_TEXT_MAX + 1]; /* IPv6 without brackets */
    char vhost[SP_URI_TEXT_MAX + 1];
    bool external; /* SASL EXTERNAL: the client's certificate says who it is */
    /* Paths; empty: not given */
    char cacertfile[SP_URI_TEXT_MAX + 1];
    char certfile[SP_URI_TEXT_MAX + 1];
    char keyfile[SP_URI_TEXT_MAX + 1];
    uint32_t port;
    uint32_t heartbeat;       /* seconds; 0: none */
    uint32_t frame_max;       /* 0: the library's own */
    uint32_t connect_timeout; /* milliseconds; 0: the configuration's */
} sp_uri;

/*
 * Everything is parsed in place, so that the password has no second copy: *out is to be wiped, also after an error.
 * SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED; the problem then names a parameter at most, and nothing else of the
 * URI.
 */
int sp_uri_parse(sp_uri *out, const char *text, spectacles_problem *problem);

#endif
