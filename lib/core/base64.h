#ifndef SP_CORE_BASE64_H
#define SP_CORE_BASE64_H

#include "core/buffer.h"

/* The room that sp_base64_write() needs for `length` bytes, its NUL included. length: a constant of reasonable size. */
#define SP_BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)

/* Writes the bytes in base64 (RFC 4648, section 4), with padding, NUL-terminated. out: SP_BASE64_SIZE(bytes.length). */
void sp_base64_write(char *out, sp_slice bytes);

#endif
