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

/*
 * Looks at SESSION_FILE as the next start would: whose it is, and who uses it now. For those who ask before a start:
 * the daemon itself takes the lock. Nothing is written.
 */
void files_check_sessions(const struct settings *settings, struct problems *problems);

#endif
