#ifndef EXAMPLES_WHOLE_FILE_H
#define EXAMPLES_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A file that is read as a whole, and replaced as a whole. Both calls block for the disk. On failure errno says why.
 */

/*
 * Returns the bytes, which the caller frees; NULL on failure. Of a file longer than `most`, a few bytes more than
 * `most`.
 */
uint8_t *whole_file_read(const char *path, size_t most, size_t *length);

/*
 * Writes a new file beside `path`, which only its owner can read, syncs it, renames it to `path`, and syncs the
 * folder. A crash leaves the old file or the new file.
 *
 * False on failure: the old file stands. With one exception: when only the folder could not be synced, the new file
 * stands, and may be gone after a power failure.
 */
bool whole_file_replace(const char *path, const uint8_t *bytes, size_t length);

#endif
