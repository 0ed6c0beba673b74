#ifndef GATEWAY_DOCTOR_NAMES_H
#define GATEWAY_DOCTOR_NAMES_H

#include "doctor.h"

/* The names of Discord's API and of each broker, looked up as the gateway looks them up. */
void doctor_names(struct doctor *doctor);

#endif
