/*
 * What Prometheus reads. http_routes.c calls it for each scrape.
 *
 * Eleven series for each shard are ours: whether it is ready, the three sequences that make up the promise, what is
 * unconfirmed, what waits, its rate limit, how often it connected, and what it received. Everything else is counted for
 * the process, because nobody looks at it shard by shard, and because 5,000 shards would make half a million series of
 * it.
 */
#include "metrics.h"

#include "metrics_go.h"
#include "metrics_process.h"
#include "metrics_text.h"

#include <stdio.h>
#include <string.h>

enum {
    LABELS_SIZE = 128
};

/* ---- Tables ---- */

/* A metric of the whole process: a field of spectacles_gateway_stats. */
struct total {
    const char *name;
    const char *help;
    size_t field;
};

#define FIELD(name) offsetof(spectacles_gateway_stats, name)

static const struct total counters[] = {
    {"spectacles_dispatches_received_total", "Dispatches that came from Discord.", FIELD(received)},
    {"spectacles_dispatches_filtered_total", "Dispatches that are not on the list of events, or held back.",
     FIELD(filtered)},
    {"spectacles_dispatches_published_total", "Dispatches that the events broker has taken.",
     FIELD(published)},
    {"spectacles_dispatches_confirmed_total", "Dispatches that the broker has confirmed.", FIELD(confirmed)},
    {"spectacles_dispatches_unroutable_total", "Published dispatches that no queue took.", FIELD(unroutable)},
    {"spectacles_copies_total",
     "Published dispatches that this gateway had published before, because a connection ended.",
     FIELD(copies)},
    {"spectacles_republished_total",
     "Publishes that were written again, because the connection to the broker ended.", FIELD(republished)},
    {"spectacles_surrogates_replaced_total", "Messages in which U+FFFD stands for half of a surrogate pair.",
     FIELD(surrogates_replaced)},
    {"spectacles_commands_received_total", "Messages of workers: SENDs and packets.", FIELD(commands)},
    {"spectacles_commands_routed_total", "SENDs whose packet went to the queue of a shard.", FIELD(routed)},
    {"spectacles_commands_rejected_total", "Commands and packets that can never be sent.", FIELD(rejected)},
    {"spectacles_commands_limited_total",
     "Requests of workers that Discord refused, because they came too early.", FIELD(limited)},
    {"spectacles_packets_sent_total", "Packets of workers that were handed to a socket.", FIELD(sent)},
    {"spectacles_identifies_total", "Identifies that were granted to shards of this process.",
     FIELD(identifies)},
    {"spectacles_connects_total", "Connections to Discord that were asked for.", FIELD(connects)},
    {"spectacles_resumes_total", "RESUMEs that were sent.", FIELD(resumes)},
    {"spectacles_resumed_total", "RESUMEs after which the session went on.", FIELD(resumed)},
    {"spectacles_heartbeats_late_total", "Heartbeats that were sent a second or more after they were due.",
     FIELD(heartbeats_late)},
    {"spectacles_window_full_total", "How often shards began to wait, because too much was unconfirmed.",
     FIELD(window_full)},
    {"spectacles_received_bytes_total", "Bytes from Discord.", FIELD(bytes_received)},
    {"spectacles_sent_bytes_total", "Bytes to Discord.", FIELD(bytes_sent)},
    {"spectacles_compressed_bytes_total", "Bytes of compressed messages from Discord.",
     FIELD(bytes_compressed)},
    {"spectacles_inflated_bytes_total", "The same messages after inflation, in bytes.",
     FIELD(bytes_inflated)},
};

static const struct total times[] = {
    {"spectacles_window_full_seconds_total",
     "For how long shards have waited, because too much was unconfirmed.", FIELD(full_time)},
    {"spectacles_broker_blocked_seconds_total", "For how long the broker took no publishes.",
     FIELD(blocked_time)},
};

static uint64_t field_of(const spectacles_gateway_stats *stats, size_t field)
{
    uint64_t value;
    memcpy(&value, (const char *)stats + field, sizeof value);
    return value;
}

static void write_totals(struct http_body *body, const spectacles_gateway_stats *stats)
{
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        metrics_one(body, counters[i].name, "counter", counters[i].help, field_of(stats, counters[i].field));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        metrics_begin(body, times[i].name, "counter", times[i].help);
        metrics_seconds(body, times[i].name, NULL, field_of(stats, times[i].field));
    }
    metrics_one(body, "spectacles_unconfirmed", "gauge", "Publishes that the broker has not answered yet.",
                stats->unconfirmed);
}

/* The names of a histogram. */
struct histogram {
    const char *name;
    const char *bucket;
    const char *sum;
    const char *count;
    const char *help;
};

static const struct histogram confirms = {.name = "spectacles_confirm_seconds",
                                          .bucket = "spectacles_confirm_seconds_bucket",
                                          .sum = "spectacles_confirm_seconds_sum",
                                          .count = "spectacles_confirm_seconds_count",
                                          .help = "How long the broker took to confirm dispatches."};
static const struct histogram turns = {.name = "spectacles_loop_turn_seconds",
                                       .bucket = "spectacles_loop_turn_seconds_bucket",
                                       .sum = "spectacles_loop_turn_seconds_sum",
                                       .count = "spectacles_loop_turn_seconds_count",
                                       .help = "How long the turns of the loop took."};

/*
 * Counts within 1, 2, 4 .. milliseconds, the last one of all that took longer. Prometheus wants each bucket to hold
 * those before it, and its bound in seconds.
 */
static void write_histogram(struct http_body *body, const struct histogram *histogram, const uint64_t *counts,
                            unsigned length, uint64_t time)
{
    char labels[LABELS_SIZE];
    uint64_t count = 0;
    metrics_begin(body, histogram->name, "histogram", histogram->help);
    for (unsigned i = 0; i < length; i++) {
        unsigned bound = 1u << i;
        count += counts[i];
        snprintf(labels, sizeof labels, "le=\"%u.%03u\"", bound / 1000, bound % 1000);
        metrics_sample(body, histogram->bucket, i + 1 < length ? labels : "le=\"+Inf\"", count);
    }
    metrics_seconds(body, histogram->sum, NULL, time);
    metrics_sample(body, histogram->count, NULL, count);
}

/* ---- Shards ---- */

/* A metric of each shard: a field of spectacles_gateway_shard_stats. */
struct of_shard {
    const char *name;
    const char *type;
    const char *help;
    size_t field;
};

#define SHARD_FIELD(name) offsetof(spectacles_gateway_shard_stats, name)

static const struct of_shard of_shards[] = {
    {"spectacles_shard_received_sequence", "gauge", "The newest sequence of the session that was read.",
     SHARD_FIELD(received)},
    {"spectacles_shard_committed_sequence", "gauge", "The sequence that a RESUME begins behind.",
     SHARD_FIELD(committed)},
    {"spectacles_shard_stored_sequence", "gauge", "The sequence that is stored; 0: none of this session.",
     SHARD_FIELD(stored)},
    {"spectacles_shard_unconfirmed", "gauge", "Dispatches and gaps that are not confirmed yet.",
     SHARD_FIELD(unconfirmed)},
    {"spectacles_shard_packets_waiting", "gauge", "Packets of workers that wait to be sent.",
     SHARD_FIELD(packets)},
    {"spectacles_shard_gaps_waiting", "gauge", "Gaps that are not declared yet.", SHARD_FIELD(gaps)},
    {"spectacles_shard_connects_total", "counter", "Connections of the shard that were asked for.",
     SHARD_FIELD(connects)},
};

static uint64_t shard_field_of(const spectacles_gateway_shard_stats *stats, size_t field)
{
    uint64_t value;
    memcpy(&value, (const char *)stats + field, sizeof value);
    return value;
}

static void write_each_shard(struct http_body *body, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < sizeof of_shards / sizeof *of_shards; i++) {
        metrics_begin(body, of_shards[i].name, of_shards[i].type, of_shards[i].help);
        for (size_t j = 0; j < snapshot->shard_count; j++)
            metrics_shard(body, of_shards[i].name, "shard", snapshot->shards[j].id,
                          shard_field_of(&snapshot->shards[j].stats, of_shards[i].field));
    }
    metrics_begin(body, "spectacles_shard_ready", "gauge", "1 when the session of the shard stands.");
    for (size_t i = 0; i < snapshot->shard_count; i++)
        metrics_shard(body, "spectacles_shard_ready", "shard", snapshot->shards[i].id,
                      snapshot->shards[i].stats.state == SPECTACLES_SHARD_READY);
    metrics_begin(body, "spectacles_shard_packets_left", "gauge",
                  "Packets that Discord's rate limit lets through now; 0 while the shard is not ready.");
    for (size_t i = 0; i < snapshot->shard_count; i++)
        metrics_shard(body, "spectacles_shard_packets_left", "shard", snapshot->shards[i].id,
                      snapshot->shards[i].packets_left);
    metrics_begin(body, "spectacles_shard_dispatches_total", "counter",
                  "Dispatches that the shard has received.");
    for (size_t i = 0; i < snapshot->shard_count; i++)
        metrics_shard(body, "spectacles_shard_dispatches_total", "shard", snapshot->shards[i].id,
                      snapshot->shards[i].engine.received_by_op[0]);
}

static void write_states(struct http_body *body, const struct snapshot *snapshot)
{
    uint64_t counts[SPECTACLES_SHARD_FATAL + 1] = {0};
    char labels[LABELS_SIZE];
    for (size_t i = 0; i < snapshot->shard_count; i++)
        if (snapshot->shards[i].stats.state <= SPECTACLES_SHARD_FATAL)
            counts[snapshot->shards[i].stats.state]++;
    metrics_begin(body, "spectacles_shards", "gauge", "How many shards of this process are in each state.");
    for (uint32_t state = 0; state <= SPECTACLES_SHARD_FATAL; state++) {
        snprintf(labels, sizeof labels, "state=\"%s\"", spectacles_shard_state_name(state));
        metrics_sample(body, "spectacles_shards", labels, counts[state]);
    }
}

/* ---- Gaps, closes, identifies ---- */

static void write_gaps(struct http_body *body, const spectacles_gateway_stats *stats)
{
    metrics_begin(body, "spectacles_gaps_total", "counter",
                  "Gaps that were declared and confirmed, by their cause.");
    metrics_sample(body, "spectacles_gaps_total", "cause=\"session_lost\"", stats->gaps_sessions);
    metrics_sample(body, "spectacles_gaps_total", "cause=\"session_unknown\"", stats->gaps_unknown);
    metrics_sample(body, "spectacles_gaps_total", "cause=\"dispatch_refused\"", stats->gaps_dispatches);
}

static void write_closes(struct http_body *body, const spectacles_gateway *gateway)
{
    uint32_t code;
    uint64_t count;
    char labels[LABELS_SIZE];
    metrics_begin(body, "spectacles_disconnects_total", "counter",
                  "Connections to Discord that have ended, by close code or HTTP status; 0: without one.");
    for (size_t i = 0; gateway && spectacles_gateway_close_count(gateway, i, &code, &count); i++) {
        snprintf(labels, sizeof labels, "code=\"%u\"", code);
        metrics_sample(body, "spectacles_disconnects_total", labels, count);
    }
}

/* Only what is known: an alert on a budget of 0 that nobody has asked for would wake somebody up. */
static void write_budget(struct http_body *body, const struct snapshot *snapshot)
{
    if (snapshot->totals.identifies_total == 0)
        return;
    metrics_one(body, "spectacles_identifies_limit", "gauge", "Identifies that the bot has in a day.",
                snapshot->totals.identifies_total);
    metrics_one(body, "spectacles_identifies_left", "gauge", "Identifies of the day that are left.",
                snapshot->totals.identifies_left);
    if (snapshot->status->reset_time == 0)
        return;
    metrics_begin(body, "spectacles_identifies_reset_time_seconds", "gauge",
                  "When the identifies of the day are all there again, in seconds since 1970.");
    metrics_seconds(body, "spectacles_identifies_reset_time_seconds", NULL, snapshot->status->reset_time);
}

/* ---- Brokers ---- */

static const char *const broker_labels[] = {"broker=\"events\"", "broker=\"commands\""};

static void write_of_brokers(struct http_body *body, const struct snapshot *snapshot, const char *name,
                             const char *help, size_t field)
{
    metrics_begin(body, name, "counter", help);
    for (size_t i = 0; i < snapshot->broker_count; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&snapshot->brokers[i].stats + field, sizeof value);
        metrics_sample(body, name, broker_labels[i], value);
    }
}

static void write_brokers(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_begin(body, "spectacles_broker_ready", "gauge", "1 when queues, consumers and confirms stand.");
    for (size_t i = 0; i < snapshot->broker_count; i++)
        metrics_sample(body, "spectacles_broker_ready", broker_labels[i],
                       snapshot->brokers[i].state == SPECTACLES_BROKER_READY);
    metrics_begin(body, "spectacles_broker_blocked", "gauge",
                  "1 when the broker takes no publishes: its memory or its disk is short.");
    for (size_t i = 0; i < snapshot->broker_count; i++)
        metrics_sample(body, "spectacles_broker_blocked", broker_labels[i],
                       snapshot->brokers[i].memory->is_blocked);
    write_of_brokers(body, snapshot, "spectacles_broker_connects_total",
                     "Connections to the broker that were asked for.",
                     offsetof(spectacles_broker_stats, connects));
    write_of_brokers(body, snapshot, "spectacles_broker_received_bytes_total", "Bytes from the broker.",
                     offsetof(spectacles_broker_stats, bytes_received));
    write_of_brokers(body, snapshot, "spectacles_broker_sent_bytes_total", "Bytes to the broker.",
                     offsetof(spectacles_broker_stats, bytes_sent));
    metrics_one(body, "spectacles_command_queues_lost", "gauge",
                "Queues of commands that this process should consume, and does not.",
                snapshot_queues_lost(snapshot));
}

/* ---- The process ---- */

static void write_store(struct http_body *body, const struct status_store *store)
{
    if (!store->is_used)
        return;
    metrics_one(body, "spectacles_store_writes_total", "counter",
                "How often sessions were stored, or were to be.", store->writes);
    metrics_one(body, "spectacles_store_failures_total", "counter", "How often sessions could not be stored.",
                store->failures);
    metrics_begin(body, "spectacles_store_last_write_seconds", "gauge",
                  "How long the last write of sessions took.");
    metrics_seconds(body, "spectacles_store_last_write_seconds", NULL, store->last_time);
    metrics_begin(body, "spectacles_store_longest_write_seconds", "gauge",
                  "How long the longest write took.");
    metrics_seconds(body, "spectacles_store_longest_write_seconds", NULL, store->longest_time);
    if (store->last_success == 0)
        return;
    metrics_begin(body, "spectacles_store_last_success_time_seconds", "gauge",
                  "When sessions were stored last, in seconds since 1970.");
    metrics_seconds(body, "spectacles_store_last_success_time_seconds", NULL, store->last_success);
}

static void write_fleet(struct http_body *body, const struct status_fleet *fleet)
{
    char labels[LABELS_SIZE];
    if (!fleet->is_used)
        return;
    metrics_one(body, "spectacles_fleet_connected", "gauge", "1 when the fleet's own connection stands.",
                fleet->is_connected);
    metrics_one(body, "spectacles_fleet_leader", "gauge", "1 when this process leads the fleet.",
                fleet->leads);
    metrics_one(body, "spectacles_fleet_members", "gauge",
                "Members of the fleet that are there, with this one.", fleet->members);
    metrics_begin(body, "spectacles_fleet_slots", "gauge",
                  "How many slots of the fleet are in each state, as this process sees them.");
    for (uint32_t state = 0; state <= SPECTACLES_FLEET_DOUBTFUL; state++) {
        snprintf(labels, sizeof labels, "state=\"%s\"", spectacles_fleet_slot_state_name(state));
        metrics_sample(body, "spectacles_fleet_slots", labels, fleet->slots[state]);
    }
    metrics_one(body, "spectacles_fleet_takeovers_total", "counter",
                "Shards that came to this process with their session.", fleet->takeovers);
    metrics_one(body, "spectacles_fleet_grants_total", "counter",
                "Identifies that the fleet has granted to this process.", fleet->grants);
}

static void write_build(struct http_body *body)
{
    char labels[LABELS_SIZE];
    uint32_t version = spectacles_version();
    snprintf(labels, sizeof labels, "version=\"%u.%u.%u\",tls=\"%s\"", version >> 16, version >> 8 & 255,
             version & 255, strncmp(spectacles_tls_library(), "OpenSSL", 7) == 0 ? "openssl" : "mbedtls");
    metrics_begin(body, "spectacles_build_info", "gauge", "The version of the gateway, and its TLS library.");
    metrics_sample(body, "spectacles_build_info", labels, 1);
}

void metrics_write(struct http_body *body, const struct snapshot *snapshot)
{
    metrics_go_write(body, snapshot);
    write_totals(body, &snapshot->totals);
    write_histogram(body, &confirms, snapshot->totals.confirm_latency, SPECTACLES_RELAY_LATENCY_COUNT,
                    snapshot->totals.confirm_time);
    write_histogram(body, &turns, snapshot->status->turns.counts, TURNS_COUNT, snapshot->status->turns.time);
    write_each_shard(body, snapshot);
    write_states(body, snapshot);
    write_gaps(body, &snapshot->totals);
    write_closes(body, snapshot->gateway);
    write_budget(body, snapshot);
    write_brokers(body, snapshot);
    write_store(body, &snapshot->status->store);
    write_fleet(body, &snapshot->status->fleet);
    write_build(body);
    metrics_process_write(body, snapshot->status->start_time);
}
