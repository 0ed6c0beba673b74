#ifndef SP_NET_FILE_H
#define SP_NET_FILE_H

#include "core/buffer.h"

/*
 * Reads a whole file, and appends a NUL behind its bytes. What the buffer held is wiped when it is freed: the file may
 * hold a private key. Blocks for as long as the disk takes.
 *
 * out: empty; free it with sp_buffer_free(), whatever is returned.
 * reason: on failure a phrase that says why, static.
 *
 * Returns 0, SPECTACLES_E_NOMEM, or SPECTACLES_E_SYS: the file is not there, may not be read, or is larger than 16 MiB.
 */
int sp_file_read(sp_buffer *out, const char *path, const char **reason);

#endif
