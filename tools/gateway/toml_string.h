#ifndef GATEWAY_TOML_STRING_H
#define GATEWAY_TOML_STRING_H

#include "toml_reader.h"

/*
 * Reads a string that begins with a quotation mark: "...", '...', and over several lines where `lines` is true. The
 * text is NUL-terminated, and belongs to the arena of the reader.
 */
bool toml_read_string(struct toml_reader *reader, bool lines, const char **text, size_t *length);

#endif
