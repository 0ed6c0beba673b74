#ifndef SP_ROUTING_COMMAND_H
#define SP_ROUTING_COMMAND_H

#include "core/buffer.h"

/* A message of a worker that is being read: a JSON object. */
typedef struct sp_command {
    const uint8_t *start; /* of the body; positions of problems count from here */
    spectacles_problem *problem;
} sp_command;

/*
 * Checks that the body is one JSON object. *object is that object. `shape`: the sentence for a JSON value of another
 * type. Returns 0, SPECTACLES_E_UNSUPPORTED for a body in another format, or SPECTACLES_E_PROTO.
 */
int sp_command_open(sp_command *command, sp_slice body, const char *shape, sp_slice *object);

/* Fills the problem with a sentence and the position of `at`, a slice of the body. Returns error. */
int sp_command_refuse(const sp_command *command, int error, sp_slice at, const char *text);

/*
 * Whether a value is an id: a decimal string without leading zeros, or an unsigned integer, 1 to 2^64 - 1. *id is its
 * number; id may be NULL.
 */
bool sp_command_id(sp_slice value, uint64_t *id);

#endif
