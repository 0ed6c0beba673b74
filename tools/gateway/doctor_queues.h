#ifndef GATEWAY_DOCTOR_QUEUES_H
#define GATEWAY_DOCTOR_QUEUES_H

#include "doctor.h"

/* The exchange and our queues, by passive declarations: whether they are there, how full, and who consumes them. */
void doctor_queues(struct doctor *doctor);

#endif
