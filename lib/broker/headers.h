#ifndef SP_BROKER_HEADERS_H
#define SP_BROKER_HEADERS_H

#include "broker/wire.h"

#include <spectacles/broker.h>

/* Headers of messages and arguments of queues: field tables of AMQP, from and to the public struct. */

enum {
    SP_HEADERS_MAX = 64,
    SP_HEADERS_BYTES = 4096, /* of all, on the wire */
    SP_ARGUMENTS_BYTES = 2048
};

/* NULL, or what is wrong with them: RabbitMQ could not read them, or would end the connection or the channel. */
const char *sp_headers_problem(const spectacles_header *headers, size_t count, size_t most);

/* The same for headers of a message, some of which mean something to RabbitMQ. */
const char *sp_headers_message_problem(const spectacles_header *headers, size_t count);

/* Fills so many entries, which point into the headers. They have to be without a problem. */
void sp_headers_write(amqp_table_entry_t *out, const spectacles_header *headers, size_t count);

/* A copy in one block for free(): the array, and behind it what it points to. NULL when memory ran out. */
spectacles_header *sp_headers_copy(const spectacles_header *headers, size_t count);

#endif
