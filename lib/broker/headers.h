#ifndef SP_BROKER_HEADERS_H
#define SP_BROKER_HEADERS_H

#include "broker/wire.h"

#include <spectacles/broker.h>

/* Headers of messages and arguments of queues: field tables of AMQP, from and to the public struct. */

enum {
    SP_HEADERS_MAX = 64,
    SP_HEADERS_BYTES = 4096, /* of all, on the wire */
    SP_ARGUMENTS_BYTES = 2048,
    SP_ARGUMENTS_MAX = SP_HEADERS_MAX + 1 /* of a queue: those of its owner, and x-queue-type */
};

/* NULL, or a sentence about headers that RabbitMQ can not read, or over which it ends the connection or the channel. */
const char *sp_headers_problem(const spectacles_header *headers, size_t count, size_t most);

/* The same for the headers of a message. RabbitMQ interprets some of these headers itself. */
const char *sp_headers_message_problem(const spectacles_header *headers, size_t count);

/* Fills `count` entries, which point into the headers. The headers must have passed sp_headers_problem(). */
void sp_headers_write(amqp_table_entry_t *out, const spectacles_header *headers, size_t count);

/* A copy in one block of memory, for free(): the array, and then its keys and values. NULL: out of memory. */
spectacles_header *sp_headers_copy(const spectacles_header *headers, size_t count);

#endif
