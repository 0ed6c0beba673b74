/*
 * One process of a group, for tests in other languages: it looks for conflicts as the daemon does, and serves nothing.
 *
 *     conflicts_tool URL GROUP TOKEN SHARD_COUNT SHARD...
 *
 * Lines on standard input: run, stop (how far its life is), quit. Each line on standard output is one event:
 *     settled, or: conflict KINDS goes|stays new|again TEXT
 */
#include "conflicts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHARDS_MAX = 64
};

static void tell(struct conflicts *conflicts, bool *was_settled)
{
    const struct conflict *conflict;
    while ((conflict = conflicts_next(conflicts)))
        printf("conflict %u %s %s %s\n", conflict->kinds, conflict->is_refusal ? "goes" : "stays",
               conflict->is_again ? "again" : "new", conflict->text);
    if (conflicts_are_settled(conflicts) && !*was_settled)
        printf("settled\n");
    *was_settled = conflicts_are_settled(conflicts);
    fflush(stdout);
}

/* Returns false at the end of the input. */
static bool follow(struct conflicts *conflicts)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin) || strcmp(line, "quit\n") == 0)
        return false;
    if (strcmp(line, "run\n") == 0)
        conflicts_run(conflicts);
    if (strcmp(line, "stop\n") == 0)
        conflicts_stop(conflicts);
    return true;
}

static void drive(struct conflicts *conflicts)
{
    bool was_settled = false;
    bool goes_on = true;
    while (goes_on) {
        uint64_t now = spectacles_now();
        struct pollfd waits[] = {{.fd = conflicts_descriptor(conflicts), .events = POLLIN},
                                 {.fd = STDIN_FILENO, .events = POLLIN}};
        poll(waits, 2, spectacles_poll_timeout(conflicts_deadline(conflicts), now));
        conflicts_process(conflicts, spectacles_now());
        tell(conflicts, &was_settled);
        if (waits[1].revents)
            goes_on = follow(conflicts);
    }
}

int main(int argc, char **argv)
{
    struct conflicts *conflicts = NULL;
    spectacles_problem problem = {.text = ""};
    spectacles_broker_config broker;
    spectacles_link_config link;
    uint32_t shards[SHARDS_MAX];
    if (argc < 6 || argc - 5 > SHARDS_MAX)
        return 2;
    for (int i = 5; i < argc; i++)
        shards[i - 5] = (uint32_t)strtoul(argv[i], NULL, 10);
    setvbuf(stdin, NULL, _IONBF, 0);
    spectacles_broker_config_init(&broker, sizeof broker);
    spectacles_link_config_init(&link, sizeof link);
    broker.urls = (const char *const *)&argv[1];
    broker.url_count = 1;
    broker.group = argv[2];
    struct conflicts_config config = {.broker = &broker, .link = &link, .token = argv[3]};
    if (conflicts_new(&conflicts, &config, &problem) != SPECTACLES_OK) {
        fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    if (conflicts_serve(conflicts, (uint32_t)strtoul(argv[4], NULL, 10), shards, (size_t)argc - 5,
                        spectacles_now()))
        drive(conflicts);
    conflicts_free(conflicts);
    return 0;
}
