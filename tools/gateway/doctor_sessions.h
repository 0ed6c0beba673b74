#ifndef GATEWAY_DOCTOR_SESSIONS_H
#define GATEWAY_DOCTOR_SESSIONS_H

#include "doctor.h"

/* Reads how many shards the stored sessions are of, before it is decided how many there are. */
void doctor_stored_count(struct doctor *doctor);

/* The stored sessions: whose they are, how old they are, and what a restart costs. */
void doctor_sessions(struct doctor *doctor);

#endif
