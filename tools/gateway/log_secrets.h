#ifndef GATEWAY_LOG_SECRETS_H
#define GATEWAY_LOG_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LOG_SECRET_MIN = 8 /* a shorter one would be found in words that are none: guest */
};

/*
 * Texts that are never written, whoever puts them into a sentence: the token, and passwords. No part of the gateway
 * means to write one; this is for a peer that sends back what it was sent. All zero: there are none.
 */
struct log_secrets {
    char **texts;
    size_t count;
};

/* Adds a secret. It is copied. One that is there, or is shorter than LOG_SECRET_MIN, is left out. False: no memory. */
bool log_secrets_add(struct log_secrets *secrets, const char *text, size_t length);

/* Writes stars over each secret in a NUL-terminated text. */
void log_secrets_hide(const struct log_secrets *secrets, char *text);

/* Wipes and frees all of them. */
void log_secrets_clear(struct log_secrets *secrets);

#endif
