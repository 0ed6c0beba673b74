#ifndef GATEWAY_DOCTOR_BROKER_H
#define GATEWAY_DOCTOR_BROKER_H

#include "doctor.h"

/* Each URL of AMQP_URL: name, TLS, login and virtual host. */
void doctor_broker(struct doctor *doctor);

#endif
