#ifndef GATEWAY_DOCTOR_TALK_H
#define GATEWAY_DOCTOR_TALK_H

#include "connection.h"
#include "doctor.h"

/* A broker of the library that the doctor talks with: what the gateway does at RabbitMQ is tried by the same code. */
struct talk {
    spectacles_broker *broker;
    struct connection *connection;
    uint64_t end; /* when the doctor gives up */
};

/*
 * Begins a talk. declare: enum spectacles_declare. Returns 0, or an error of the library, told in `problem`. End it
 * with talk_end() in both cases.
 */
int talk_begin(struct talk *talk, const struct doctor *doctor, const char *url, uint32_t declare,
               spectacles_problem *problem);

/* The next event of the broker. Blocks. NULL: nothing came in time. */
const spectacles_broker_event *talk_next(struct talk *talk);

/* Ends the talk in order, which takes a second at most, and frees everything. */
void talk_end(struct talk *talk);

#endif
