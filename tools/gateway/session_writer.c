/*
 * The thread that writes the file of sessions. The thread and the loop share what stands under the lock, and nothing
 * else: the file and the bytes belong to the thread while it writes, and to the loop otherwise. store.c calls it.
 */
#include "session_writer.h"

#include "signals.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum writer_state {
    WRITER_IDLE,
    WRITER_WRITING,
    WRITER_WRITTEN
};

struct session_writer {
    struct session_file *file;
    spectacles_bytes *bytes;
    int wake[2]; /* a pipe: the thread writes a byte when it has a result */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum writer_state state;
    bool is_ending;
    struct session_file_result result;
};

/* ---- The thread ---- */

static void destroy(struct session_writer *writer)
{
    pthread_mutex_destroy(&writer->mutex);
    pthread_cond_destroy(&writer->changed);
    for (int i = 0; i < 2; i++) {
        if (writer->wake[i] >= 0)
            close(writer->wake[i]);
    }
    spectacles_bytes_free(writer->bytes);
    session_file_close(writer->file);
    free(writer);
}

/* Waits until there is something to write. False: the writer ends, and nothing is left to write. */
static bool wait_for_work(struct session_writer *writer)
{
    while (writer->state != WRITER_WRITING && !writer->is_ending)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    return writer->state == WRITER_WRITING;
}

/* Under the mutex, which is let go while the disk is busy. */
static void write_once(struct session_writer *writer)
{
    pthread_mutex_unlock(&writer->mutex);
    struct session_file_result result = session_file_replace(
        writer->file, spectacles_bytes_data(writer->bytes), spectacles_bytes_length(writer->bytes));
    pthread_mutex_lock(&writer->mutex);
    writer->result = result;
    writer->state = WRITER_WRITTEN;
    /* The pipe holds one byte at most, so that it always has room. */
    if (write(writer->wake[1], "", 1) < 0)
        return;
}

/* Whether the loop has left while the disk was busy, and everything is to be freed here. */
static bool is_left_alone(const struct session_writer *writer)
{
    return writer->is_ending && writer->state == WRITER_WRITTEN;
}

static void *run(void *context)
{
    struct session_writer *writer = context;
    bool is_alone = false;
    pthread_mutex_lock(&writer->mutex);
    while (wait_for_work(writer)) {
        write_once(writer);
        is_alone = is_left_alone(writer);
    }
    pthread_mutex_unlock(&writer->mutex);
    if (is_alone)
        destroy(writer);
    return NULL;
}

/* ---- Made and freed ---- */

static bool open_pipe(int wake[2])
{
    if (pipe(wake) != 0) {
        wake[0] = wake[1] = -1;
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (fcntl(wake[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(wake[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

struct session_writer *session_writer_new(struct session_file *file)
{
    struct session_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        session_file_close(file);
        return NULL;
    }
    writer->file = file;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->changed, NULL);
    if (open_pipe(writer->wake) && spectacles_bytes_new(&writer->bytes) == SPECTACLES_OK &&
        signals_start_thread(&writer->thread, run, writer) == 0)
        return writer;
    destroy(writer);
    return NULL;
}

void session_writer_free(struct session_writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->mutex);
    bool is_busy = writer->state == WRITER_WRITING;
    writer->is_ending = true;
    pthread_cond_signal(&writer->changed);
    if (is_busy)
        pthread_detach(writer->thread);
    pthread_mutex_unlock(&writer->mutex);
    if (is_busy)
        return;
    pthread_join(writer->thread, NULL);
    destroy(writer);
}

/* ---- For the loop ---- */

int session_writer_descriptor(const struct session_writer *writer)
{
    return writer->wake[0];
}

spectacles_bytes *session_writer_bytes(struct session_writer *writer)
{
    return writer->bytes;
}

void session_writer_begin(struct session_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->state = WRITER_WRITING;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
}

bool session_writer_take(struct session_writer *writer, struct session_file_result *result)
{
    char byte;
    pthread_mutex_lock(&writer->mutex);
    bool is_written = writer->state == WRITER_WRITTEN;
    if (is_written) {
        *result = writer->result;
        writer->state = WRITER_IDLE;
        if (read(writer->wake[0], &byte, 1) < 0)
            byte = 0;
    }
    pthread_mutex_unlock(&writer->mutex);
    return is_written;
}
