#ifndef GATEWAY_DOCTOR_DISCORD_H
#define GATEWAY_DOCTOR_DISCORD_H

#include "doctor.h"

/* GET /gateway/bot: the token, the clock, the certificates, the budget of identifies, the number of shards. */
void doctor_discord(struct doctor *doctor);

/* What Discord says about the number of shards, once it is decided. */
void doctor_shard_count(struct doctor *doctor);

#endif
