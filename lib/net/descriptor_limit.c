/*
 * The limit of the process on open files. Called by owners, before anything is connected, and by race.c.
 */
#include "core/export.h"
#include "net/descriptors.h"

#include <fcntl.h>
#include <spectacles/poller.h>
#include <stdio.h>
#include <sys/resource.h>

enum {
    LOOKED_AT_MAX = 65536, /* numbers of descriptors */
    RESERVE = 16
};

static size_t count_open(rlim_t limit)
{
    size_t count = 0;
    for (int fd = 0; fd < LOOKED_AT_MAX && (rlim_t)fd < limit; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Some systems have a hard limit without a bound, and refuse it as the soft one. */
static void raise_soft(struct rlimit *limit, rlim_t wanted)
{
    struct rlimit raised = {limit->rlim_max, limit->rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        limit->rlim_cur = raised.rlim_cur;
        return;
    }
    raised.rlim_cur = wanted;
    if (limit->rlim_cur < wanted && setrlimit(RLIMIT_NOFILE, &raised) == 0)
        limit->rlim_cur = wanted;
}

static int refuse(spectacles_problem *problem, unsigned long long wanted, unsigned long long limit)
{
    if (!problem)
        return SPECTACLES_E_SYS;
    *problem = (spectacles_problem){0};
    snprintf(problem->text, sizeof problem->text,
             "%llu open files are needed, and this process may have %llu: raise the hard limit (ulimit -Hn, "
             "LimitNOFILE= of systemd, --ulimit nofile= of a container)",
             wanted, limit);
    return SPECTACLES_E_SYS;
}

SPECTACLES_EXPORT int spectacles_raise_descriptors(size_t needed, spectacles_problem *problem)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return refuse(problem, needed, 0);
    rlim_t wanted = (rlim_t)(count_open(limit.rlim_cur) + needed);
    raise_soft(&limit, wanted);
    return limit.rlim_cur >= wanted ? SPECTACLES_OK : refuse(problem, wanted, limit.rlim_cur);
}

/* The system gives the lowest number that is free. */
bool sp_descriptors_are_scarce(int fd)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd + RESERVE >= limit.rlim_cur;
}
