/*
 * The lock on a file of sessions. It owns the descriptor of the lock file. session_file.c calls it, and sessions.c
 * and files.c to see who holds it.
 */
#include "session_lock.h"

#include "session_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".lock";
static const char program[] = "spectacles-gateway";

static struct flock whole(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

static bool name_of(const char *path, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s%s", path, suffix) < PATH_MAX;
}

/* ---- What the lock file says ---- */

/* The first line says who had the lock, the second one who wrote the file of sessions. False: it is not ours. */
static bool read_lines(int fd, struct session_holder *former, struct session_holder *writer)
{
    char text[2 * HOLDER_TEXT_SIZE];
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    size_t length = got > 0 ? (size_t)got : 0;
    text[length] = '\0';
    size_t first = strcspn(text, "\n");
    const char *second = text + first + (first < length);
    session_holder_read(former, text, first);
    session_holder_read(writer, second, strcspn(second, "\n"));
    return strncmp(text, program, length < strlen(program) ? length : strlen(program)) == 0;
}

/* For people alone. A file that cannot be written is no hindrance: the kernel has the lock. */
static void write_lines(const struct session_lock *lock)
{
    char self[HOLDER_TEXT_SIZE];
    char writer[HOLDER_TEXT_SIZE] = "";
    char text[2 * HOLDER_TEXT_SIZE + 2];
    session_holder_write(&lock->self, self);
    if (lock->writer.is_known)
        session_holder_write(&lock->writer, writer);
    int length = snprintf(text, sizeof text, "%s\n%s%s", self, writer, *writer ? "\n" : "");
    if (pwrite(lock->fd, text, (size_t)length, 0) == length && ftruncate(lock->fd, length) != 0)
        return;
}

/*
 * The kernel knows the number of the process for sure, when the process is of this machine. What the file says is of
 * the process before when the holder has only just taken the lock.
 */
static void correct_holder(struct session_holder *holder, pid_t pid)
{
    struct session_holder self;
    session_holder_of_self(&self);
    bool is_of_here = strcmp(self.host, holder->host) == 0 && strcmp(self.boot, holder->boot) == 0;
    if (pid <= 0 || (holder->is_known && !holder->has_ended && (!is_of_here || holder->pid == (uint64_t)pid)))
        return;
    self.pid = (uint64_t)pid;
    self.since = 0;
    *holder = self;
}

/* ---- Taking it ---- */

static void tell_holder(const struct session_lock *lock, const char *path, const char *where,
                        struct problems *problems)
{
    char shown[HOLDER_TEXT_SIZE];
    struct flock found = whole(F_WRLCK);
    struct session_holder holder = lock->former;
    if (fcntl(lock->fd, F_GETLK, &found) == 0 && found.l_type != F_UNLCK)
        correct_holder(&holder, found.l_pid);
    session_holder_show(&holder, shown);
    problems_add(problems, PROBLEM_MAY_PASS, where,
                 "'%.120s' is in use by %s: end that gateway, or give this one a SESSION_FILE of its own",
                 path, holder.is_known ? shown : "another process");
}

static enum session_lock_result refuse(struct session_lock *lock, const char *name, const char *where,
                                       int error, struct problems *problems)
{
    char why[DISK_TEXT_SIZE];
    if (error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL)
        problems_add(problems, PROBLEM_IS_FINAL, where,
                     "the file system of '%.120s' gives no locks (%s), so that a second process would not be "
                     "noticed: mount it with locks (NFS without nolock), or take another disk",
                     name, strerror(error));
    else
        problems_add(problems, disk_code(error), where, "'%.120s' cannot be opened: %s", name,
                     disk_explain(error, why));
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
    return SESSION_LOCK_FAILED;
}

static int open_lock(const char *name, const char *path)
{
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        disk_keep_owner(fd, path);
    return fd >= 0 || errno != EEXIST ? fd : open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}

static void let_go(struct session_lock *lock)
{
    close(lock->fd);
    lock->fd = -1;
}

/* With the lock file open. */
static enum session_lock_result lock_opened(struct session_lock *lock, const char *path, const char *name,
                                            const char *where, struct problems *problems)
{
    struct flock wanted = whole(F_WRLCK);
    if (!read_lines(lock->fd, &lock->former, &lock->writer))
        return refuse(lock, name, where, EEXIST, problems);
    if (fcntl(lock->fd, F_SETLK, &wanted) == 0) {
        read_lines(lock->fd, &lock->former, &lock->writer);
        write_lines(lock);
        return SESSION_LOCK_TAKEN;
    }
    if (errno != EACCES && errno != EAGAIN)
        return refuse(lock, name, where, errno, problems);
    tell_holder(lock, path, where, problems);
    let_go(lock);
    return SESSION_LOCK_HELD;
}

enum session_lock_result session_lock_take(struct session_lock *lock, const char *path, const char *where,
                                           struct problems *problems)
{
    char name[PATH_MAX];
    *lock = (struct session_lock){.fd = -1};
    session_holder_of_self(&lock->self);
    if (!name_of(path, name))
        return refuse(lock, path, where, ENAMETOOLONG, problems);
    lock->fd = open_lock(name, path);
    if (lock->fd < 0)
        return refuse(lock, name, where, errno, problems);
    return lock_opened(lock, path, name, where, problems);
}

bool session_lock_look(const char *path, struct session_holder *holder)
{
    char name[PATH_MAX];
    struct session_holder writer;
    struct flock found = whole(F_RDLCK);
    int fd = name_of(path, name) ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0)
        return false;
    read_lines(fd, holder, &writer);
    bool is_held = fcntl(fd, F_GETLK, &found) == 0 && found.l_type != F_UNLCK;
    close(fd);
    if (is_held)
        correct_holder(holder, found.l_pid);
    return is_held;
}

int session_lock_inspect(const char *path)
{
    char name[PATH_MAX];
    struct session_holder former;
    struct session_holder writer;
    int fd = name_of(path, name) ? open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY) : -1;
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    bool is_ours = read_lines(fd, &former, &writer);
    close(fd);
    return is_ours ? 0 : EEXIST;
}

void session_lock_note_writer(struct session_lock *lock)
{
    if (session_holder_equals(&lock->writer, &lock->self))
        return;
    lock->writer = lock->self;
    write_lines(lock);
}

void session_lock_release(struct session_lock *lock)
{
    if (lock->fd < 0)
        return;
    lock->self.has_ended = true;
    write_lines(lock);
    let_go(lock);
}
