#ifndef GATEWAY_SESSION_FILE_H
#define GATEWAY_SESSION_FILE_H

#include "session_lock.h"

#include <limits.h>
#include <stdint.h>

/*
 * The file of sessions: locked, read once, and replaced as a whole. A crash at any moment leaves the old content or the
 * new one. A file that is not of this program is never overwritten. Only its owner can read it. All calls block for the
 * disk.
 *
 * Beside FILE stand FILE.lock, FILE.new while it is written, and FILE.unused: a content that could not be used.
 */
struct session_file;

/* What became of a write. */
struct session_file_result {
    int error;         /* an errno; 0: the bytes are safe on the disk */
    bool was_missing;  /* the file was there before, and somebody has taken it away */
    bool was_replaced; /* somebody else has written a file of sessions in its place */
};

/*
 * Finds the file behind symlinks, and locks it.
 *
 * path: SESSION_FILE.
 * where: for sentences: where the path was set.
 *
 * Returns NULL when it cannot be locked, which was added to the problems. Close it with session_file_close().
 */
struct session_file *session_file_open(const char *path, const char *where, struct problems *problems);

/* Lets go of the lock, and frees it. NULL is fine. */
void session_file_close(struct session_file *file);

/* The path behind the symlinks. */
const char *session_file_path(const struct session_file *file);

/* The lock, with who had it before. */
const struct session_lock *session_file_lock(const struct session_file *file);

/*
 * Reads the whole file.
 *
 * bytes: free it with free(); NULL on failure.
 *
 * Returns 0 or an errno: ENOENT when it is not there; EEXIST when it is not of this program; EFBIG above `most` bytes.
 */
int session_file_read(struct session_file *file, size_t most, uint8_t **bytes, size_t *length);

/* The same without a lock, for who only wants to look. */
int session_file_peek(const char *path, size_t most, uint8_t **bytes, size_t *length);

/*
 * Whether a gateway could start with a file of sessions, by the names that it needs: FILE, FILE.new and FILE.lock.
 * Writes nothing. Not for a process that has the lock (session_lock.h).
 *
 * Returns 0, also when none of them is there, and `wrong` is empty; or an errno, and `wrong` is the path that is in the
 * way: EEXIST when it is not of this program.
 */
int session_file_inspect(const char *path, char wrong[PATH_MAX]);

/*
 * Keeps the content that is there under the name FILE.unused, before other content replaces it. Returns 0 or an errno;
 * ENOTSUP also where the file system has no links.
 */
int session_file_set_aside(struct session_file *file);

/* Replaces the content. Whatever fails, the old file stands. */
struct session_file_result session_file_replace(struct session_file *file, const uint8_t *bytes,
                                                size_t length);

#endif
