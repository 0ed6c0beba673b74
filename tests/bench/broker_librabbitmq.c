/*
 * librabbitmq's own blocking client, in tests/bench/broker.py: as bench_broker does, and prints the same.
 *
 *     bench_broker_librabbitmq publish|consume HOST PORT CA|- COUNT WINDOW persistent|transient ACK_EVERY [paced]
 *
 * Publishes until the window is full, then reads confirms until it is half empty. ACK_EVERY: so many deliveries are
 * acknowledged at once (`multiple`). `paced`: publishes a message for each byte of the standard input (see pace.c).
 */
#include "spent.h"

#ifdef BENCH_HAVE_RABBITMQ_C
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BODY = 1024,
    CHANNEL = 1
};

typedef struct bench {
    amqp_connection_state_t connection;
    uint64_t warm, total; /* messages: not counted, all */
    uint64_t sent, done;
    uint64_t window;
    bool paced;
    bool *confirmed; /* by tag */
    uint64_t lowest; /* below it all are */
    uint8_t delivery_mode;
    spent since;
    char id[17];
    char body[BODY];
} bench;

static void check(int status, const char *what)
{
    if (status < 0)
        errx(1, "%s: %s", what, amqp_error_string2(status));
}

static void check_reply(amqp_rpc_reply_t reply, const char *what)
{
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        errx(1, "%s failed", what);
}

static void connect_to(bench *self, const char *host, int port, const char *ca)
{
    self->connection = amqp_new_connection();
    amqp_socket_t *socket =
        *ca == '-' ? amqp_tcp_socket_new(self->connection) : amqp_ssl_socket_new(self->connection);
    if (!socket)
        errx(1, "no socket");
    if (*ca != '-') {
        check(amqp_ssl_socket_set_cacert(socket, ca), "CA");
        amqp_ssl_socket_set_verify_peer(socket, 1);
        amqp_ssl_socket_set_verify_hostname(socket, 1);
    }
    check(amqp_socket_open(socket, host, port), "connecting");
    check_reply(amqp_login(self->connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"),
                "login");
    amqp_channel_open(self->connection, CHANNEL);
    check_reply(amqp_get_rpc_reply(self->connection), "channel.open");
}

static void count(bench *self)
{
    if (++self->done == self->warm)
        self->since = spent_now();
}

/* ---- Publishing ---- */

static void publish(bench *self)
{
    amqp_basic_properties_t properties = {0};
    amqp_bytes_t body = {sizeof self->body, self->body};
    properties._flags =
        AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
    properties.delivery_mode = self->delivery_mode;
    properties.content_type = amqp_cstring_bytes("application/json");
    properties.message_id = amqp_cstring_bytes(self->id);
    check(amqp_basic_publish(self->connection, CHANNEL, amqp_cstring_bytes("bench"),
                             amqp_cstring_bytes("publish"), 0, 0, &properties, body),
          "basic.publish");
    next_id(self->id + sizeof self->id - 2);
    self->sent++;
}

static void settle(bench *self, uint64_t tag)
{
    if (tag > self->sent || self->confirmed[tag])
        return;
    self->confirmed[tag] = true;
    count(self);
}

static void on_ack(bench *self, const amqp_basic_ack_t *ack)
{
    if (!ack->multiple)
        settle(self, ack->delivery_tag);
    else
        for (uint64_t tag = self->lowest; tag <= ack->delivery_tag; tag++)
            settle(self, tag);
    while (self->lowest <= self->sent && self->confirmed[self->lowest])
        self->lowest++;
}

static void read_confirm(bench *self)
{
    amqp_frame_t frame;
    amqp_maybe_release_buffers(self->connection);
    check(amqp_simple_wait_frame(self->connection, &frame), "waiting for a confirm");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
        errx(1, "something else than a confirm came");
    on_ack(self, frame.payload.method.decoded);
}

static void publish_all(bench *self, uint64_t goal)
{
    while (self->done < goal) {
        while (self->sent < goal && self->sent - self->done < self->window)
            publish(self);
        uint64_t left = self->sent < goal ? self->window / 2 : 0;
        while (self->sent - self->done > left)
            read_confirm(self);
    }
}

/* A byte of the standard input for each message that is due: see pace.c. */
static uint64_t read_pace(void)
{
    char bytes[256];
    ssize_t got = read(0, bytes, sizeof bytes);
    return got > 0 ? (uint64_t)got : UINT64_MAX / 2;
}

static bool has_frames(const bench *self)
{
    return amqp_frames_enqueued(self->connection) || amqp_data_in_buffer(self->connection);
}

/* It waits for whatever comes first, and reads what its library may have read already. */
static void publish_paced(bench *self)
{
    struct pollfd fds[2] = {{amqp_get_sockfd(self->connection), POLLIN, 0}, {0, POLLIN, 0}};
    for (uint64_t due = 0; self->done < self->total;) {
        fds[1].fd = due < self->total ? 0 : -1;
        poll(fds, 2, -1);
        due += fds[1].revents ? read_pace() : 0;
        while (self->sent < due && self->sent < self->total)
            publish(self);
        if (fds[0].revents)
            read_confirm(self);
        while (has_frames(self))
            read_confirm(self);
    }
}

static void publish_run(bench *self)
{
    self->confirmed = calloc(self->total + 1, sizeof *self->confirmed);
    if (!self->confirmed)
        errx(1, "out of memory");
    self->lowest = 1;
    amqp_confirm_select(self->connection, CHANNEL);
    check_reply(amqp_get_rpc_reply(self->connection), "confirm.select");
    if (self->paced) {
        publish_paced(self);
    } else {
        publish_all(self, self->warm);
        publish_all(self, self->total);
    }
    free(self->confirmed);
}

/* ---- Consuming ---- */

static void consume_run(bench *self, uint64_t ack_every)
{
    amqp_basic_qos(self->connection, CHANNEL, 0, (uint16_t)self->window, 0);
    check_reply(amqp_get_rpc_reply(self->connection), "basic.qos");
    amqp_basic_consume(self->connection, CHANNEL, amqp_cstring_bytes("bench:consume"), amqp_empty_bytes, 0, 0,
                       0, amqp_empty_table);
    check_reply(amqp_get_rpc_reply(self->connection), "basic.consume");
    while (self->done < self->total) {
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(self->connection);
        check_reply(amqp_consume_message(self->connection, &envelope, NULL, 0), "consuming");
        if (envelope.message.body.len != BODY)
            errx(1, "a body of %zu bytes", envelope.message.body.len);
        count(self);
        if (self->done % ack_every == 0 || self->done == self->total)
            check(amqp_basic_ack(self->connection, CHANNEL, envelope.delivery_tag, ack_every > 1),
                  "basic.ack");
        amqp_destroy_envelope(&envelope);
    }
}

int main(int argc, char **argv)
{
    static bench self;
    if (argc != 9 && (argc != 10 || strcmp(argv[9], "paced") != 0))
        errx(2, "usage: bench_broker_librabbitmq publish|consume HOST PORT CA|- COUNT WINDOW "
                "persistent|transient ACK_EVERY [paced]");
    uint64_t messages = strtoull(argv[5], NULL, 10);
    self.paced = argc == 10;
    self.warm = messages / 10;
    self.total = self.warm + messages;
    self.window = strtoull(argv[6], NULL, 10);
    self.delivery_mode = strcmp(argv[7], "transient") == 0 ? 1 : 2;
    memset(self.body, 'x', sizeof self.body);
    memset(self.id, '0', sizeof self.id - 1);
    connect_to(&self, argv[2], atoi(argv[3]), argv[4]);
    if (strcmp(argv[1], "publish") == 0)
        publish_run(&self);
    else
        consume_run(&self, strtoull(argv[8], NULL, 10));
    spent_print(self.since);
    amqp_destroy_connection(self.connection);
    return 0;
}
