/*
 * The file of sessions. It owns the lock and knows which file it has written last. session_writer.c calls it from a
 * thread to replace the file; store_load.c and sessions.c call it to open and read the file.
 */
#include "session_file.h"

#include "session_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 65536
};

struct session_file {
    char path[PATH_MAX];
    char fresh[PATH_MAX];  /* FILE.new */
    char unused[PATH_MAX]; /* FILE.unused */
    struct session_lock lock;
    bool is_known; /* the file is there, and this is which one: */
    dev_t device;
    ino_t inode;
};

/* ---- Whose file it is ---- */

/* What every version begins with (spectacles/state.h), and what the time before the first release had. */
static bool begins_as(const uint8_t *bytes, size_t length, const char *magic)
{
    size_t known = strlen(magic);
    return memcmp(bytes, magic, length < known ? length : known) == 0;
}

/* A torn file may have any beginning of it, and be empty. */
static bool is_ours(const uint8_t *bytes, size_t length)
{
    return length == 0 || begins_as(bytes, length, "{\"spectacles\":\"state\"") ||
           begins_as(bytes, length, "spectacles-sessions 1");
}

/* Opens a file for reading, when it is a file of this program. Returns the descriptor, or -1 with errno. */
static int open_ours(const char *path, int flags, struct stat *about)
{
    uint8_t head[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (fd < 0)
        return -1;
    int error = fstat(fd, about) == 0 ? 0 : errno;
    if (!error && !S_ISREG(about->st_mode))
        error = S_ISDIR(about->st_mode) ? EISDIR : EINVAL;
    ssize_t got = error ? 0 : pread(fd, head, sizeof head, 0);
    if (got < 0)
        error = errno;
    else if (!error && !is_ours(head, (size_t)got))
        error = EEXIST;
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

/* 0: it is ours, ENOENT: it is not there, EEXIST: it is something else, or another errno. */
static int look_at(const char *path, struct stat *about)
{
    int fd = open_ours(path, O_NOFOLLOW, about);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

/* Takes away what a killed process has left. */
static int remove_ours(const char *path)
{
    struct stat about;
    int error = look_at(path, &about);
    if (error == 0)
        error = unlink(path) == 0 ? 0 : errno;
    return error == ENOENT ? 0 : error;
}

/* ---- Opened and closed ---- */

static int name_files(struct session_file *file, const char *path)
{
    int error = disk_follow(path, file->path);
    if (error)
        return error;
    bool fits = snprintf(file->fresh, PATH_MAX, "%s.new", file->path) < PATH_MAX &&
                snprintf(file->unused, PATH_MAX, "%s.unused", file->path) < PATH_MAX;
    return fits ? 0 : ENAMETOOLONG;
}

struct session_file *session_file_open(const char *path, const char *where, struct problems *problems)
{
    char why[DISK_TEXT_SIZE];
    struct session_file *file = calloc(1, sizeof *file);
    int error = file ? name_files(file, path) : ENOMEM;
    if (error) {
        problems_add(problems, disk_code(error), where, "'%.120s' cannot be opened: %s", path,
                     disk_explain(error, why));
        free(file);
        return NULL;
    }
    if (session_lock_take(&file->lock, file->path, where, problems) == SESSION_LOCK_TAKEN)
        return file;
    free(file);
    return NULL;
}

void session_file_close(struct session_file *file)
{
    if (file)
        session_lock_release(&file->lock);
    free(file);
}

const char *session_file_path(const struct session_file *file)
{
    return file->path;
}

const struct session_lock *session_file_lock(const struct session_file *file)
{
    return &file->lock;
}

/* ---- Read ---- */

static int read_all(int fd, size_t most, uint8_t **bytes, size_t *length)
{
    size_t room = 0;
    for (;;) {
        if (*length == room) {
            uint8_t *larger = realloc(*bytes, room + CHUNK);
            if (!larger)
                return ENOMEM;
            *bytes = larger;
            room += CHUNK;
        }
        ssize_t got = read(fd, *bytes + *length, room - *length);
        if (got < 0 && errno != EINTR)
            return errno;
        if (got == 0)
            return 0;
        *length += got > 0 ? (size_t)got : 0;
        if (*length > most)
            return EFBIG;
    }
}

static int read_file(const char *path, int flags, size_t most, uint8_t **bytes, size_t *length,
                     struct stat *about)
{
    *bytes = NULL;
    *length = 0;
    int fd = open_ours(path, flags, about);
    if (fd < 0)
        return errno;
    int error = read_all(fd, most, bytes, length);
    close(fd);
    if (error) {
        free(*bytes);
        *bytes = NULL;
    }
    return error;
}

/* Remembers which file it is: also of one that could not be read. */
static void remember(struct session_file *file, const struct stat *about)
{
    file->is_known = true;
    file->device = about->st_dev;
    file->inode = about->st_ino;
}

int session_file_read(struct session_file *file, size_t most, uint8_t **bytes, size_t *length)
{
    struct stat about = {0};
    int error = read_file(file->path, O_NOFOLLOW, most, bytes, length, &about);
    if (!error || error == EIO || error == EFBIG)
        remember(file, &about);
    return error;
}

int session_file_peek(const char *path, size_t most, uint8_t **bytes, size_t *length)
{
    struct stat about;
    return read_file(path, 0, most, bytes, length, &about);
}

/* One of the names. */
static int inspect(const char *path, const char *suffix, char wrong[PATH_MAX])
{
    struct stat about;
    bool fits = snprintf(wrong, PATH_MAX, "%s%s", path, suffix) < PATH_MAX;
    int error = fits ? look_at(wrong, &about) : ENAMETOOLONG;
    return error == ENOENT ? 0 : error;
}

int session_file_inspect(const char *path, char wrong[PATH_MAX])
{
    static const char *const suffixes[] = {"", ".new"};
    char followed[PATH_MAX];
    int error = disk_follow(path, followed);
    snprintf(wrong, PATH_MAX, "%s", path);
    for (size_t i = 0; !error && i < sizeof suffixes / sizeof suffixes[0]; i++)
        error = inspect(followed, suffixes[i], wrong);
    if (!error && (error = session_lock_inspect(followed)) != 0)
        snprintf(wrong, PATH_MAX, "%.*s.lock", PATH_MAX - 8, followed);
    if (!error)
        wrong[0] = '\0';
    return error;
}

int session_file_set_aside(struct session_file *file)
{
    int error = remove_ours(file->unused);
    if (error)
        return error;
    return link(file->path, file->unused) == 0 ? 0 : errno;
}

/* ---- Replaced ---- */

/* Whether the file is the one that was written last. Returns 0, or why it must not be replaced. */
static int look_at_old(struct session_file *file, struct session_file_result *result)
{
    struct stat about = {0};
    int error = look_at(file->path, &about);
    if (error == ENOENT) {
        result->was_missing = file->is_known;
        return 0;
    }
    if (error == 0 || error == EIO)
        result->was_replaced = !file->is_known || about.st_dev != file->device || about.st_ino != file->inode;
    return error == EIO ? 0 : error;
}

/* A file that did not stand there before: nobody else has it open, and no symlink leads away from it. */
static int create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int write_fresh(struct session_file *file, const uint8_t *bytes, size_t length, struct stat *about)
{
    int error = remove_ours(file->fresh);
    if (error)
        return error;
    int fd = create(file->fresh);
    if (fd < 0)
        return errno;
    disk_keep_owner(fd, file->path);
    error = disk_write(fd, bytes, length);
    if (!error && fstat(fd, about) != 0)
        error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

struct session_file_result session_file_replace(struct session_file *file, const uint8_t *bytes,
                                                size_t length)
{
    struct stat about;
    struct session_file_result result = {0};
    result.error = look_at_old(file, &result);
    if (result.error)
        return result;
    result.error = write_fresh(file, bytes, length, &about);
    if (!result.error && rename(file->fresh, file->path) != 0)
        result.error = errno;
    if (result.error) {
        remove_ours(file->fresh);
        return result;
    }
    remember(file, &about);
    result.error = disk_sync_folder(file->path);
    session_lock_note_writer(&file->lock);
    return result;
}
