#ifndef TESTS_BROKER_SERVER_H
#define TESTS_BROKER_SERVER_H

#include "unit.h"

#include <spectacles/spectacles.h>

/*
 * An AMQP broker in memory, with a clock of its own. It writes and reads frames by hand, so that the engine
 * is not tested against the codec that it uses itself. What the engine tells and what it writes is kept as
 * lines of text.
 */
enum {
    SERVER_LINES = 1024,
    SERVER_LINE = 400
};

#define SERVER_PASSWORD "s3cretpw"

typedef struct sp_lines {
    int count;
    char line[SERVER_LINES][SERVER_LINE];
} sp_lines;

typedef struct sp_server {
    spectacles_broker *broker;
    uint64_t now;
    uint64_t connection;
    uint32_t frame_max;
    int split;            /* feed byte by byte */
    size_t cut;           /* feed in two parts the piece that this byte of all is in */
    size_t fed;           /* bytes, over all connections */
    sp_lines events;      /* "READY RabbitMQ 3.10.8" */
    int answered;         /* of the lines in written */
    sp_lines written;     /* "1 queue.declare gateway:X" */
    uint64_t delivery;    /* of the last MESSAGE */
    uint32_t format;      /* likewise */
    uint8_t header[8192]; /* the last content header that was written */
    size_t header_length;
    uint32_t message_count;  /* of every queue that is declared */
    uint32_t consumer_count; /* likewise */
    int named;               /* queues whose names the broker has chosen: amq.gen-1, amq.gen-2 .. */
    uint32_t told_messages;  /* by the last SUBSCRIBED */
    uint32_t told_consumers; /* likewise */
    uint8_t arguments[2048]; /* of the last queue.declare that was written */
    size_t arguments_length;
    void (*owner)(void);    /* pulls the engine's events, when another owner than the server does it */
    uint8_t input[1 << 20]; /* what the engine wrote and was not read yet */
    size_t input_length;
} sp_server;

void server_config(spectacles_broker_config *config);
sp_server *server_new(const spectacles_broker_config *config);
void server_free(sp_server *server);

/* Pulls events and takes what is written, until nothing happens any more. */
void server_pull(sp_server *server);

int server_count(const sp_lines *lines, const char *prefix);
const char *server_last(const sp_lines *lines, const char *prefix);

/*
 * A method from the broker. In format, b w l q are numbers of 1, 2, 4 and 8 bytes, given as uint64_t, s is a short
 * string, S a long one, T an empty table.
 */
void server_method(sp_server *server, int channel, int class_id, int method_id, const char *format, ...);
void server_frame(sp_server *server, int type, int channel, const void *payload, size_t length);
void server_feed(sp_server *server, const void *bytes, size_t length);

/*
 * A delivery of one body, cut in pieces of so many bytes; headers: raw property bytes behind the flags, or
 * NULL.
 */
void server_deliver(sp_server *server, uint64_t tag, const char *consumer, const char *key, const char *body,
                    size_t piece);

/* The broker confirms a publish; multiple: and all before it. */
void server_ack(sp_server *server, uint64_t tag, int multiple);

/* Whether the last content header that was written holds these bytes. */
int server_header_holds(const sp_server *server, const char *text);

/* Nothing is left of the calls: no event, no deadline, no place in the window. Frees the server. */
void server_end_calls(sp_server *server);

/* The broker brings a reply to a call. */
void server_reply(sp_server *server, const char *correlation_id, const char *body);

/* Connection made, handshake done up to open-ok; then all that is asked for is answered. */
void server_open(sp_server *server);
void server_handshake(sp_server *server);
void server_ready(sp_server *server);

/* Forgets what was written. */
void server_forget(sp_server *server);

/*
 * Answers what the engine has asked for since it was last called (declares, binds, qos, consumes,
 * channels).
 */
void server_answer(sp_server *server);

void server_eof(sp_server *server);
void server_wait(sp_server *server, uint64_t ms);

/* Publishes with the key; returns the tag, or the error. */
int64_t server_publish(sp_server *server, const char *key, const char *body, uint32_t flags);
/* Calls with the key; returns the call, or the error. */
int64_t server_call(sp_server *server, const char *key, uint32_t timeout);
int server_subscribe(sp_server *server, const char *event, uint32_t prefetch);

#endif
