/*
 * A worker, for the latency of events: librabbitmq's own client, which takes what a queue has and notes when it came.
 *
 *     bench_worker PORT QUEUE SHARDS EVENTS TIMES
 *
 * The message-id "bench-<shard>:<sequence>" says which event a message is: see recording.h and times.h. The worker says
 * "ready" once it consumes, and ends with its standard input.
 */
#include "times.h"

#ifdef BENCH_HAVE_RABBITMQ_C
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(amqp_rpc_reply_t reply, const char *what)
{
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        errx(1, "%s failed", what);
}

static amqp_connection_state_t connect_to(int port, const char *queue)
{
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK)
        errx(1, "port %d does not answer", port);
    check(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(connection, 1);
    check(amqp_get_rpc_reply(connection), "channel.open");
    amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 1, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "basic.consume");
    return connection;
}

static void note(const times *to, amqp_bytes_t id, size_t shards, size_t events)
{
    char text[64];
    unsigned long shard, sequence;
    snprintf(text, sizeof text, "%.*s", (int)id.len, (const char *)id.bytes);
    if (sscanf(text, "bench-%lu:%lu", &shard, &sequence) != 2 || sequence < 2)
        return; /* READY, or what an earlier run left */
    size_t number = (sequence - 2) * shards + shard;
    if (number < events && to->received[number] == 0)
        to->received[number] = nanoseconds_now();
}

/* Whoever started it has ended, or wants it to. */
static int is_over(void)
{
    struct pollfd in = {0, POLLIN, 0};
    char byte;
    return poll(&in, 1, 0) > 0 && read(0, &byte, 1) <= 0;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        errx(2, "usage: bench_worker PORT QUEUE SHARDS EVENTS TIMES");
    size_t shards = strtoull(argv[3], NULL, 10);
    size_t events = strtoull(argv[4], NULL, 10);
    times to = times_open(argv[5], events);
    amqp_connection_state_t connection = connect_to(atoi(argv[1]), argv[2]);
    puts("ready");
    fflush(stdout);
    while (!is_over()) {
        amqp_envelope_t envelope;
        struct timeval patience = {0, 200000};
        amqp_maybe_release_buffers(connection);
        amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, &patience, 0);
        if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
            continue;
        check(reply, "consuming");
        if (envelope.message.properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG)
            note(&to, envelope.message.properties.message_id, shards, events);
        amqp_destroy_envelope(&envelope);
    }
    amqp_destroy_connection(connection);
    return 0;
}
