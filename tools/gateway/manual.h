#ifndef GATEWAY_MANUAL_H
#define GATEWAY_MANUAL_H

#include <stdio.h>

/* Writes the man page spectacles-gateway.8, in the language of roff. */
void manual_write(FILE *out);

#endif
