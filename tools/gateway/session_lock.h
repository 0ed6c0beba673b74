#ifndef GATEWAY_SESSION_LOCK_H
#define GATEWAY_SESSION_LOCK_H

#include "problems.h"
#include "session_holder.h"

/*
 * The lock on a file of sessions: `FILE.lock` beside it, with an fcntl() lock of the kernel on it. The kernel drops the
 * lock when the process ends, however it ends. The file stays, and says who held the lock last.
 *
 * Containers: the kernel knows the processes apart, whatever numbers they see themselves. NFS: the server keeps the
 * lock (NFSv4, or v3 with its lock daemon); when the server has forgotten a client for longer than its lease, the lock
 * is gone. Where the file system has no locks, or where `nolock` was mounted, see session_lock_take() and
 * session_file_replace().
 */

struct session_lock {
    int fd;
    struct session_holder self;
    struct session_holder former; /* who had the lock last */
    struct session_holder writer; /* who wrote the file of sessions last, as far as the lock file knows */
};

enum session_lock_result {
    SESSION_LOCK_TAKEN,
    SESSION_LOCK_HELD, /* by another process, which was told */
    SESSION_LOCK_FAILED
};

/*
 * Takes the lock. What hinders it is added to the problems.
 *
 * path: of the file of sessions, without symlinks.
 * where: for sentences: where the path was set.
 *
 * Blocks for as long as the file system takes.
 */
enum session_lock_result session_lock_take(struct session_lock *lock, const char *path, const char *where,
                                           struct problems *problems);

/* Who has the lock now. Takes nothing. False: nobody, or it cannot be known. Not for a process that has the lock. */
bool session_lock_look(const char *path, struct session_holder *holder);

/*
 * Whether the lock file can be used. Returns 0, also when it is not there, or an errno: EEXIST when it is not ours. Not
 * for a process that has the lock: the kernel drops it with any descriptor of the file that is closed (fcntl(2)).
 */
int session_lock_inspect(const char *path);

/* Writes that this process has written the file of sessions: the next one finds it as `writer`. */
void session_lock_note_writer(struct session_lock *lock);

/* Writes that this process has ended in order, and lets go. */
void session_lock_release(struct session_lock *lock);

#endif
