#ifndef SP_BROKER_URI_H
#define SP_BROKER_URI_H

#include <spectacles/types.h>
#include <stdbool.h>

enum {
    SP_URI_TEXT_MAX = 255,
    SP_URI_HEARTBEAT_MAX = 3600
};

/* The heartbeat of a URI that names none: that of the configuration holds. */
#define SP_URI_NO_HEARTBEAT UINT32_MAX

/* The parts of an AMQP URI (RabbitMQ: "URI Specification" and "URI Query Parameters"). */
typedef struct sp_uri {
    bool tls;
    char user[SP_URI_TEXT_MAX + 1];
    char password[SP_URI_TEXT_MAX + 1];
    char host[SP_URI_TEXT_MAX + 1]; /* IPv6 without brackets */
    char vhost[SP_URI_TEXT_MAX + 1];
    bool external; /* SASL EXTERNAL: the certificate of the client is its identity */
    /* Paths. Empty when the URI does not name them. */
    char cacertfile[SP_URI_TEXT_MAX + 1];
    char certfile[SP_URI_TEXT_MAX + 1];
    char keyfile[SP_URI_TEXT_MAX + 1];
    char server_name[SP_URI_TEXT_MAX + 1]; /* whom the certificate has to name. Empty: the host */
    uint32_t port;
    uint32_t heartbeat;       /* seconds; 0: no heartbeats; or SP_URI_NO_HEARTBEAT */
    uint32_t frame_max;       /* 0: the default of the library */
    uint32_t connect_timeout; /* milliseconds; 0: the value of the configuration */
} sp_uri;

/*
 * Parses a URI. The text is decoded straight into *out, so that there is no second copy of the password. The caller has
 * to wipe *out, also after an error. Fails with SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED. The problem then shows
 * at most the name of a parameter, and nothing else of the URI.
 */
int sp_uri_parse(sp_uri *out, const char *text, spectacles_problem *problem);

#endif
