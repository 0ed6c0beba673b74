#ifndef GATEWAY_REDACT_H
#define GATEWAY_REDACT_H

#include <stddef.h>

/*
 * Makes what somebody has written fit for a sentence or a report: printable, and no longer than the room. What looks
 * like a token or like a URL with a password is not shown: it may have been put into the wrong setting.
 */
void redact(char *out, size_t size, const char *text, size_t length);

#endif
