#ifndef TESTS_UNIT_TOOLS_FAKE_DISK_H
#define TESTS_UNIT_TOOLS_FAKE_DISK_H

#include <limits.h>
#include <stddef.h>

/*
 * A real folder whose disk fails, hangs or loses its power when a test wants it. For executables that are linked with
 * -Wl,--wrap for write, fsync, rename and unlink. Each such call about a file or a folder is a step; pipes are let be.
 */

/* A folder of its own, empty; the name of a file in it; and all of it gone again. */
void fake_disk_begin(void);
const char *fake_disk_path(const char *name); /* of the last eight calls */
void fake_disk_end(void);

/* From now on the nth step (from 1) fails with this errno; 0: none does. */
void fake_disk_fail(size_t nth, int error);

/* From now on the process is killed (SIGKILL) in the nth step: a write has written half of its bytes then. */
void fake_disk_kill(size_t nth);

/* How many steps there were since the last of these calls. */
size_t fake_disk_steps(void);

/* fsync() does not return before fake_disk_let_go(). */
void fake_disk_hold(void);
void fake_disk_let_go(void);

/* A whole file, written and compared. NULL: there is no such file. */
void fake_disk_put(const char *name, const char *text);
void fake_disk_assert(const char *name, const char *text);

#endif
