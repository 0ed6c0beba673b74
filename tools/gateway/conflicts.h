#ifndef GATEWAY_CONFLICTS_H
#define GATEWAY_CONFLICTS_H

#include "card.h"

/*
 * Whether another process of the group has another bot, the same shards, or another number of shards; or serves shards
 * beside a fleet, whose members name none, because they share all of them. A process says hello before it serves
 * anything, those in conflict answer, and both sides tell.
 *
 *     ASKING --(half a second after the broker has the hello, or three seconds after conflicts_serve())--> SETTLED
 *        |  +--(an answer: two bots, and the other one was first)--> told as a refusal: this process has to end
 *        +-----(the account may not ask, or BROKER_DECLARE does not say yes)--> SETTLED
 *
 * A process that is SETTLED goes on answering. Nothing is sent while nobody starts.
 */
struct conflicts;

/* What is in conflict: a mask. */
enum conflict_kind {
    CONFLICT_BOT = 1,
    CONFLICT_COUNT = 2,
    CONFLICT_SHARDS = 4
};

enum {
    CONFLICT_TEXT_SIZE = 512,
    CONFLICTS_LIMIT = 3000, /* milliseconds that a start waits at most: a broker may be away */
    CONFLICTS_WAIT = 500,   /* milliseconds for which answers are awaited */
    CONFLICTS_AGAIN = 60000 /* milliseconds after which it is asked whether a conflict is still there */
};

/* One conflict, or why there is no roll call. */
struct conflict {
    uint32_t kinds;  /* a mask of enum conflict_kind; 0: the text says why others are not heard */
    bool is_refusal; /* this process must not go on: exit code 78 */
    bool is_again;   /* it was told a minute ago, and is still there */
    char text[CONFLICT_TEXT_SIZE];
};

/* How conflicts are looked for. Copied. */
struct conflicts_config {
    const spectacles_broker_config *broker;
    const spectacles_link_config *link; /* with its proxy and its authorities */
    const char *token;
};

/* What two processes are in conflict over: a mask. A process that is stopping is in conflict with nobody. */
uint32_t conflicts_judge(const struct card *mine, const struct card *other);

/* Whether this process is the one that has to go, of two with different bots. */
bool conflicts_has_to_go(const struct card *mine, const struct card *other);

/* Returns 0, or an error of the library, told in `problem`. Nothing is connected before conflicts_process(). */
int conflicts_new(struct conflicts **out, const struct conflicts_config *config, spectacles_problem *problem);

/* NULL is fine. */
void conflicts_free(struct conflicts *conflicts);

/* The next connection is made with these: see spectacles_link_set_tls() and spectacles_broker_set_urls(). */
void conflicts_set_tls(struct conflicts *conflicts, spectacles_tls *tls);
int conflicts_set_urls(struct conflicts *conflicts, const char *const *urls, size_t count, uint64_t now,
                       spectacles_problem *problem);

/*
 * The shards that this process is going to serve. It says hello as soon as it can, and whenever it has lost its
 * connection in between. false: memory ran out, and the start may go on.
 */
bool conflicts_serve(struct conflicts *conflicts, uint32_t shard_count, const uint32_t *shard_ids,
                     size_t count, uint64_t now);

/* From now on the process serves, and is not the one that has to go. */
void conflicts_run(struct conflicts *conflicts);

/* From now on the process is leaving, and answers so. */
void conflicts_stop(struct conflicts *conflicts);

/* The parts of the loop. */
int conflicts_descriptor(struct conflicts *conflicts);
uint64_t conflicts_deadline(struct conflicts *conflicts);
void conflicts_process(struct conflicts *conflicts, uint64_t now);

/* Whether the start may go on: nobody who was asked is awaited any more. */
bool conflicts_are_settled(const struct conflicts *conflicts);

/* The next conflict, valid until the next call; NULL: there is none. Each is told once, and again when it stays. */
const struct conflict *conflicts_next(struct conflicts *conflicts);

#endif
