/*
 * What the file of sessions needs of a file system: paths, owners, bytes that are safe, and sentences for what goes
 * wrong. session_lock.c and session_file.c call it.
 */
#include "session_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SYMLINKS_MAX = 40
};

/* ---- Sentences ---- */

static const char *advice_for(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "the disk is full: make room";
    case EROFS:
        return "the file system is read-only: mount it for writing, or take another folder";
    case ENOENT:
    case ENOTDIR:
        return "its folder is not there: make the folder";
    case EISDIR:
        return "it is a folder: name a file in it";
    case EBUSY:
        return "it is mounted by itself and cannot be replaced: mount its folder";
    case EFBIG:
        return "the limit on the size of files is reached: raise it (ulimit -f)";
    case EIO:
        return "the disk fails";
    case ELOOP:
        return "its symlinks lead in a circle, or a symlink stands where a file is expected";
    case EEXIST:
        return "it is a file of something else, which is not overwritten: take it away, or name another file";
    case EINVAL:
        return "it is no file";
    default:
        return NULL;
    }
}

const char *disk_explain(int error, char out[DISK_TEXT_SIZE])
{
    const char *advice = advice_for(error);
    if (advice)
        snprintf(out, DISK_TEXT_SIZE, "%s", advice);
    else if (error == EACCES || error == EPERM)
        snprintf(out, DISK_TEXT_SIZE,
                 "user %u may not do it: let the file and its folder belong to this user",
                 (unsigned)geteuid());
    else
        snprintf(out, DISK_TEXT_SIZE, "%s", strerror(error));
    return out;
}

enum problem_code disk_code(int error)
{
    static const int passing[] = {ENOSPC, EDQUOT, EIO, ENOMEM, EMFILE, ENFILE, EINTR, EAGAIN, ESTALE};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (passing[i] == error)
            return PROBLEM_MAY_PASS;
    }
    return PROBLEM_IS_FINAL;
}

/* ---- Paths ---- */

void disk_folder(const char *path, char out[PATH_MAX])
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(out, PATH_MAX, "%s", dirname(copy));
}

/* Where a symlink leads to: from its own folder on. */
static int read_symlink(const char *path, char out[PATH_MAX])
{
    char target[PATH_MAX];
    char folder[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return errno;
    target[length] = '\0';
    disk_folder(path, folder);
    bool is_whole = target[0] == '/';
    int written = snprintf(out, PATH_MAX, "%s%s%s", is_whole ? "" : folder, is_whole ? "" : "/", target);
    return written < PATH_MAX ? 0 : ENAMETOOLONG;
}

int disk_follow(const char *path, char out[PATH_MAX])
{
    struct stat about;
    char next[PATH_MAX];
    if (strlen(path) >= PATH_MAX)
        return ENAMETOOLONG;
    strcpy(out, path);
    for (int i = 0; i < SYMLINKS_MAX; i++) {
        if (lstat(out, &about) != 0)
            return errno == ENOENT ? 0 : errno;
        if (!S_ISLNK(about.st_mode))
            return 0;
        int error = read_symlink(out, next);
        if (error)
            return error;
        strcpy(out, next);
    }
    return ELOOP;
}

void disk_keep_owner(int fd, const char *path)
{
    struct stat about;
    char folder[PATH_MAX];
    disk_folder(path, folder);
    if (geteuid() != 0 || (stat(path, &about) != 0 && stat(folder, &about) != 0))
        return;
    if (about.st_uid != 0 && fchown(fd, about.st_uid, about.st_gid) != 0)
        return; /* a file of root is better than no file */
}

/* ---- Bytes ---- */

int disk_write(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t took = write(fd, bytes, length);
        if (took < 0 && errno == EINTR)
            continue;
        if (took <= 0)
            return took < 0 ? errno : ENOSPC;
        bytes += took;
        length -= (size_t)took;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

int disk_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    disk_folder(path, folder);
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    /* EINVAL: the file system cannot sync folders, and needs it the less. */
    int error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
    close(fd);
    return error;
}
