#ifndef GATEWAY_DOCTOR_OTHERS_H
#define GATEWAY_DOCTOR_OTHERS_H

#include "doctor.h"

/* Who else serves the group, as the gateways themselves answer. */
void doctor_others(struct doctor *doctor);

#endif
