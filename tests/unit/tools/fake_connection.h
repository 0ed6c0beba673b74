#ifndef TESTS_UNIT_TOOLS_FAKE_CONNECTION_H
#define TESTS_UNIT_TOOLS_FAKE_CONNECTION_H

#include "connection.h"

/*
 * In the place of connection.c: a connection that moves nothing. The test moves the bytes of the broker itself.
 */
struct fake_connection {
    spectacles_broker *broker;       /* of the last connection_to_broker() */
    spectacles_broker_config config; /* likewise; its texts are not copied */
    int error;                       /* of connection_new() and connection_to_broker() */
    spectacles_tls *tls;             /* of connection_set_tls() */
    int processed;
    int freed;
};

extern struct fake_connection fake_connection;

#endif
