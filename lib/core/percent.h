#ifndef SP_CORE_PERCENT_H
#define SP_CORE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Percent-decodes a part of a URL (RFC 3986, section 2.1) straight into `out`, which has room for `size` bytes, so that
 * there is no second copy of a password. The result is NUL-terminated. False when the text is malformed, is too long or
 * holds a control character; `out` may hold a part of it then.
 */
bool sp_percent_decode(char *out, size_t size, const char *text, size_t length);

#endif
