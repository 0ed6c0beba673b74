/*
 * The metrics of the process itself, with the names that all clients of Prometheus give them. What the system does not
 * tell is left out. metrics.c calls it.
 */
#include "metrics_process.h"

#include "metrics_text.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void write_cpu(struct http_body *body)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    metrics_begin(body, "process_cpu_seconds_total", "counter", "CPU time of the process, user and system.");
    metrics_seconds(body, "process_cpu_seconds_total", NULL,
                    (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                        (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

static void write_memory(struct http_body *body)
{
    unsigned long long virtual_pages = 0;
    unsigned long long resident_pages = 0;
    long page = sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return;
    int found = fscanf(file, "%llu %llu", &virtual_pages, &resident_pages);
    fclose(file);
    if (found != 2 || page <= 0)
        return;
    metrics_one(body, "process_virtual_memory_bytes", "gauge", "Virtual memory of the process.",
                virtual_pages * (unsigned long long)page);
    metrics_one(body, "process_resident_memory_bytes", "gauge", "Resident memory of the process.",
                resident_pages * (unsigned long long)page);
}

static void write_descriptors(struct http_body *body)
{
    struct rlimit limit;
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.' ? 1 : 0;
    closedir(folder);
    metrics_one(body, "process_open_fds", "gauge", "Descriptors that are open.", count > 0 ? count - 1 : 0);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        metrics_one(body, "process_max_fds", "gauge", "Descriptors that may be open.", limit.rlim_cur);
}

void metrics_process_write(struct http_body *body, uint64_t start_time)
{
    write_cpu(body);
    write_memory(body);
    write_descriptors(body);
    metrics_begin(body, "process_start_time_seconds", "gauge",
                  "When the process began, in seconds since 1970.");
    metrics_seconds(body, "process_start_time_seconds", NULL, start_time);
}
