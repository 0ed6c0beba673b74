#ifndef GATEWAY_DOCTOR_GATEWAY_H
#define GATEWAY_DOCTOR_GATEWAY_H

#include "doctor.h"

/* A connection to Discord's gateway as a shard makes it, as far as HELLO. Nothing identifies. */
void doctor_gateway(struct doctor *doctor);

#endif
