#ifndef GATEWAY_DOCTOR_RIGHTS_H
#define GATEWAY_DOCTOR_RIGHTS_H

#include "doctor.h"

/* The rights of the account, by doing what the gateway does: with queues that stand, and with one of the doctor. */
void doctor_rights(struct doctor *doctor);

#endif
