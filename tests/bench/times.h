/*
 * When each event was sent and when a worker had it: a file that bench_discord, bench_worker and field.py share. The
 * times of sending of all events come first, then the times of arrival. Nanoseconds of CLOCK_MONOTONIC; 0: not yet.
 */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include <err.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct times {
    uint64_t *sent;
    uint64_t *received;
} times;

static inline uint64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline times times_open(const char *path, size_t events)
{
    size_t size = 2 * events * sizeof(uint64_t);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
        err(1, "%s", path);
    uint64_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        err(1, "%s", path);
    close(fd);
    return (times){memory, memory + events};
}

#endif
