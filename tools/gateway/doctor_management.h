#ifndef GATEWAY_DOCTOR_MANAGEMENT_H
#define GATEWAY_DOCTOR_MANAGEMENT_H

#include "doctor.h"

/* What RabbitMQ's management API alone can tell: alarms, policies, the types and nodes of queues, bindings. */
void doctor_management(struct doctor *doctor);

#endif
