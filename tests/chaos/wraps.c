/*
 * What stands between the gateway and the library when chaos reigns: the linker sends calls to __wrap_X here instead
 * of to X (--wrap), so that neither the gateway nor the library knows of any of this.
 *
 * - Kill points: CHAOS_KILL=<point>:<n> in the environment kills the process, as kill -9 does, the nth time that it
 *   passes the point.
 * - The ledger: CHAOS_LEDGER=<file> gets a line "sent <serial>" when the library says that a command's bytes went to
 *   the socket, and "acked <serial>" when it is acknowledged. The serial is the field "since" of a presence. It gets
 *   "refused <message-id>" when RabbitMQ refuses a message (nack), and "unanswered <message-id>" when the channel is
 *   given up that has brought nacks alone: whether RabbitMQ has refused these is never said.
 * - The history: CHAOS_HISTORY=<file> gets all that the file of sessions ever held.
 * - A full disk: while the file CHAOS_FULL exists, files take half of what is written to them and no more.
 * - Mutants: built with MUTANT set, one rule is broken.
 */
#include "broker/channels.h"
#include "core/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum mutant {
    NONE,
    COMMITS_ON_RECEIPT,
    TRANSIENT,
    ACKNOWLEDGES_EARLY,
    REORDERS, /* see reorder.c */
    RENAMES,
    IDENTIFIES,
    HIDES_GAPS
};

#ifndef MUTANT
#define MUTANT NONE
#endif

enum {
    REMEMBERED = 4096,
    OPEN_PUBLISHES = 65536, /* more than the window has room for */
    BROKERS = 12,           /* three for each number of shards, and more */
    ID_SIZE = 96,
    SHARDS_MAX = 64
};

/* ---- Kill points ---- */

static void pass(const char *point)
{
    static long left = -1;
    static char wanted[32];
    if (left < 0) {
        const char *order = getenv("CHAOS_KILL");
        left = 0;
        if (order && sscanf(order, "%31[^:]:%ld", wanted, &left) != 2)
            left = 0;
    }
    if (left == 0 || strcmp(wanted, point) != 0)
        return;
    if (--left == 0)
        kill(getpid(), SIGKILL);
}

/* ---- The ledger ---- */

ssize_t __real_write(int file, const void *bytes, size_t length);

static void enter_text(const char *what, const char *text)
{
    static int file = -1;
    char line[320];
    const char *path = getenv("CHAOS_LEDGER");
    if (file < 0 && path)
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int length = snprintf(line, sizeof line, "%s %s\n", what, text);
    if (file >= 0 && __real_write(file, line, (size_t)length) < 0)
        abort();
}

static void enter(const char *what, uint64_t serial)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)serial);
    if (serial > 0)
        enter_text(what, text);
}

static uint64_t serial_of(const uint8_t *bytes, size_t length)
{
    static const char key[] = "\"since\":";
    char text[4096];
    size_t kept = length < sizeof text - 1 ? length : sizeof text - 1;
    memcpy(text, bytes, kept);
    text[kept] = '\0';
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* Which command a number stands for: the number of a delivery, or a ticket of a shard. */
struct note {
    const void *of;
    uint64_t number;
    uint64_t serial;
};

static void keep(struct note *notes, const void *of, uint64_t number, uint64_t serial)
{
    notes[number % REMEMBERED] = (struct note){of, number, serial};
}

static uint64_t look_up(const struct note *notes, const void *of, uint64_t number)
{
    const struct note *note = &notes[number % REMEMBERED];
    return note->of == of && note->number == number ? note->serial : 0;
}

static struct note deliveries[REMEMBERED];
static struct note tickets[4][REMEMBERED]; /* by shard % 4 */

/* ---- Shards ---- */

/* Of the shards that there are. A fleet makes and frees them as slots come and go. */
static const spectacles_stream *shard_streams[SHARDS_MAX];
static size_t shard_count;

/* The place of a stream among those of shards; shard_count: it is of none. */
static size_t place_of(const spectacles_stream *stream)
{
    size_t place = 0;
    while (place < shard_count && shard_streams[place] != stream)
        place++;
    return place;
}

static bool is_shard(const spectacles_stream *stream)
{
    return place_of(stream) < shard_count;
}

int __real_spectacles_stream_feed(spectacles_stream *stream, const uint8_t *bytes, size_t length,
                                  uint64_t now);
int __wrap_spectacles_stream_feed(spectacles_stream *stream, const uint8_t *bytes, size_t length,
                                  uint64_t now)
{
    if (!is_shard(stream))
        return __real_spectacles_stream_feed(stream, bytes, length, now);
    pass("before-receive");
    int error = __real_spectacles_stream_feed(stream, bytes, length, now);
    pass("after-receive");
    return error;
}

int __real_spectacles_shard_commit(spectacles_shard *shard, uint64_t seq);
int __wrap_spectacles_shard_commit(spectacles_shard *shard, uint64_t seq)
{
    pass("before-commit");
    int error = MUTANT == COMMITS_ON_RECEIPT ? SPECTACLES_OK : __real_spectacles_shard_commit(shard, seq);
    pass("after-commit");
    return error;
}

int __real_spectacles_shard_new(spectacles_shard **out, const spectacles_shard_config *config,
                                spectacles_problem *problem);
int __wrap_spectacles_shard_new(spectacles_shard **out, const spectacles_shard_config *config,
                                spectacles_problem *problem)
{
    spectacles_shard_config changed = *config;
    if (MUTANT == IDENTIFIES)
        changed.session = NULL;
    int error = __real_spectacles_shard_new(out, &changed, problem);
    if (error == SPECTACLES_OK) {
        if (shard_count == SHARDS_MAX)
            abort();
        shard_streams[shard_count++] = spectacles_shard_stream(*out);
    }
    return error;
}

void __real_spectacles_shard_free(spectacles_shard *shard);
void __wrap_spectacles_shard_free(spectacles_shard *shard)
{
    size_t place = shard ? place_of(spectacles_shard_stream(shard)) : shard_count;
    if (place < shard_count)
        shard_streams[place] = shard_streams[--shard_count];
    __real_spectacles_shard_free(shard);
}

static bool interrupted; /* what comes now may be a copy */

const void *__real_sp_stream_next_event(spectacles_stream *stream, uint64_t now);

static const spectacles_shard_event *next_shard_event(spectacles_stream *stream, uint64_t now)
{
    spectacles_shard *shard = stream->engine;
    const spectacles_shard_event *event = __real_sp_stream_next_event(stream, now);
    if (event && event->type == SPECTACLES_SHARD_EVENT_DISPATCH) {
        pass("dispatch");
        if (MUTANT == COMMITS_ON_RECEIPT)
            __real_spectacles_shard_commit(shard, event->seq);
    }
    if (event && event->type == SPECTACLES_SHARD_EVENT_READY)
        pass("ready");
    interrupted |= event && event->type == SPECTACLES_SHARD_EVENT_DISCONNECTED;
    if (event && event->type == SPECTACLES_SHARD_EVENT_SENT)
        enter("sent", look_up(tickets[spectacles_shard_id(shard) % 4], shard, event->ticket));
    return event;
}

int __real_spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d, size_t length,
                                 uint64_t now, uint64_t *ticket);
int __wrap_spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d, size_t length,
                                 uint64_t now, uint64_t *ticket)
{
    pass("before-send");
    int error = __real_spectacles_shard_send(shard, op, d, length, now, ticket);
    if (error == SPECTACLES_OK)
        keep(tickets[spectacles_shard_id(shard) % 4], shard, *ticket, serial_of(d, length));
    pass("after-send");
    return error;
}

/* ---- Brokers ---- */

static void rename_copy(spectacles_message *message)
{
    static char id[256];
    if (!interrupted || !message->message_id)
        return;
    snprintf(id, sizeof id, "%s:again", message->message_id);
    message->message_id = id;
}

/* The broker confirms what no queue wants. */
static void hide_gap(spectacles_message *message)
{
    static const char nowhere[] = "nowhere";
    if (message->key_length != strlen(spectacles_route_gap_key()) ||
        memcmp(message->key, spectacles_route_gap_key(), message->key_length) != 0)
        return;
    message->key = nowhere;
    message->key_length = strlen(nowhere);
    message->flags &= ~(uint32_t)SPECTACLES_MESSAGE_MANDATORY;
}

int __real_spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message,
                                     uint64_t *tag);
int __wrap_spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message,
                                     uint64_t *tag)
{
    spectacles_message changed = *message;
    if (MUTANT == TRANSIENT)
        changed.flags |= SPECTACLES_MESSAGE_TRANSIENT;
    if (MUTANT == RENAMES)
        rename_copy(&changed);
    if (MUTANT == HIDES_GAPS)
        hide_gap(&changed);
    pass("before-publish");
    int error = __real_spectacles_broker_publish(broker, &changed, tag);
    pass("after-publish");
    return error;
}

/* The message-ids of what each broker has published, by tag. A fleet has brokers for each number of shards. */
static struct published {
    const sp_publishes *of;
    uint64_t used; /* the greatest one was used last */
    char ids[OPEN_PUBLISHES][ID_SIZE];
} published[BROKERS];

/* Of a broker that is new, the place of the one that was used least recently. */
static struct published *published_of(const sp_publishes *publishes)
{
    static uint64_t uses;
    struct published *place = published;
    for (size_t i = 0; i < BROKERS && place->of != publishes; i++) {
        if (published[i].of == publishes || published[i].used < place->used)
            place = published + i;
    }
    place->of = publishes;
    place->used = ++uses;
    return place;
}

static char *id_of(const sp_publishes *publishes, uint64_t tag)
{
    return published_of(publishes)->ids[tag % OPEN_PUBLISHES];
}

static void enter_id(const char *what, const sp_publishes *publishes, uint64_t tag)
{
    const char *id = id_of(publishes, tag);
    if (*id)
        enter_text(what, id);
}

int __real_sp_publishes_add(sp_publishes *publishes, const spectacles_message *message, const char *group,
                            uint64_t *tag);
int __wrap_sp_publishes_add(sp_publishes *publishes, const spectacles_message *message, const char *group,
                            uint64_t *tag)
{
    int error = __real_sp_publishes_add(publishes, message, group, tag);
    if (error == SPECTACLES_OK)
        snprintf(id_of(publishes, publishes->last_tag), ID_SIZE, "%s",
                 message->message_id ? message->message_id : "");
    return error;
}

int __real_sp_publishes_defer(sp_publishes *publishes, uint64_t wire, bool multiple, uint64_t due);
int __wrap_sp_publishes_defer(sp_publishes *publishes, uint64_t wire, bool multiple, uint64_t due)
{
    const sp_publish *record;
    for (size_t i = 0; (record = sp_publishes_find(publishes, i)); i++) {
        bool is_covered = multiple ? record->wire && record->wire <= wire : record->wire == wire;
        if (is_covered)
            enter_id("refused", publishes, record->tag);
    }
    return __real_sp_publishes_defer(publishes, wire, multiple, due);
}

int __real_sp_broker_renew_publishing(spectacles_broker *broker);
int __wrap_sp_broker_renew_publishing(spectacles_broker *broker)
{
    const sp_publishes *publishes = &broker->publishes;
    const sp_publish *record;
    for (size_t i = 0; (record = sp_publishes_find(publishes, i)); i++) {
        bool is_open = record->wire > 0 && !record->done && !record->deferred;
        if (is_open)
            enter_id("unanswered", publishes, record->tag);
    }
    return __real_sp_broker_renew_publishing(broker);
}

void __real_spectacles_stream_consumed(spectacles_stream *stream, size_t length);
void __wrap_spectacles_stream_consumed(spectacles_stream *stream, size_t length)
{
    if (is_shard(stream)) {
        __real_spectacles_stream_consumed(stream, length);
        return;
    }
    pass("before-consumed");
    __real_spectacles_stream_consumed(stream, length);
    pass("after-consumed");
}

int __real_spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery);
int __wrap_spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery)
{
    pass("before-ack");
    int done = __real_spectacles_broker_ack(broker, delivery);
    if (done == 1)
        enter("acked", look_up(deliveries, broker, delivery));
    pass("after-ack");
    return done;
}

int __real_spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery);
int __wrap_spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery)
{
    /* Or it would see that it has acknowledged too early, and not send at all. */
    return MUTANT == ACKNOWLEDGES_EARLY || __real_spectacles_broker_holds(broker, delivery);
}

static const spectacles_broker_event *next_broker_event(spectacles_stream *stream, uint64_t now)
{
    spectacles_broker *broker = stream->engine;
    static bool confirmed;
    /* What it did with the last confirm is done. */
    if (confirmed)
        pass("after-confirm");
    const spectacles_broker_event *event = __real_sp_stream_next_event(stream, now);
    confirmed = event && event->type == SPECTACLES_BROKER_EVENT_CONFIRMED;
    if (confirmed)
        pass("before-confirm");
    if (!event || event->type != SPECTACLES_BROKER_EVENT_MESSAGE)
        return event;
    /* A SEND is acknowledged when it was published again, and not when it was sent. */
    if (strcmp(event->key, spectacles_route_send_key()) != 0)
        keep(deliveries, broker, event->delivery, serial_of(event->body, event->body_length));
    if (MUTANT == ACKNOWLEDGES_EARLY) {
        /* The event ends with the next call on its broker, so its copy has to do. */
        static spectacles_broker_event copy;
        static char key[256];
        static uint8_t body[8192];
        copy = *event;
        snprintf(key, sizeof key, "%s", event->key);
        memcpy(body, event->body, event->body_length < sizeof body ? event->body_length : sizeof body);
        copy.key = key;
        copy.body = body;
        __wrap_spectacles_broker_ack(broker, copy.delivery);
        return &copy;
    }
    return event;
}

/* The relay pulls its engines here. */
const void *__wrap_sp_stream_next_event(spectacles_stream *stream, uint64_t now)
{
    return is_shard(stream) ? (const void *)next_shard_event(stream, now) : next_broker_event(stream, now);
}

/* ---- The file of sessions ---- */

static bool is_full(int file)
{
    struct stat status;
    const char *path = getenv("CHAOS_FULL");
    return path && fstat(file, &status) == 0 && S_ISREG(status.st_mode) && access(path, F_OK) == 0;
}

ssize_t __wrap_write(int file, const void *bytes, size_t length);
ssize_t __wrap_write(int file, const void *bytes, size_t length)
{
    static bool half;
    if (!is_full(file))
        return __real_write(file, bytes, length);
    half = !half;
    if (half && length > 1)
        return __real_write(file, bytes, length / 2);
    errno = ENOSPC;
    return -1;
}

int __real_fsync(int file);
int __wrap_fsync(int file)
{
    pass("before-persist");
    int error = __real_fsync(file);
    pass("after-persist");
    return error;
}

static void remember(const char *path)
{
    static char held[65536];
    const char *history = getenv("CHAOS_HISTORY");
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(held, 1, sizeof held, file) : 0;
    int out = history ? open(history, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (file)
        fclose(file);
    if (out >= 0 && __real_write(out, held, length) < 0)
        abort();
    if (out >= 0)
        close(out);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    pass("before-rename");
    int error = __real_rename(from, to);
    if (error == 0)
        remember(to);
    pass("after-rename");
    return error;
}
