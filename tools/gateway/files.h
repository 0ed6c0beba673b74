#ifndef GATEWAY_FILES_H
#define GATEWAY_FILES_H

#include "settings.h"

/* Reads a whole file: settings_input.read_file of the program. */
int files_read(void *context, const char *path, size_t max, char **bytes, size_t *length);

/*
 * Checks what only this machine knows: certificates, the folder of the file of sessions, the limit on descriptors.
 * Nothing is written, and nothing is connected.
 */
void files_check(const struct settings *settings, struct problems *problems);

#endif
