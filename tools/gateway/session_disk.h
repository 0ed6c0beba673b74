#ifndef GATEWAY_SESSION_DISK_H
#define GATEWAY_SESSION_DISK_H

#include "problems.h"

#include <limits.h>
#include <stdint.h>

enum {
    DISK_TEXT_SIZE = 200
};

/* What an errno of a disk means, and what to do. Returns `out`. */
const char *disk_explain(int error, char out[DISK_TEXT_SIZE]);

/* Whether it may pass (a full disk), or a person has to mend it (rights). */
enum problem_code disk_code(int error);

/*
 * Follows the symlinks that a path itself is, so that the file behind them is replaced and not the symlink. The last
 * one may lead to a file that is not there yet. Returns 0 or an errno.
 */
int disk_follow(const char *path, char out[PATH_MAX]);

/* The folder of a path. */
void disk_folder(const char *path, char out[PATH_MAX]);

/*
 * When root makes a file, the file gets the owner of the file that it stands for, or of the folder: the user of the
 * gateway has to be able to open it later. Does nothing for other users.
 */
void disk_keep_owner(int fd, const char *path);

/* Writes all bytes and syncs them to the disk. Returns 0 or an errno. */
int disk_write(int fd, const uint8_t *bytes, size_t length);

/* Syncs the folder of a path, so that a new name outlives a crash. Returns 0 or an errno. */
int disk_sync_folder(const char *path);

#endif
