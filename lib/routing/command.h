#ifndef SP_ROUTING_COMMAND_H
#define SP_ROUTING_COMMAND_H

#include "core/buffer.h"

/* What SEND messages and packets have in common: a JSON object from a worker, with ids in it. */
typedef struct sp_command {
    const uint8_t *start; /* what positions count from */
    spectacles_problem *problem;
} sp_command;

/* Checks that the body is one JSON object and gives it; `shape` is what is said of another JSON value. */
int sp_command_open(sp_command *command, sp_slice body, const char *shape, sp_slice *object);

/* Fills the problem, with the position of `at` (a slice of the body), and returns error. */
int sp_command_refuse(const sp_command *command, int error, sp_slice at, const char *text);

/* A decimal string without leading zeros or an unsigned integer, 1 .. 2^64-1. id may be NULL. */
bool sp_command_id(sp_slice value, uint64_t *id);

#endif
