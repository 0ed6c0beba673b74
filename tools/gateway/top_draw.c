/*
 * The gateway as a text: some lines about everything, a character for each shard, and the shards that are not ready,
 * one by one. top.c calls it. A missing member counts as 0 or nothing, so that an older gateway is shown as well.
 */
#include "top_draw.h"

#include <inttypes.h>
#include <string.h>

enum {
    LABEL_WIDTH = 8, /* of the number of the first shard in a row */
    HEAD_ROWS = 13,  /* lines that are not about shards */
    MORE_ROWS = 3,   /* more of them while there are two numbers of shards */
    SLOW = 1000,     /* milliseconds */
    UNCONFIRMED_MANY = 1000,
    UNSTORED_MANY = 20000,
    REASON_SIZE = 256,
    LABEL_SIZE = 32,
    TEXT_SIZE = 512
};

/* ---- Reading ---- */

static uint64_t number_of(const spectacles_value *object, const char *key)
{
    uint64_t number = 0;
    spectacles_value_uint64(spectacles_value_get(object, key), &number);
    return number;
}

static const char *text_of(const spectacles_value *object, const char *key)
{
    const char *text = spectacles_value_text(spectacles_value_get(object, key), NULL);
    return text ? text : "";
}

static bool truth_of(const spectacles_value *object, const char *key)
{
    return spectacles_value_is_true(spectacles_value_get(object, key));
}

static bool is_ready(const spectacles_value *shard)
{
    return strcmp(text_of(shard, "state"), "READY") == 0;
}

/* 0: the store has said nothing of this session. */
static uint64_t unstored(const spectacles_value *shard)
{
    uint64_t stored = number_of(shard, "stored");
    uint64_t received = number_of(shard, "received");
    return stored > 0 && received > stored ? received - stored : 0;
}

/* Why a shard that is ready lags, as the status page has it. Empty: it does not. */
static void write_lag(char out[REASON_SIZE], const spectacles_value *shard)
{
    out[0] = '\0';
    if (truth_of(shard, "lacks_queue"))
        snprintf(out, REASON_SIZE, "its queue of packets is not consumed");
    else if (number_of(shard, "unconfirmed") > UNCONFIRMED_MANY)
        snprintf(out, REASON_SIZE, "%" PRIu64 " events are not confirmed", number_of(shard, "unconfirmed"));
    else if (unstored(shard) > UNSTORED_MANY)
        snprintf(out, REASON_SIZE, "%" PRIu64 " events are not stored", unstored(shard));
    else if (number_of(shard, "latency") > SLOW)
        snprintf(out, REASON_SIZE, "its heartbeats are slow");
}

static bool lags(const spectacles_value *shard)
{
    char reason[REASON_SIZE];
    write_lag(reason, shard);
    return reason[0] != '\0';
}

/* ---- Writing ---- */

/* Texts of others are written without control characters: a terminal would follow them. */
static void write_text(FILE *out, const char *text)
{
    char printable[TEXT_SIZE];
    spectacles_printable(printable, sizeof printable, text, strlen(text));
    fputs(printable, out);
}

static void write_span(FILE *out, uint64_t milliseconds)
{
    uint64_t seconds = milliseconds / 1000;
    if (seconds < 120)
        fprintf(out, "%" PRIu64 " s", seconds);
    else if (seconds < 7200)
        fprintf(out, "%" PRIu64 " min", seconds / 60);
    else if (seconds < 172800)
        fprintf(out, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds % 3600 / 60);
    else
        fprintf(out, "%" PRIu64 " days", seconds / 86400);
}

/* Begins a line; one that somebody should look at is marked, with a sign and with a colour. */
static void begin_line(const struct top_screen *screen, const char *label, bool is_wrong)
{
    char printable[LABEL_SIZE];
    const char *colour = screen->has_colours && is_wrong ? "\033[1;31m" : "";
    spectacles_printable(printable, sizeof printable, label, strlen(label));
    fprintf(screen->out, "%s%c %-14s", colour, is_wrong ? '!' : ' ', printable);
}

static void end_line(const struct top_screen *screen)
{
    fputs(screen->has_colours ? "\033[0m\033[K\n" : "\n", screen->out);
}

/* ---- Lines ---- */

static void draw_title(const struct top_screen *screen, const spectacles_value *status)
{
    fputs(screen->has_colours ? "\033[1m" : "", screen->out);
    fputs("Spectacles gateway, group ", screen->out);
    write_text(screen->out, text_of(status, "group"));
    fputs(", version ", screen->out);
    write_text(screen->out, text_of(status, "version"));
    fputs(", up for ", screen->out);
    write_span(screen->out, number_of(status, "time") - number_of(status, "started"));
    fputs(truth_of(status, "stopping") ? ", STOPPING" : "", screen->out);
    end_line(screen);
}

static void draw_rate(const struct top_screen *screen, const spectacles_value *status, struct top_last *last)
{
    const struct top_last now = {.time = number_of(status, "time"),
                                 .started = number_of(status, "started"),
                                 .received = number_of(spectacles_value_get(status, "events"), "received")};
    if (last->time > 0 && now.time > last->time && now.started == last->started &&
        now.received >= last->received)
        fprintf(screen->out, ", %" PRIu64 " events/s",
                (now.received - last->received) * 1000 / (now.time - last->time));
    *last = now;
}

static void draw_ready(const struct top_screen *screen, const spectacles_value *status, struct top_last *last)
{
    const spectacles_value *shards = spectacles_value_get(status, "shards");
    size_t count = 0;
    size_t ready = 0;
    for (const spectacles_value *each = spectacles_value_first(shards); each;
         each = spectacles_value_next(each)) {
        count++;
        ready += is_ready(each) ? 1 : 0;
    }
    begin_line(screen, "shards", ready < count);
    fprintf(screen->out, "%zu of %zu ready", ready, count);
    draw_rate(screen, status, last);
    end_line(screen);
}

/* While a fleet goes to another number of shards, shards of both numbers are here. */
static bool has_two_numbers(const spectacles_value *shards)
{
    const spectacles_value *first = spectacles_value_first(shards);
    for (const spectacles_value *each = first; each; each = spectacles_value_next(each)) {
        if (number_of(each, "shard_count") != number_of(first, "shard_count"))
            return true;
    }
    return false;
}

static void draw_brokers(const struct top_screen *screen, const spectacles_value *status)
{
    const spectacles_value *brokers = spectacles_value_get(status, "brokers");
    bool has_two = has_two_numbers(spectacles_value_get(status, "shards"));
    for (const spectacles_value *each = spectacles_value_first(brokers); each;
         each = spectacles_value_next(each)) {
        char label[LABEL_SIZE];
        bool is_blocked = truth_of(each, "blocked");
        snprintf(label, sizeof label, "AMQP %s", text_of(each, "name"));
        if (has_two)
            snprintf(label, sizeof label, "%.8s of %" PRIu64, text_of(each, "name"),
                     number_of(each, "shard_count"));
        begin_line(screen, label, is_blocked || !is_ready(each));
        write_text(screen->out, text_of(each, "state"));
        fputs(is_blocked ? ", BLOCKED, " : ", ", screen->out);
        write_text(screen->out, text_of(each, "text"));
        end_line(screen);
    }
}

static void draw_window(const struct top_screen *screen, const spectacles_value *window)
{
    uint64_t unconfirmed = number_of(window, "unconfirmed");
    uint64_t limit = number_of(window, "limit");
    begin_line(screen, "window", limit > 0 && unconfirmed >= limit);
    fprintf(screen->out, "%" PRIu64 " of %" PRIu64 " unconfirmed, full %" PRIu64 " times, ", unconfirmed,
            limit, number_of(window, "full"));
    write_span(screen->out, number_of(window, "full_time"));
    end_line(screen);
}

static void draw_budget(const struct top_screen *screen, const spectacles_value *status)
{
    const spectacles_value *budget = spectacles_value_get(status, "budget");
    uint64_t left = number_of(budget, "left");
    uint64_t reset = number_of(budget, "reset");
    if (number_of(budget, "total") == 0)
        return;
    begin_line(screen, "identifies", left < spectacles_value_count(spectacles_value_get(status, "shards")));
    fprintf(screen->out, "%" PRIu64 " of %" PRIu64 " left", left, number_of(budget, "total"));
    if (reset > number_of(status, "time")) {
        fputs(", all again in ", screen->out);
        write_span(screen->out, reset - number_of(status, "time"));
    }
    end_line(screen);
}

static void draw_commands(const struct top_screen *screen, const spectacles_value *commands)
{
    uint64_t lost = number_of(commands, "queues_lost");
    begin_line(screen, "commands", lost > 0);
    fprintf(screen->out, "%" PRIu64 " waiting, %" PRIu64 " rejected", number_of(commands, "waiting"),
            number_of(commands, "rejected"));
    if (lost > 0)
        fprintf(screen->out, ", %" PRIu64 " %s not consumed", lost, lost == 1 ? "queue is" : "queues are");
    end_line(screen);
}

static void draw_gaps(const struct top_screen *screen, const spectacles_value *gaps)
{
    begin_line(screen, "gaps", number_of(gaps, "today") > 0);
    fprintf(screen->out, "%" PRIu64 " today (UTC), %" PRIu64 " since the start", number_of(gaps, "today"),
            number_of(gaps, "since_start"));
    end_line(screen);
}

static void draw_store(const struct top_screen *screen, const spectacles_value *status)
{
    const spectacles_value *store = spectacles_value_get(status, "store");
    uint64_t success = number_of(store, "last_success");
    uint64_t now = number_of(status, "time");
    if (!truth_of(store, "used"))
        return;
    begin_line(screen, "sessions", truth_of(store, "failing"));
    if (success > 0) {
        fputs("stored ", screen->out);
        write_span(screen->out, now > success ? now - success : 0);
        fputs(" ago", screen->out);
    } else {
        fputs("not stored yet", screen->out);
    }
    fprintf(screen->out, ", %" PRIu64 " failures", number_of(store, "failures"));
    end_line(screen);
}

static uint64_t count_slots(const spectacles_value *slots)
{
    uint64_t count = 0;
    for (const spectacles_value *each = spectacles_value_first(slots); each;
         each = spectacles_value_next(each)) {
        uint64_t number = 0;
        spectacles_value_uint64(each, &number);
        count += number;
    }
    return count;
}

/* Whoever is not in a fleet has no such line. */
static void draw_fleet(const struct top_screen *screen, const spectacles_value *status)
{
    const spectacles_value *fleet = spectacles_value_get(status, "fleet");
    const spectacles_value *slots = spectacles_value_get(fleet, "slots");
    bool is_connected = truth_of(fleet, "connected");
    uint64_t doubtful = number_of(slots, "DOUBTFUL");
    if (!fleet)
        return;
    begin_line(screen, "fleet", !is_connected || doubtful > 0);
    fprintf(screen->out, "%s%" PRIu64 " of %" PRIu64 " slots owned, ", is_connected ? "" : "NOT CONNECTED, ",
            number_of(slots, "OWNED"), count_slots(slots));
    if (doubtful > 0)
        fprintf(screen->out, "%" PRIu64 " doubtful, ", doubtful);
    fprintf(screen->out, "%" PRIu64 " members%s", number_of(fleet, "members"),
            truth_of(fleet, "leads") ? ", this one leads" : "");
    end_line(screen);
    if (number_of(fleet, "wanted_shards") == 0)
        return;
    begin_line(screen, "reshard", false);
    fprintf(screen->out, "from %" PRIu64 " to %" PRIu64 " shards, ", number_of(fleet, "shard_count"),
            number_of(fleet, "wanted_shards"));
    write_text(screen->out, text_of(fleet, "phase"));
    end_line(screen);
}

/* ---- Shards ---- */

static char sign_of(const spectacles_value *shard)
{
    const char *state = text_of(shard, "state");
    if (is_ready(shard))
        return lags(shard) ? '~' : '.';
    if (strcmp(state, "FATAL") == 0)
        return 'X';
    if (strcmp(state, "BACKOFF") == 0 || strcmp(state, "CLOSING") == 0)
        return '!';
    return strcmp(state, "CLOSED") == 0 ? '-' : 'o';
}

static const char *colour_of(char sign)
{
    switch (sign) {
    case '.':
        return "\033[34m";
    case '~':
    case 'o':
        return "\033[33m";
    case '-':
        return "\033[2m";
    default:
        return "\033[1;31m";
    }
}

/* Shards of one number, from `next` on. Returns how many rows they take. */
static unsigned draw_run(const struct top_screen *screen, const spectacles_value **next, unsigned columns)
{
    uint64_t number = number_of(*next, "shard_count");
    unsigned at = 0;
    for (; *next && number_of(*next, "shard_count") == number; *next = spectacles_value_next(*next), at++) {
        char sign = sign_of(*next);
        if (at > 0 && at % columns == 0)
            end_line(screen);
        if (at % columns == 0)
            fprintf(screen->out, "%6" PRIu64 "  ", number_of(*next, "id"));
        fprintf(screen->out, "%s%c%s", screen->has_colours ? colour_of(sign) : "", sign,
                screen->has_colours ? "\033[0m" : "");
    }
    end_line(screen);
    return (at + columns - 1) / columns;
}

static unsigned draw_grid(const struct top_screen *screen, const spectacles_value *shards)
{
    unsigned columns = screen->columns > LABEL_WIDTH + 10 ? (screen->columns - LABEL_WIDTH) / 10 * 10 : 10;
    unsigned rows = 1;
    bool has_two = has_two_numbers(shards);
    const spectacles_value *next = spectacles_value_first(shards);
    if (!next)
        end_line(screen);
    while (next) {
        if (has_two) {
            fprintf(screen->out, "of %" PRIu64 " shards:", number_of(next, "shard_count"));
            end_line(screen);
            rows++;
        }
        rows += draw_run(screen, &next, columns);
    }
    fputs("        . ready  ~ lags  o on its way  ! lost its connection  X given up  - closed", screen->out);
    end_line(screen);
    return rows;
}

static void draw_shard(const struct top_screen *screen, const spectacles_value *shard)
{
    char line[TEXT_SIZE];
    char lag[REASON_SIZE];
    write_lag(lag, shard);
    int length = snprintf(line, sizeof line, "%6" PRIu64 "  %-14s %5" PRIu64 " ms  %s",
                          number_of(shard, "id"), text_of(shard, "state"), number_of(shard, "latency"),
                          is_ready(shard) ? lag : text_of(spectacles_value_get(shard, "close"), "text"));
    if (length > 0 && (unsigned)length > screen->columns && screen->columns < sizeof line)
        line[screen->columns] = '\0';
    write_text(screen->out, line);
    end_line(screen);
}

/* The shards that somebody should look at, as many as fit. */
static void draw_list(const struct top_screen *screen, const spectacles_value *shards, unsigned rows)
{
    unsigned drawn = 0;
    for (const spectacles_value *each = spectacles_value_first(shards); each;
         each = spectacles_value_next(each)) {
        if (sign_of(each) == '.')
            continue;
        if (screen->rows > 0 && drawn >= rows)
            return;
        draw_shard(screen, each);
        drawn++;
    }
}

void top_draw(const struct top_screen *screen, const spectacles_value *status, struct top_last *last)
{
    const spectacles_value *shards = spectacles_value_get(status, "shards");
    draw_title(screen, status);
    draw_ready(screen, status, last);
    draw_brokers(screen, status);
    draw_window(screen, spectacles_value_get(status, "window"));
    draw_budget(screen, status);
    draw_commands(screen, spectacles_value_get(status, "commands"));
    draw_gaps(screen, spectacles_value_get(status, "gaps"));
    draw_store(screen, status);
    draw_fleet(screen, status);
    unsigned used = HEAD_ROWS + draw_grid(screen, shards);
    if (has_two_numbers(shards))
        used += MORE_ROWS;
    draw_list(screen, shards, screen->rows > used ? screen->rows - used : 0);
}
