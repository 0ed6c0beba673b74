#ifndef GATEWAY_SESSION_HOLDER_H
#define GATEWAY_SESSION_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HOLDER_HOST_SIZE = 128,
    HOLDER_BOOT_SIZE = 40,
    HOLDER_TEXT_SIZE = 256
};

/* A process that has, or had, the lock. */
struct session_holder {
    bool is_known;
    bool has_ended; /* it said so itself */
    uint64_t pid;   /* as the process sees itself */
    uint64_t since; /* milliseconds since 1970 */
    char host[HOLDER_HOST_SIZE];
    char
        boot[HOLDER_BOOT_SIZE]; /* of the kernel: containers of one machine have the same; empty: not known */
};

/* This process. */
void session_holder_of_self(struct session_holder *holder);

/* One line without line feed: what the next process reads as `writer` of the state (spectacles/state.h). */
void session_holder_write(const struct session_holder *holder, char out[HOLDER_TEXT_SIZE]);

/* Reads what session_holder_write() wrote. is_known is false when it is nothing of the kind. */
void session_holder_read(struct session_holder *holder, const char *text, size_t length);

/* For sentences: "process 4711 on host web-1, since 2026-11-29 00:58:14 UTC". */
void session_holder_show(const struct session_holder *holder, char out[HOLDER_TEXT_SIZE]);

/* Whether two are the same process. */
bool session_holder_equals(const struct session_holder *one, const struct session_holder *other);

#endif
