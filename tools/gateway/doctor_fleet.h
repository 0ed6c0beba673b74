#ifndef GATEWAY_DOCTOR_FLEET_H
#define GATEWAY_DOCTOR_FLEET_H

#include "doctor.h"

/* With FLEET=on: whether RabbitMQ can carry a fleet, and what a host that is gone would cost. */
void doctor_fleet(struct doctor *doctor);

#endif
