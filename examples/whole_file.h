#ifndef EXAMPLES_WHOLE_FILE_H
#define EXAMPLES_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that is read as a whole, and replaced as a whole. Both block for the disk. On failure errno says why. */

/* The bytes, to be freed by the caller; NULL on failure. Of a file longer than `most`, some bytes more than `most`. */
uint8_t *whole_file_read(const char *path, size_t most, size_t *length);

/*
 * Writes another file beside it, readable by its owner only, syncs it, renames it, and syncs the folder: a crash leaves the
 * old file or the new one. False on failure: the old file stands, but for a folder that could not be synced, where the
 * new one stands and may be gone after the power fails.
 */
bool whole_file_replace(const char *path, const uint8_t *bytes, size_t length);

#endif
