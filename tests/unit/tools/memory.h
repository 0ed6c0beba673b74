#ifndef TESTS_UNIT_TOOLS_MEMORY_H
#define TESTS_UNIT_TOOLS_MEMORY_H

#include "read.h"

/* Settings that are read from memory: an environment and files that exist in a test alone. */

#define MEMORY_TOKEN "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
#define MEMORY_PASSWORD "s3cret-password"

/* A file. error: the errno with which reading fails; 0: it is read. */
struct memory_file {
    const char *path;
    const char *content;
    int error;
};

/* What a test reads settings from. */
struct memory {
    const char *environ[64];
    size_t environ_count;
    struct memory_file files[16];
    size_t file_count;
    const char *config;
};

/* An environment in which the gateway can run: a token, a URL with MEMORY_PASSWORD, a file of sessions. */
void memory_begin(struct memory *memory);

/* "NAME=VALUE" sets, and "NAME" takes out. */
void memory_set(struct memory *memory, const char *entry);

void memory_add_file(struct memory *memory, const char *path, const char *content, int error);

/* For what reads settings by itself. It is valid for as long as the memory is, and is not set. */
struct settings_input memory_input(struct memory *memory);

/* Reads the settings. */
int memory_read(const struct memory *memory, struct settings *settings, struct problems *problems);

#endif
