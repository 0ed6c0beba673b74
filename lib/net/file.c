/* Reads the files that hold certificates and keys. Called by tls.c and trust.c. */
#include "net/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    CHUNK = 16 * 1024,
    FILE_MAX = 16 * 1024 * 1024
};

static const char *phrase(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "there is no such file";
    case EACCES:
    case EPERM:
        return "permission is denied";
    case EISDIR:
        return "it is a directory";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    default:
        return "the system cannot read it";
    }
}

static ssize_t read_some(int fd, uint8_t *bytes, size_t length)
{
    ssize_t got;
    do
        got = read(fd, bytes, length);
    while (got < 0 && errno == EINTR);
    return got;
}

static int read_all(sp_buffer *out, int fd, const char **reason)
{
    ssize_t got = 1;
    while (got > 0 && sp_buffer_length(out) <= FILE_MAX) {
        uint8_t *room = sp_buffer_reserve(out, CHUNK);
        if (!room)
            return SPECTACLES_E_NOMEM;
        got = read_some(fd, room, CHUNK);
        sp_buffer_grow(out, got > 0 ? (size_t)got : 0);
    }
    if (got == 0)
        return sp_buffer_u8(out, 0);
    *reason = got < 0 ? phrase(errno) : "it is larger than 16 MiB";
    return SPECTACLES_E_SYS;
}

int sp_file_read(sp_buffer *out, const char *path, const char **reason)
{
    *out = (sp_buffer){.secret = true};
    *reason = "out of memory";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *reason = phrase(errno);
        return SPECTACLES_E_SYS;
    }
    int error = read_all(out, fd, reason);
    close(fd);
    return error;
}
