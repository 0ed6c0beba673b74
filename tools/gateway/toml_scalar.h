#ifndef GATEWAY_TOML_SCALAR_H
#define GATEWAY_TOML_SCALAR_H

#include "toml_reader.h"

/* Reads a boolean, an integer or a float into the value. A date is refused with a sentence of its own. */
bool toml_read_scalar(struct toml_reader *reader, struct toml_value *value);

#endif
