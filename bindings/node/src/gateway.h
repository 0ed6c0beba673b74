/* The kind of a gateway, for the functions that look at one. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "engine.h"

extern const engine_kind gateway_kind;

#endif
