/* A file that is read as a whole, and replaced as a whole. store.c calls it for the gateway's state. */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK = 65536
};

/* ---- Reading ---- */

static uint8_t *read_all(int file, size_t most, size_t *length)
{
    uint8_t *bytes = NULL;
    ssize_t got = 1;
    for (*length = 0; got > 0 && *length <= most; *length += (size_t)got) {
        uint8_t *larger = realloc(bytes, *length + CHUNK);
        bytes = larger ? larger : bytes;
        got = -1;
        while (larger && (got = read(file, bytes + *length, CHUNK)) < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(bytes);
            return NULL;
        }
    }
    return bytes;
}

uint8_t *whole_file_read(const char *path, size_t most, size_t *length)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    uint8_t *bytes = read_all(file, most, length);
    int why = errno;
    close(file);
    errno = why;
    return bytes;
}

/* ---- Writing ---- */

static bool write_all(int file, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t took = write(file, bytes, length);
        if (took < 0 && errno == EINTR)
            continue;
        if (took <= 0)
            return false;
        bytes += took;
        length -= (size_t)took;
    }
    return true;
}

/* A new name is safe on the disk after its folder was synced. Some file systems cannot sync folders (EINVAL). */
static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    int folder = copy ? open(dirname(copy), O_RDONLY | O_CLOEXEC) : -1;
    bool fine = folder >= 0 && (fsync(folder) == 0 || errno == EINVAL);
    int why = errno;
    if (folder >= 0)
        close(folder);
    free(copy);
    errno = why;
    return fine;
}

static bool write_new(const char *path, const uint8_t *bytes, size_t length)
{
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    bool fine = write_all(file, bytes, length) && fsync(file) == 0;
    int why = errno;
    if (close(file) < 0 && fine)
        return false;
    errno = why;
    return fine;
}

bool whole_file_replace(const char *path, const uint8_t *bytes, size_t length)
{
    size_t room = strlen(path) + sizeof ".new";
    char *temporary = malloc(room);
    if (!temporary)
        return false;
    snprintf(temporary, room, "%s.new", path);
    bool fine = write_new(temporary, bytes, length) && rename(temporary, path) == 0;
    int why = errno;
    if (!fine)
        unlink(temporary);
    free(temporary);
    errno = why;
    return fine && sync_folder(path);
}
