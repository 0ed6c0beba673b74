#ifndef GATEWAY_GROUP_H
#define GATEWAY_GROUP_H

#include "log.h"
#include "loop.h"
#include "proxies.h"
#include "settings.h"

#include <spectacles/link.h>

/* The daemon's part that looks for conflicts with the other processes of its group (conflicts.h), and logs them. */
struct group;

/*
 * NULL: nobody is looked for, and the log says why: BROKER_DECLARE does not allow a queue of the daemon's own, or there
 * is no memory or no descriptor left. Every call below takes NULL. The settings and the log outlive the group.
 */
struct group *group_new(const struct settings *settings, const struct proxies *proxies, struct log *log);

void group_free(struct group *group);

/* Its next connection is made with these: see spectacles_link_set_tls() and spectacles_broker_set_urls(). */
void group_set_tls(struct group *group, spectacles_tls *tls);
int group_set_urls(struct group *group, const char *const *urls, size_t count, uint64_t now,
                   spectacles_problem *problem);

/* The shards are known: the others are asked. */
void group_serve(struct group *group, uint32_t shard_count, uint64_t now);

/* Whether the start may go on. */
bool group_is_settled(const struct group *group);

/* The process serves, or is leaving. */
void group_run(struct group *group);
void group_stop(struct group *group);

/* Adds what is waited for. */
void group_watch(struct group *group, struct loop *loop);

/* Moves on, after loop_wait(). Returns false when this process must not go on: another bot is in the group. */
bool group_process(struct group *group, const struct loop *loop, uint64_t now);

#endif
