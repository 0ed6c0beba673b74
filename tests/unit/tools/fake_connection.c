#include "fake_connection.h"

#include "unit.h"

struct fake_connection fake_connection;

struct connection {
    int nothing;
};

static struct connection only;

int connection_new(struct connection **out, spectacles_stream *stream, const spectacles_link_config *link,
                   spectacles_problem *problem)
{
    (void)stream;
    (void)link;
    (void)problem;
    *out = fake_connection.error ? NULL : &only;
    return fake_connection.error;
}

int connection_to_broker(struct connection **out, spectacles_broker **broker,
                         const spectacles_broker_config *config, const spectacles_link_config *link,
                         spectacles_problem *problem)
{
    int error = spectacles_broker_new(broker, config, problem);
    fake_connection.config = *config;
    fake_connection.broker = *broker;
    return error == SPECTACLES_OK ? connection_new(out, NULL, link, problem) : error;
}

void connection_free(struct connection *connection)
{
    fake_connection.freed += connection != NULL;
}

void connection_set_tls(struct connection *connection, spectacles_tls *tls)
{
    assert_ptr_equal(connection, &only);
    fake_connection.tls = tls;
}

int connection_descriptor(struct connection *connection)
{
    assert_ptr_equal(connection, &only);
    return 17;
}

uint64_t connection_deadline(struct connection *connection)
{
    assert_ptr_equal(connection, &only);
    return 1234;
}

void connection_process(struct connection *connection, uint64_t now)
{
    assert_ptr_equal(connection, &only);
    (void)now;
    fake_connection.processed++;
}

bool connection_flush(struct connection *connection, uint64_t now)
{
    assert_ptr_equal(connection, &only);
    (void)now;
    return false;
}

void connection_wait(struct connection *connection, uint64_t until, uint64_t now)
{
    assert_ptr_equal(connection, &only);
    (void)until;
    (void)now;
}
