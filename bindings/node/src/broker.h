/* The settings of a broker, which a gateway has too. */
#ifndef BROKER_H
#define BROKER_H

#include "values.h"

/* urls, group, name, prefetch, window, bodies, declare, queueType, heartbeat, exchangeType. */
void broker_config(given *from, spectacles_broker_config *config);

#endif
