#ifndef GATEWAY_SESSION_WRITER_H
#define GATEWAY_SESSION_WRITER_H

#include "session_file.h"

#include <spectacles/spectacles.h>

/*
 * Writes the file of sessions from a thread, so that a slow disk stops nobody. One write at a time:
 *
 *     IDLE --session_writer_begin()--> WRITING --the thread--> WRITTEN --session_writer_take()--> IDLE
 *
 * The descriptor is readable in WRITTEN. All calls but session_writer_free() return at once.
 */
struct session_writer;

/*
 * Starts the thread, which gets no signals.
 *
 * file: belongs to the writer from now on, also on failure.
 *
 * Returns NULL when memory, threads or descriptors are short.
 */
struct session_writer *session_writer_new(struct session_file *file);

/*
 * Frees the writer, and closes the file. When a write is under way on a disk that hangs, nothing is waited for: the
 * thread frees everything when the disk has answered. NULL is fine.
 */
void session_writer_free(struct session_writer *writer);

/* Readable when a write has ended. */
int session_writer_descriptor(const struct session_writer *writer);

/* Where the next content is put. While a write is under way it must not be touched. */
spectacles_bytes *session_writer_bytes(struct session_writer *writer);

/* Begins to write the bytes. Only when no write is under way and the last result was taken. */
void session_writer_begin(struct session_writer *writer);

/* The result of the last write, once. False: it is not there yet, or there was no write. */
bool session_writer_take(struct session_writer *writer, struct session_file_result *result);

#endif
