/* What a process has spent since a moment, for contenders that print it in the same form. */
#ifndef BENCH_SPENT_H
#define BENCH_SPENT_H

#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

typedef struct spent {
    int64_t user, kernel, wall; /* microseconds */
} spent;

static inline int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static inline spent spent_now(void)
{
    struct rusage usage;
    struct timespec wall;
    getrusage(RUSAGE_SELF, &usage);
    clock_gettime(CLOCK_MONOTONIC, &wall);
    return (spent){microseconds(&usage.ru_utime), microseconds(&usage.ru_stime),
                   (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000};
}

static inline void spent_print(spent since)
{
    spent now = spent_now();
    printf("%lld %lld %lld\n", (long long)(now.user - since.user), (long long)(now.kernel - since.kernel),
           (long long)(now.wall - since.wall));
}

/* The next message-id: a decimal number with leading zeros, counted up in place. */
static inline void next_id(char *last_digit)
{
    while (*last_digit == '9')
        *last_digit-- = '0';
    ++*last_digit;
}

#endif
