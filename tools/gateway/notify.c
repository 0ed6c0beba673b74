/*
 * What systemd is told of this process. It owns the socket, and what was told last. daemon.c calls it.
 *
 *     STARTING --the view is ready--> READY <--reloaded-- RELOADING
 *        |                              |  ---reloading-->   |
 *        +------------------------------+-------stopping-----+--> STOPPING
 *
 * A reload in STARTING is over before anybody waits for it: the state stays STARTING.
 */
#include "notify.h"

#include "notify_socket.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SHARDS_MAX = 65536,
    STATUS_SIZE = 120,
    MESSAGE_SIZE = 400,
    PERIOD = 1000, /* between two statuses, and two tries; milliseconds */
    EXTENSION = 60000,
    EXTEND_EVERY = 15000,
    WATCHDOG_CHECKS = 8 /* of half the time, while the gateway is stuck */
};

enum notify_state {
    NOTIFY_STARTING,
    NOTIFY_READY,
    NOTIFY_RELOADING,
    NOTIFY_STOPPING
};

struct notify {
    struct notify_socket socket;
    enum notify_state state;
    uint8_t were_ready[SHARDS_MAX / 8]; /* a bit for each shard that was ready once */
    uint64_t ready_count;               /* of these bits */
    bool owes_reload;                   /* systemd was not told that a reload began */
    bool owes_state;                    /* ... nor of the state */
    uint64_t reload_usec;               /* when the reload began, on CLOCK_MONOTONIC */
    uint64_t retry;                     /* nothing is told before */
    uint64_t next_status;
    uint64_t next_extension;  /* STARTING alone */
    uint64_t watchdog_period; /* milliseconds; 0: there is no watchdog */
    uint64_t next_watchdog;
    char status[STATUS_SIZE]; /* as it was told last */
};

/* ---- Making ---- */

void notify_environment_read(struct notify_environment *environment)
{
    environment->socket = getenv("NOTIFY_SOCKET");
    environment->watchdog_usec = getenv("WATCHDOG_USEC");
    environment->watchdog_pid = getenv("WATCHDOG_PID");
}

static int refuse(spectacles_problem *problem, int error, const char *text)
{
    *problem = (spectacles_problem){0};
    snprintf(problem->text, sizeof problem->text, "%s", text);
    return error;
}

static bool read_number(const char *text, uint64_t *number)
{
    int end = 0;
    return text[0] >= '0' && text[0] <= '9' && strlen(text) < 20 &&
           sscanf(text, "%" SCNu64 "%n", number, &end) == 1 && text[end] == '\0';
}

/* Returns false when a number is none. */
static bool read_watchdog(struct notify *notify, const struct notify_environment *environment, uint64_t now)
{
    uint64_t usec;
    uint64_t pid = (uint64_t)getpid();
    if (!environment->watchdog_usec)
        return true;
    if (!read_number(environment->watchdog_usec, &usec) ||
        (environment->watchdog_pid && !read_number(environment->watchdog_pid, &pid)))
        return false;
    if (pid != (uint64_t)getpid())
        return true;
    notify->watchdog_period = usec / 2000;
    notify->next_watchdog = notify->watchdog_period > 0 ? now : SPECTACLES_NEVER;
    return true;
}

int notify_new(struct notify **out, const struct notify_environment *environment, uint64_t now,
               spectacles_problem *problem)
{
    if (!environment->socket || !environment->socket[0]) {
        *out = NULL;
        return SPECTACLES_OK;
    }
    struct notify *notify = calloc(1, sizeof *notify);
    if (!notify)
        return refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    notify->next_watchdog = SPECTACLES_NEVER;
    notify->next_status = notify->next_extension = now;
    int error = SPECTACLES_E_INVAL;
    if (read_watchdog(notify, environment, now))
        error = notify_socket_open(&notify->socket, environment->socket, problem);
    else
        refuse(problem, error, "WATCHDOG_USEC and WATCHDOG_PID have to be numbers, as systemd sets them");
    if (error != SPECTACLES_OK) {
        free(notify);
        return error;
    }
    *out = notify;
    return SPECTACLES_OK;
}

void notify_free(struct notify *notify)
{
    if (notify)
        notify_socket_close(&notify->socket);
    free(notify);
}

/* ---- Telling ---- */

/* Tells systemd something. What is not taken is tried again after a while. */
static bool tell(struct notify *notify, const char *message, uint64_t now)
{
    if (now < notify->retry)
        return false;
    if (notify_socket_send(&notify->socket, message))
        return true;
    notify->retry = now + PERIOD;
    return false;
}

static const char *message_of(enum notify_state state)
{
    return state == NOTIFY_STOPPING ? "STOPPING=1" : "READY=1";
}

/* The beginning of a reload is told before its end, also when both have to wait. */
static void tell_state(struct notify *notify, uint64_t now)
{
    char message[MESSAGE_SIZE];
    if (notify->owes_reload) {
        snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, notify->reload_usec);
        notify->owes_reload = !tell(notify, message, now);
    }
    if (notify->owes_state && !notify->owes_reload)
        notify->owes_state = !tell(notify, message_of(notify->state), now);
}

static uint64_t monotonic_usec(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* The one place where the state changes. */
static void set_state(struct notify *notify, enum notify_state state, uint64_t now)
{
    notify->state = state;
    notify->owes_state = state != NOTIFY_RELOADING;
    if (state == NOTIFY_RELOADING) {
        notify->owes_reload = true;
        notify->reload_usec = monotonic_usec();
    }
    tell_state(notify, now);
}

void notify_reloading(struct notify *notify, uint64_t now)
{
    if (notify && notify->state == NOTIFY_READY)
        set_state(notify, NOTIFY_RELOADING, now);
}

void notify_reloaded(struct notify *notify, uint64_t now)
{
    if (notify && notify->state == NOTIFY_RELOADING)
        set_state(notify, NOTIFY_READY, now);
}

void notify_stopping(struct notify *notify, uint64_t now)
{
    if (notify && notify->state != NOTIFY_STOPPING)
        set_state(notify, NOTIFY_STOPPING, now);
}

/* ---- Each turn ---- */

void notify_shard_ready(struct notify *notify, uint32_t shard_id)
{
    if (!notify || shard_id >= SHARDS_MAX)
        return;
    uint8_t bit = (uint8_t)(1u << shard_id % 8);
    notify->ready_count += (notify->were_ready[shard_id / 8] & bit) == 0;
    notify->were_ready[shard_id / 8] |= bit;
}

static bool is_ready(const struct notify *notify, const struct notify_view *view)
{
    bool are_shards_ready = view->shards > 0 && notify->ready_count >= view->shards;
    return view->are_brokers_ready && (view->is_member || are_shards_ready);
}

static void tell_status(struct notify *notify, const struct notify_view *view, uint64_t now)
{
    static const char *const states[] = {[NOTIFY_STARTING] = "starting: ",
                                         [NOTIFY_READY] = "",
                                         [NOTIFY_RELOADING] = "reloading: ",
                                         [NOTIFY_STOPPING] = "stopping: "};
    char status[STATUS_SIZE];
    char message[MESSAGE_SIZE];
    if (now < notify->next_status)
        return;
    notify->next_status = now + PERIOD;
    if (view->shards == 0)
        return;
    snprintf(status, sizeof status, "%s%" PRIu64 " of %" PRIu64 " shards ready%s%s", states[notify->state],
             view->ready, view->shards, view->are_brokers_ready ? "" : ", RabbitMQ is not",
             view->is_healthy ? "" : ", the gateway is stuck");
    if (strcmp(status, notify->status) == 0)
        return;
    snprintf(message, sizeof message, "STATUS=%s", status);
    if (tell(notify, message, now))
        memcpy(notify->status, status, sizeof status);
}

static void extend_start(struct notify *notify, const struct notify_view *view, uint64_t now)
{
    char message[MESSAGE_SIZE];
    if (now < notify->next_extension || !view->is_healthy)
        return;
    notify->next_extension = now + EXTEND_EVERY;
    snprintf(message, sizeof message, "EXTEND_TIMEOUT_USEC=%d000", EXTENSION);
    tell(notify, message, now);
}

/* A gateway that is stuck is looked at again soon, and is killed by systemd when it stays stuck. */
static void feed_watchdog(struct notify *notify, const struct notify_view *view, uint64_t now)
{
    uint64_t soon = now + notify->watchdog_period / WATCHDOG_CHECKS + 1;
    if (now < notify->next_watchdog)
        return;
    bool is_fed = view->is_healthy && tell(notify, "WATCHDOG=1", now);
    notify->next_watchdog = is_fed ? now + notify->watchdog_period : soon;
}

void notify_process(struct notify *notify, const struct notify_view *view, uint64_t now)
{
    if (!notify)
        return;
    if (notify->state == NOTIFY_STARTING && is_ready(notify, view))
        set_state(notify, NOTIFY_READY, now);
    tell_state(notify, now);
    if (notify->state == NOTIFY_STARTING)
        extend_start(notify, view, now);
    feed_watchdog(notify, view, now);
    tell_status(notify, view, now);
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

uint64_t notify_deadline(const struct notify *notify)
{
    if (!notify)
        return SPECTACLES_NEVER;
    uint64_t deadline = earlier(notify->next_watchdog, notify->next_status);
    if (notify->state == NOTIFY_STARTING)
        deadline = earlier(deadline, notify->next_extension);
    return notify->owes_state || notify->owes_reload ? earlier(deadline, notify->retry) : deadline;
}
