/*
 * The calls of spectacles/poller.h: finds the links that have something to do, and lets them do it. Called by owners.
 */
#include "core/config.h"
#include "core/export.h"
#include "net/descriptors.h"
#include "net/link.h"
#include "net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <spectacles/poller.h>
#include <stdlib.h>

/*
 * With a latency budget:
 *
 *     ARMED ---(sockets were read)---> PAUSED ---(the budget is over, and nothing has arrived)---> ARMED
 *                                       ^  |
 *                                       +--+ the budget is over: what has arrived is read together
 *
 * While it is PAUSED, the descriptor of the poller is silent, and the end of the pause is its deadline.
 */
enum sp_poller_state {
    SP_POLLER_ARMED,
    SP_POLLER_PAUSED
};

struct spectacles_poller {
    sp_watcher watcher;
    sp_timers timers; /* of the links */
    sp_list members;
    sp_list descriptors; /* that are no link's */
    sp_list touched;     /* their engines were given something since the poller last looked */
    sp_list changed;     /* the owner is told of them */
    enum sp_poller_state state;
    uint64_t paused_until;
    uint32_t budget;
    bool shown; /* the owner has asked for the descriptor */
    bool owes;  /* a flush has read bytes: their events wait for an owner who has just pulled */
    const char *last_error;
};

static int fail(spectacles_poller *poller, int error, const char *text)
{
    poller->last_error = text;
    return error;
}

SPECTACLES_EXPORT const char *spectacles_poller_last_error(const spectacles_poller *poller)
{
    return poller->last_error;
}

/* ---- Making and freeing ---- */

SPECTACLES_EXPORT void spectacles_poller_config_init(spectacles_poller_config *config, size_t size)
{
    const spectacles_poller_config defaults = {0};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static int refuse_system(spectacles_problem *problem, int error)
{
    if (error == -ENOSYS)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED, "the system has no poller of this kind");
    if (error == -ENOMEM)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    return sp_refuse(problem, SPECTACLES_E_SYS, sp_tcp_text(error));
}

SPECTACLES_EXPORT int spectacles_poller_new(spectacles_poller **out, const spectacles_poller_config *config,
                                            spectacles_problem *problem)
{
    spectacles_poller_config read = {0};
    int error = config ? sp_config_read(&read, sizeof read, config) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    if (read.latency_budget > SPECTACLES_POLLER_BUDGET_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "latency_budget is over 1000 milliseconds");
    if (read.kind > SPECTACLES_POLLER_POLL)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "kind is none of enum spectacles_poller_kind");
    spectacles_poller *poller = calloc(1, sizeof *poller);
    if (!poller)
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    error = sp_watcher_open(&poller->watcher, read.kind);
    if (error < 0) {
        free(poller);
        return refuse_system(problem, error);
    }
    sp_list_init(&poller->members);
    sp_list_init(&poller->descriptors);
    sp_list_init(&poller->touched);
    sp_list_init(&poller->changed);
    poller->budget = read.latency_budget;
    poller->last_error = "";
    *out = poller;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_poller_free(spectacles_poller *poller)
{
    sp_list_node *node;
    if (!poller)
        return;
    while ((node = sp_list_front(&poller->members)))
        sp_member_leave(sp_list_owner(node, sp_member, node));
    sp_descriptors_free(&poller->descriptors, &poller->watcher);
    sp_timers_free(&poller->timers);
    sp_watcher_close(&poller->watcher);
    free(poller);
}

/* ---- One link ---- */

/* The owner is told of it once, and again when something more happens. */
static void tell(spectacles_poller *poller, spectacles_link *link)
{
    sp_list_add(&poller->changed, &link->member.changed);
}

/* Epoll and kqueue tell of every change, whatever a link waits for. */
static uint32_t interest_of(const spectacles_poller *poller, const spectacles_link *link)
{
    return poller->watcher.calls == sp_watcher_poll() ? spectacles_link_interest(link) : 0;
}

/* Without a place in the watcher nobody would hear of the socket again: the connection is given up. */
static void watch(spectacles_poller *poller, spectacles_link *link, uint64_t now)
{
    sp_watched *watched = &link->member.watched;
    int error = sp_watcher_watch(&poller->watcher, watched, link->fd, interest_of(poller, link));
    if (error == 0)
        error = sp_race_watch(&link->race, &poller->watcher, link);
    if (error == 0)
        return;
    sp_text why;
    sp_text_set(&why, "the system does not watch another socket: %s", sp_tcp_text(error));
    sp_link_lose(link, error == -ENOMEM ? SPECTACLES_E_NOMEM : SPECTACLES_E_SYS, &why, &link->peer, now);
    tell(poller, link);
}

static void look_at(spectacles_poller *poller, spectacles_link *link, uint64_t now)
{
    watch(poller, link, now);
    sp_timer_set(&poller->timers, &link->member.timer, spectacles_link_deadline(link));
    sp_list_remove(&link->stream->poller.node);
}

static int process(spectacles_poller *poller, spectacles_link *link, uint32_t io, uint64_t now)
{
    int error = sp_link_run(link, io, now);
    look_at(poller, link, now);
    if (error < 0 || link->engine_called || sp_link_is_asking(link))
        tell(poller, link);
    return error < 0 ? fail(poller, error, spectacles_link_last_error(link)) : SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_poller_add(spectacles_poller *poller, spectacles_link *link, uint64_t id)
{
    sp_member *member = &link->member;
    if (member->poller)
        return fail(poller, SPECTACLES_E_STATE, "the link is in a poller already");
    int error = sp_timers_reserve(&poller->timers);
    if (error != SPECTACLES_OK)
        return fail(poller, error, spectacles_strerror(error));
    *member = (sp_member){.link = link,
                          .poller = poller,
                          .watcher = &poller->watcher,
                          .timers = &poller->timers,
                          .stream = &link->stream->poller,
                          .id = id,
                          .watched = {.fd = -1, .link = link}};
    sp_list_add(&poller->members, &member->node);
    sp_stream_watch_begin(member->stream, &poller->touched, link);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_poller_remove(spectacles_poller *poller, spectacles_link *link)
{
    if (link->member.poller != poller)
        return fail(poller, SPECTACLES_E_STATE, "the link is not in this poller");
    sp_member_leave(&link->member);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT spectacles_link *spectacles_poller_next_link(spectacles_poller *poller, uint64_t *id)
{
    sp_list_node *node = sp_list_take(&poller->changed);
    if (!node)
        return NULL;
    const sp_member *member = sp_list_owner(node, sp_member, changed);
    if (id)
        *id = member->id;
    return member->link;
}

/* ---- Descriptors of the owner ---- */

SPECTACLES_EXPORT int spectacles_poller_watch(spectacles_poller *poller, int fd)
{
    int error = sp_descriptors_add(&poller->descriptors, &poller->watcher, fd);
    if (error == 0)
        return SPECTACLES_OK;
    if (error == -EEXIST)
        return fail(poller, SPECTACLES_E_STATE, "the descriptor is watched already");
    return fail(poller, error == -ENOMEM ? SPECTACLES_E_NOMEM : SPECTACLES_E_SYS, sp_tcp_text(error));
}

SPECTACLES_EXPORT void spectacles_poller_unwatch(spectacles_poller *poller, int fd)
{
    sp_descriptors_remove(&poller->descriptors, &poller->watcher, fd);
}

SPECTACLES_EXPORT int spectacles_poller_is_readable(spectacles_poller *poller, int fd)
{
    sp_descriptor *descriptor = sp_descriptors_find(&poller->descriptors, fd);
    bool readable = descriptor && descriptor->readable;
    if (readable)
        descriptor->readable = false;
    return readable;
}

/* ---- Waiting ---- */

SPECTACLES_EXPORT int spectacles_poller_fd(spectacles_poller *poller)
{
    poller->shown = true;
    return poller->watcher.outer;
}

#ifndef NDEBUG
/* An engine that does not tell of a change would be forgotten by its poller. */
static bool is_up_to_date(const spectacles_poller *poller)
{
    for (sp_list_node *node = poller->members.head.next; node != &poller->members.head; node = node->next) {
        const sp_member *member = sp_list_owner(node, sp_member, node);
        uint64_t deadline = sp_timer_is_set(&member->timer) ? member->timer.at : SPECTACLES_NEVER;
        bool current = deadline == spectacles_link_deadline(member->link) &&
                       member->watched.io == interest_of(poller, member->link);
        if (!sp_list_holds(&member->stream->node) && !current)
            return false;
    }
    return true;
}
#endif

SPECTACLES_EXPORT uint64_t spectacles_poller_deadline(const spectacles_poller *poller)
{
    assert(is_up_to_date(poller));
    uint64_t deadline = sp_timers_deadline(&poller->timers);
    if (poller->watcher.ready_count > 0 || !sp_list_is_empty(&poller->touched) || poller->owes)
        return 0;
    if (poller->state == SP_POLLER_PAUSED && poller->paused_until < deadline)
        return poller->paused_until;
    return deadline;
}

static int refuse_wait(spectacles_poller *poller, int error)
{
    if (error == -EINTR)
        return SPECTACLES_OK;
    return fail(poller, SPECTACLES_E_SYS,
                error == -EINVAL ? "more descriptors than the process may have open (RLIMIT_NOFILE)"
                                 : sp_tcp_text(error));
}

SPECTACLES_EXPORT int spectacles_poller_wait(spectacles_poller *poller, uint64_t until, uint64_t now)
{
    uint64_t deadline = spectacles_poller_deadline(poller);
    int timeout = spectacles_poll_timeout(until < deadline ? until : deadline, now);
    if (poller->watcher.ready_count > 0)
        return SPECTACLES_OK;
    /* Sockets that become ready in a pause do not wake anybody up. */
    if (poller->state == SP_POLLER_PAUSED && now < poller->paused_until) {
        poll(NULL, 0, timeout);
        return SPECTACLES_OK;
    }
    int count = poller->watcher.calls->wait(&poller->watcher, timeout, poller->watcher.ready, SP_READY_MAX);
    if (count < 0)
        return refuse_wait(poller, count);
    poller->watcher.ready_count = count;
    return SPECTACLES_OK;
}

/* ---- Working ---- */

static void set_state(spectacles_poller *poller, enum sp_poller_state state)
{
    /* An owner that waits by spectacles_poller_wait() does not look at the descriptor. */
    if (poller->state != state && poller->shown)
        poller->watcher.calls->arm(&poller->watcher, state == SP_POLLER_ARMED);
    poller->state = state;
}

SPECTACLES_EXPORT int spectacles_poller_set_latency_budget(spectacles_poller *poller, uint32_t milliseconds)
{
    if (milliseconds > SPECTACLES_POLLER_BUDGET_MAX)
        return fail(poller, SPECTACLES_E_INVAL, "the budget is over 1000 milliseconds");
    poller->budget = milliseconds;
    set_state(poller, SP_POLLER_ARMED);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT uint32_t spectacles_poller_kind(const spectacles_poller *poller)
{
    if (poller->watcher.calls == sp_watcher_epoll())
        return SPECTACLES_POLLER_EPOLL;
    return poller->watcher.calls == sp_watcher_kqueue() ? SPECTACLES_POLLER_KQUEUE : SPECTACLES_POLLER_POLL;
}

/* A burst that does not fit into one look goes on without a pause. */
static void pause_or_arm(spectacles_poller *poller, int count, uint64_t now)
{
    if (poller->budget == 0)
        return;
    if (count > 0) {
        set_state(poller, SP_POLLER_PAUSED);
        poller->paused_until = count < SP_READY_MAX ? now + poller->budget : now;
    } else {
        set_state(poller, SP_POLLER_ARMED);
    }
}

/* Finds what is ready, unless spectacles_poller_wait() has found it. Returns how many, or an error. */
static int find_ready(spectacles_poller *poller)
{
    if (poller->watcher.ready_count > 0)
        return poller->watcher.ready_count;
    int count = poller->watcher.calls->wait(&poller->watcher, 0, poller->watcher.ready, SP_READY_MAX);
    return count < 0 ? refuse_wait(poller, count) : count;
}

static int process_one(spectacles_poller *poller, const sp_ready *ready, uint64_t now)
{
    if (!ready->watched)
        return SPECTACLES_OK;
    if (ready->watched->link)
        return process(poller, ready->watched->link, ready->io, now);
    sp_descriptors_found(ready->watched);
    return SPECTACLES_OK;
}

static int process_ready(spectacles_poller *poller, uint64_t now)
{
    int result = SPECTACLES_OK;
    if (poller->watcher.ready_count == 0 && poller->state == SP_POLLER_PAUSED && now < poller->paused_until)
        return SPECTACLES_OK;
    int count = find_ready(poller);
    if (count < 0)
        return count;
    pause_or_arm(poller, count, now);
    poller->watcher.ready_count = 0;
    for (int i = 0; i < count; i++) {
        int error = process_one(poller, &poller->watcher.ready[i], now);
        result = result == SPECTACLES_OK ? error : result;
    }
    return result;
}

/* Each one once: a link with more to do at once has its turn in the next call. */
static int process_due(spectacles_poller *poller, uint64_t now)
{
    sp_list due;
    sp_timer *timer;
    sp_list_node *node;
    int result = SPECTACLES_OK;
    sp_list_init(&due);
    while ((timer = sp_timers_take_due(&poller->timers, now)))
        sp_list_add(&due, &sp_list_owner(timer, sp_member, timer)->due);
    while ((node = sp_list_take(&due))) {
        int error = process(poller, sp_list_owner(node, sp_member, due)->link, 0, now);
        result = result == SPECTACLES_OK ? error : result;
    }
    return result;
}

SPECTACLES_EXPORT int spectacles_poller_flush(spectacles_poller *poller, uint64_t now)
{
    sp_list_node *node;
    int result = SPECTACLES_OK;
    while ((node = sp_list_take(&poller->touched))) {
        spectacles_link *link = sp_stream_watcher(node);
        int error = process(poller, link, 0, now);
        poller->owes |= link->engine_called;
        result = result == SPECTACLES_OK ? error : result;
    }
    return result;
}

SPECTACLES_EXPORT int spectacles_poller_process(spectacles_poller *poller, uint64_t now)
{
    int result = process_ready(poller, now);
    int due = process_due(poller, now);
    int flushed = spectacles_poller_flush(poller, now);
    poller->owes = false; /* the owner pulls after this call */
    if (result != SPECTACLES_OK)
        return result;
    return due != SPECTACLES_OK ? due : flushed;
}
