/*
 * The leases of some slots over a real broker, for tests and benchmarks in other languages: one member of a fleet
 * without shards. Each line on standard output is a JSON object; `at` is spectacles_now().
 *
 *     lease_tool GROUP MEMBER SLOTS URL...
 *
 *     {"at":..,"event":"STANDS","slot":3,"epoch":2,"seq":41}   in the line of consumers
 *     {"at":..,"event":"SERVES","slot":3,"epoch":2,"seq":41}   a RESUME is allowed; seq: of what was found
 *     {"at":..,"event":"OWNED","slot":3,..}                    the own claim came back
 *     {"at":..,"event":"IDENTIFIES","slot":3,..}               an IDENTIFY is allowed
 *     {"at":..,"event":"STORED","slot":3,..}                   seq stands in a record that came back
 *     {"at":..,"event":"LEFT","slot":3,..}                     nothing of the slot may be served here any more
 *
 * Members say each two seconds to all others what they own. Each slot has one shard, whose sequence rises ten times a
 * second while the slot is served here. "release" on standard input hands all slots over, and goes on as a standby. The
 * end of the input hands over, and ends.
 */
#include "fleet/lease.h"
#include "fleet/names.h"

#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SLOTS_MAX = 64,
    NAME_MAX_BYTES = 256,
    PREFETCH = 16,
    EVENT_EVERY = 100, /* milliseconds */
    HELLO_EVERY = 2000
};

typedef struct lease_slot {
    sp_lease lease;
    char queue[NAME_MAX_BYTES];
    int subscription; /* -1: there is none */
    bool served;
    bool owned;
    bool identified;
    uint64_t seq;
    uint64_t told; /* the sequence that was told as STORED last */
} lease_slot;

/* A publish whose answer a lease waits for. */
typedef struct lease_sent {
    uint64_t tag;
    uint64_t write;
    lease_slot *slot;
} lease_sent;

typedef struct lease_tool {
    spectacles_broker *broker;
    lease_slot slots[SLOTS_MAX];
    size_t count;
    sp_ring sent;
    uint64_t event_at;
    uint64_t hello_at;
    uint32_t hellos; /* the subscription */
    bool leaves;
    bool ended;
} lease_tool;

static void die(int error)
{
    if (error < 0)
        errx(EXIT_FAILURE, "%s", spectacles_strerror(error));
}

static uint64_t unix_time(void)
{
    return (uint64_t)time(NULL) * 1000;
}

static void tell(const lease_slot *slot, const char *event, uint64_t now)
{
    printf("{\"at\":%" PRIu64 ",\"event\":\"%s\",\"slot\":%u,\"epoch\":%" PRIu64 ",\"seq\":%" PRIu64 "}\n",
           now, event, (unsigned)slot->lease.place.slot, slot->lease.epoch, slot->seq);
}

/* ---- The shard of a slot ---- */

/* The sequence that the records of all owners before had. */
static uint64_t found_seq(const lease_slot *slot)
{
    const sp_fleet_shard *shard = sp_fleet_content_find(&slot->lease.content, slot->lease.place.slot);
    return shard ? shard->record->seq : 0;
}

static void report(lease_slot *slot, uint64_t now)
{
    spectacles_session session = {.size = sizeof session,
                                  .seq = ++slot->seq,
                                  .session_id = "session",
                                  .resume_url = "",
                                  .format = SPECTACLES_FORMAT_JSON};
    sp_record *record = sp_record_new(slot->lease.place.slot, SLOTS_MAX);
    die(record ? sp_record_set_session(record, &session) : SPECTACLES_E_NOMEM);
    die(sp_lease_report(&slot->lease, record, now));
}

/* What is allowed now, told when it has changed. */
static void look(lease_slot *slot, uint64_t now)
{
    uint64_t stored = 0;
    bool serves = sp_lease_serves(&slot->lease, now);
    bool owned = slot->lease.state == SP_LEASE_OWNED;
    bool identifies = sp_lease_may_identify(&slot->lease, now);
    if (serves && !slot->served)
        slot->seq = slot->told = found_seq(slot);
    if (serves != slot->served)
        tell(slot, serves ? "SERVES" : "LEFT", now);
    if (owned && !slot->owned)
        tell(slot, "OWNED", now);
    if (identifies && !slot->identified)
        tell(slot, "IDENTIFIES", now);
    slot->served = serves;
    slot->owned = owned;
    slot->identified = identifies;
    if (!sp_lease_is_stored(&slot->lease, slot->lease.place.slot, &stored) || stored <= slot->told || !serves)
        return;
    slot->told = stored;
    printf("{\"at\":%" PRIu64 ",\"event\":\"STORED\",\"slot\":%u,\"seq\":%" PRIu64 "}\n", now,
           (unsigned)slot->lease.place.slot, stored);
}

/* ---- What a lease asks for ---- */

static void consume(lease_tool *tool, lease_slot *slot)
{
    spectacles_header arguments[SP_FLEET_ARGUMENT_COUNT];
    spectacles_subscription wanted;
    spectacles_subscription_init(&wanted, sizeof wanted);
    sp_fleet_arguments(arguments);
    wanted.queue = slot->queue;
    wanted.queue_length = strlen(slot->queue);
    wanted.prefetch = PREFETCH;
    wanted.arguments = arguments;
    wanted.argument_count = SP_FLEET_ARGUMENT_COUNT;
    slot->subscription = spectacles_broker_subscribe(tool->broker, &wanted);
    die(slot->subscription);
}

static void publish(lease_tool *tool, lease_slot *slot, const sp_lease_step *step, uint64_t now)
{
    lease_sent *made = sp_ring_push(&tool->sent);
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.exchange = "";
    message.key = slot->queue;
    message.key_length = strlen(slot->queue);
    message.flags = step->flags;
    message.body = step->body.bytes;
    message.body_length = step->body.length;
    die(made ? SPECTACLES_OK : SPECTACLES_E_NOMEM);
    *made = (lease_sent){0, step->write, slot};
    if (spectacles_broker_publish(tool->broker, &message, &made->tag) == SPECTACLES_OK)
        return;
    sp_ring_pop_back(&tool->sent);
    sp_lease_answered(&slot->lease, step->write, SP_LEASE_RETURNED, now);
}

static void obey(lease_tool *tool, lease_slot *slot, uint64_t now)
{
    sp_lease_step step;
    enum sp_lease_action action;
    while ((action = sp_lease_next(&slot->lease, unix_time(), now, &step)) != SP_LEASE_NOTHING) {
        if (action == SP_LEASE_ACKNOWLEDGE)
            die(spectacles_broker_ack(tool->broker, step.delivery));
        else if (action == SP_LEASE_GIVE_BACK)
            die(spectacles_broker_reject(tool->broker, step.delivery, 1));
        else if (action == SP_LEASE_CANCEL)
            die(spectacles_broker_unsubscribe(tool->broker, (uint32_t)slot->subscription));
        else if (action == SP_LEASE_CONSUME)
            consume(tool, slot);
        else
            publish(tool, slot, &step, now);
    }
}

/* ---- Hellos: "SLOT EPOCH " for each slot that is owned ---- */

static void say_hello(lease_tool *tool)
{
    char text[SLOTS_MAX * 32] = "";
    size_t length = 0;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    for (size_t i = 0; i < tool->count; i++) {
        const sp_lease *lease = &tool->slots[i].lease;
        if (lease->state == SP_LEASE_OWNED)
            length +=
                (size_t)snprintf(text + length, sizeof text - length, "%zu %" PRIu64 " ", i, lease->epoch);
    }
    message.key = "hello";
    message.key_length = 5;
    message.flags = SPECTACLES_MESSAGE_TRANSIENT;
    message.expiration = "5000";
    message.body = (const uint8_t *)text;
    message.body_length = length;
    spectacles_broker_publish(tool->broker, &message, NULL);
}

static void hear(lease_tool *tool, const spectacles_broker_event *event, uint64_t now)
{
    char text[SLOTS_MAX * 32 + 1];
    char *at = text;
    unsigned long slot;
    unsigned long long epoch;
    int used;
    size_t length = event->body_length < sizeof text ? event->body_length : sizeof text - 1;
    memcpy(text, event->body, length);
    text[length] = '\0';
    for (; sscanf(at, "%lu %llu %n", &slot, &epoch, &used) == 2 && slot < tool->count; at += used)
        sp_lease_heard(&tool->slots[slot].lease, epoch, now);
    spectacles_broker_ack(tool->broker, event->delivery);
}

static void listen_to_hellos(lease_tool *tool)
{
    spectacles_subscription wanted;
    spectacles_subscription_init(&wanted, sizeof wanted);
    wanted.event = "hello";
    wanted.event_length = 5;
    wanted.exclusive = 1;
    int number = spectacles_broker_subscribe(tool->broker, &wanted);
    die(number);
    tool->hellos = (uint32_t)number;
}

/* ---- What the broker tells ---- */

static lease_slot *slot_of(lease_tool *tool, uint32_t subscription)
{
    for (size_t i = 0; i < tool->count; i++) {
        if (tool->slots[i].subscription == (int)subscription)
            return &tool->slots[i];
    }
    errx(EXIT_FAILURE, "nobody has subscription %u", (unsigned)subscription);
}

static void answer(lease_tool *tool, uint64_t tag, enum sp_lease_answer what, uint64_t now)
{
    for (size_t i = 0; i < tool->sent.count; i++) {
        const lease_sent *found = sp_ring_at(&tool->sent, i);
        if (found->tag != tag)
            continue;
        if (found->write != 0)
            sp_lease_answered(&found->slot->lease, found->write, what, now);
        sp_ring_remove(&tool->sent, i);
        return;
    }
}

static void deliver(lease_tool *tool, const spectacles_broker_event *event, uint64_t now)
{
    spectacles_problem problem;
    uint64_t delivery = event->delivery;
    lease_slot *slot = slot_of(tool, event->subscription);
    sp_slice body = {event->body, event->body_length};
    if (sp_lease_delivered(&slot->lease, delivery, body, now, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
}

static void stand(lease_slot *slot, const spectacles_broker_event *event, uint64_t now)
{
    tell(slot, "STANDS", now);
    sp_lease_subscribed(&slot->lease, event->message_count == 0 && event->consumer_count == 0, now);
}

static void lose_all(lease_tool *tool, uint64_t now)
{
    for (size_t i = 0; i < tool->count; i++)
        sp_lease_lost(&tool->slots[i].lease, now);
}

static void handle(lease_tool *tool, const spectacles_broker_event *event, uint64_t now)
{
    bool of_hellos = event->subscription == tool->hellos;
    if (event->type == SPECTACLES_BROKER_EVENT_MESSAGE && of_hellos)
        hear(tool, event, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_MESSAGE)
        deliver(tool, event, now);
    else if (of_hellos && (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED ||
                           event->type == SPECTACLES_BROKER_EVENT_UNSUBSCRIBED))
        return;
    else if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED)
        stand(slot_of(tool, event->subscription), event, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_UNSUBSCRIBED)
        sp_lease_lost(&slot_of(tool, event->subscription)->lease, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_DISCONNECTED)
        lose_all(tool, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_CONFIRMED)
        answer(tool, event->tag, SP_LEASE_CONFIRMED, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_RETURNED || event->type == SPECTACLES_BROKER_EVENT_FAILED)
        answer(tool, event->tag, SP_LEASE_RETURNED, now);
    else if (event->type == SPECTACLES_BROKER_EVENT_CLOSED)
        tool->ended = true;
}

/* ---- The loop ---- */

static void release(lease_tool *tool, bool stays, uint64_t now)
{
    for (size_t i = 0; i < tool->count; i++) {
        sp_lease_release(&tool->slots[i].lease, stays, now);
        sp_lease_drained(&tool->slots[i].lease, now);
    }
}

static bool is_idle(const lease_tool *tool)
{
    for (size_t i = 0; i < tool->count; i++) {
        if (tool->slots[i].lease.state != SP_LEASE_IDLE)
            return false;
    }
    return true;
}

/* Pulls, and lets the leases act, until there is nothing more to do. */
static void turn(lease_tool *tool, uint64_t now)
{
    const spectacles_broker_event *event;
    bool due = now >= tool->event_at;
    for (size_t i = 0; i < tool->count && due; i++) {
        if (sp_lease_serves(&tool->slots[i].lease, now) && tool->slots[i].served)
            report(&tool->slots[i], now);
    }
    if (due)
        tool->event_at = now + EVENT_EVERY;
    if (now >= tool->hello_at) {
        say_hello(tool);
        tool->hello_at = now + HELLO_EVERY;
    }
    do {
        while ((event = spectacles_broker_next_event(tool->broker, now)))
            handle(tool, event, now);
        for (size_t i = 0; i < tool->count; i++) {
            obey(tool, &tool->slots[i], now);
            look(&tool->slots[i], now);
        }
        event = spectacles_broker_next_event(tool->broker, now);
        if (event)
            handle(tool, event, now);
    } while (event);
    if (tool->leaves && is_idle(tool))
        spectacles_broker_close(tool->broker, now);
    fflush(stdout);
}

static uint64_t deadline_of(const lease_tool *tool)
{
    uint64_t deadline = tool->event_at;
    for (size_t i = 0; i < tool->count; i++) {
        uint64_t at = sp_lease_deadline(&tool->slots[i].lease);
        deadline = at < deadline ? at : deadline;
    }
    return deadline;
}

static void read_commands(lease_tool *tool)
{
    char line[64];
    ssize_t length = read(STDIN_FILENO, line, sizeof line);
    uint64_t now = spectacles_now();
    if (length > 0)
        release(tool, true, now);
    else if (!tool->leaves) {
        release(tool, false, now);
        tool->leaves = true;
    }
}

static void run(lease_tool *tool, spectacles_link *link)
{
    for (uint32_t ready = 0; !tool->ended;) {
        uint64_t now = spectacles_now();
        die(spectacles_link_process(link, ready, now));
        spectacles_link_resolve(link);
        turn(tool, now);
        uint32_t io = spectacles_link_interest(link);
        short events =
            (short)((io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
        struct pollfd fds[] = {{spectacles_link_fd(link), events, 0},
                               {tool->leaves ? -1 : STDIN_FILENO, POLLIN, 0}};
        uint64_t deadline = spectacles_link_deadline(link);
        uint64_t own = deadline_of(tool);
        poll(fds, 2, spectacles_poll_timeout(own < deadline ? own : deadline, spectacles_now()));
        ready = fds[0].revents ? io : 0;
        if (fds[1].revents)
            read_commands(tool);
    }
}

/* ---- Setting up ---- */

static void make_slots(lease_tool *tool, const char *group, const char *member)
{
    for (size_t i = 0; i < tool->count; i++) {
        lease_slot *slot = &tool->slots[i];
        sp_fleet_place place = {.set = "64-1", .slot = (uint32_t)i};
        memset(place.bot, 'b', sizeof place.bot - 1);
        sp_lease_init(&slot->lease, &place, member, spectacles_random_seed());
        die(sp_fleet_lease_name(slot->queue, sizeof slot->queue, group, place.set, place.slot));
        slot->subscription = -1;
        sp_lease_want(&slot->lease, spectacles_now());
    }
}

int main(int argc, char **argv)
{
    lease_tool *tool = calloc(1, sizeof *tool);
    spectacles_problem problem;
    spectacles_broker_config config;
    spectacles_link *link;
    char exchange[NAME_MAX_BYTES];
    if (argc < 5 || !tool)
        errx(EXIT_FAILURE, "usage: lease_tool GROUP MEMBER SLOTS URL...");
    tool->count = (size_t)strtoul(argv[3], NULL, 10);
    if (tool->count == 0 || tool->count > SLOTS_MAX)
        errx(EXIT_FAILURE, "SLOTS is 1 to %d", SLOTS_MAX);
    tool->sent = sp_ring_of(sizeof(lease_sent));
    spectacles_broker_config_init(&config, sizeof config);
    die(sp_fleet_exchange_name(exchange, sizeof exchange, argv[1]));
    config.group = exchange;
    config.exchange_type = SPECTACLES_EXCHANGE_FANOUT;
    config.heartbeat = 4;
    config.name = argv[2];
    config.urls = (const char *const *)argv + 4;
    config.url_count = (size_t)(argc - 4);
    config.seed = spectacles_random_seed();
    if (spectacles_broker_new(&tool->broker, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    die(spectacles_link_new(&link, spectacles_broker_stream(tool->broker), NULL, NULL));
    listen_to_hellos(tool);
    make_slots(tool, argv[1], argv[2]);
    run(tool, link);
    spectacles_link_free(link);
    spectacles_broker_free(tool->broker);
    for (size_t i = 0; i < tool->count; i++)
        sp_lease_free(&tool->slots[i].lease);
    sp_ring_free(&tool->sent);
    free(tool);
    return EXIT_SUCCESS;
}
