// A worker without the library, by rabbitmq-c, which SimpleAmqpClient wraps too: consume COUNT.
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

static void check(amqp_connection_state_t connection, const char *what)
{
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL)
        throw std::runtime_error(what);
}

static amqp_connection_state_t connect()
{
    std::string url = std::getenv("AMQP_URL");
    amqp_connection_info where;
    if (amqp_parse_url(url.data(), &where) != AMQP_STATUS_OK)
        throw std::runtime_error("AMQP_URL");
    amqp_connection_state_t connection = amqp_new_connection();
    if (amqp_socket_open(amqp_tcp_socket_new(connection), where.host, where.port) != AMQP_STATUS_OK)
        throw std::runtime_error("connect");
    if (amqp_login(connection, where.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, where.user, where.password)
            .reply_type != AMQP_RESPONSE_NORMAL)
        throw std::runtime_error("login");
    amqp_channel_open(connection, 1);
    check(connection, "channel");
    amqp_basic_qos(connection, 1, 0, 1000, 0);
    amqp_basic_consume(connection, 1, amqp_cstring_bytes("bench:consume"), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    check(connection, "consume");
    return connection;
}

int main(int, char **arguments)
{
    const long total = std::stol(arguments[1]);
    amqp_connection_state_t connection = connect();
    for (long seen = 0; seen < total;) {
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(connection);
        if (amqp_consume_message(connection, &envelope, nullptr, 0).reply_type != AMQP_RESPONSE_NORMAL)
            throw std::runtime_error("delivery");
        amqp_basic_ack(connection, 1, envelope.delivery_tag, 0);
        amqp_destroy_envelope(&envelope);
        if (++seen % (total / 10) == 0)
            std::cout << "EVENTS " << seen << std::endl;
    }
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection);
}
