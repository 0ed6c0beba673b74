#include "fake_disk.h"

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t __real_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);

static struct {
    char folder[PATH_MAX];
    size_t steps;
    size_t failing;
    size_t killing;
    int error;
    bool is_held;
} disk;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* ---- Faults ---- */

enum step {
    STEP_FINE,
    STEP_FAILS,
    STEP_KILLS
};

static enum step next_step(void)
{
    pthread_mutex_lock(&mutex);
    size_t number = ++disk.steps;
    enum step step = number == disk.killing ? STEP_KILLS : number == disk.failing ? STEP_FAILS : STEP_FINE;
    errno = disk.error;
    pthread_mutex_unlock(&mutex);
    return step;
}

/* Whether the step fails. */
static bool fails(void)
{
    enum step step = next_step();
    if (step == STEP_KILLS)
        raise(SIGKILL);
    return step == STEP_FAILS;
}

static bool is_on_disk(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode));
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    if (!is_on_disk(fd))
        return __real_write(fd, bytes, length);
    enum step step = next_step();
    if (step == STEP_KILLS && __real_write(fd, bytes, length / 2) >= 0)
        raise(SIGKILL);
    return step == STEP_FAILS ? -1 : __real_write(fd, bytes, length);
}

int __wrap_fsync(int fd)
{
    pthread_mutex_lock(&mutex);
    while (disk.is_held)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return fails() ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    return fails() ? -1 : __real_rename(from, to);
}

int __wrap_unlink(const char *path)
{
    return fails() ? -1 : __real_unlink(path);
}

static void set(size_t failing, int error, size_t killing)
{
    pthread_mutex_lock(&mutex);
    disk.steps = 0;
    disk.failing = failing;
    disk.error = error;
    disk.killing = killing;
    pthread_mutex_unlock(&mutex);
}

void fake_disk_fail(size_t nth, int error)
{
    set(nth, error, 0);
}

void fake_disk_kill(size_t nth)
{
    set(0, 0, nth);
}

size_t fake_disk_steps(void)
{
    pthread_mutex_lock(&mutex);
    size_t steps = disk.steps;
    pthread_mutex_unlock(&mutex);
    return steps;
}

static void hold(bool is_held)
{
    pthread_mutex_lock(&mutex);
    disk.is_held = is_held;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

void fake_disk_hold(void)
{
    hold(true);
}

void fake_disk_let_go(void)
{
    hold(false);
}

/* ---- The folder ---- */

void fake_disk_begin(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(disk.folder, sizeof disk.folder, "%s/sessions-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(disk.folder));
    set(0, 0, 0);
}

const char *fake_disk_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static size_t next;
    char *path = paths[next++ % 8];
    assert_true(snprintf(path, PATH_MAX, "%s/%s", disk.folder, name) < PATH_MAX);
    return path;
}

/* A folder with what is in it. */
static void remove_folder(const char *path)
{
    struct dirent *entry;
    char name[PATH_MAX];
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_true(snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < PATH_MAX);
        if (remove(name) != 0)
            remove_folder(name);
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

void fake_disk_end(void)
{
    set(0, 0, 0);
    hold(false);
    remove_folder(disk.folder);
}

void fake_disk_put(const char *name, const char *text)
{
    FILE *file = fopen(fake_disk_path(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void fake_disk_assert(const char *name, const char *text)
{
    char found[65536] = "";
    FILE *file = fopen(fake_disk_path(name), "r");
    if (!text) {
        assert_null(file);
        return;
    }
    assert_non_null(file);
    size_t length = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    found[length] = '\0';
    assert_string_equal(found, text);
}
