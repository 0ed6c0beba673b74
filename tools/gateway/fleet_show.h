#ifndef GATEWAY_FLEET_SHOW_H
#define GATEWAY_FLEET_SHOW_H

#include "fleet_watch.h"

#include <stdio.h>

/* Writes who is in the fleet, and who owns which slot, for people or as JSON. */
void fleet_show(FILE *out, bool json, const struct fleet_watch *watch, const struct settings *settings);

#endif
