/*
 * The gateway as JSON, at /status.json: what the page shows, and `spectacles-gateway top`. http_routes.c calls it.
 *
 * A member is added and never renamed: a page that stands open for days meets a newer gateway.
 */
#include "status_json.h"

static void number(struct http_body *body, const char *before, uint64_t value)
{
    http_body_text(body, before);
    http_body_number(body, value);
}

static void text(struct http_body *body, const char *before, const char *value)
{
    http_body_text(body, before);
    http_body_json(body, value);
}

static void truth(struct http_body *body, const char *before, bool value)
{
    http_body_text(body, before);
    http_body_text(body, value ? "true" : "false");
}

/* ---- Shards ---- */

static void write_memory(struct http_body *body, const struct status_shard *memory)
{
    truth(body, ",\"was_ready\":", memory->was_ready);
    truth(body, ",\"lacks_queue\":", memory->lacks_queue);
    if (memory->close_time == 0)
        return;
    number(body, ",\"close\":{\"time\":", memory->close_time);
    number(body, ",\"code\":", memory->close_code);
    text(body, ",\"text\":", memory->close_text);
    http_body_text(body, "}");
}

static void write_shard(struct http_body *body, const struct snapshot_shard *shard, uint32_t shard_count)
{
    number(body, "{\"id\":", shard->id);
    number(body, ",\"shard_count\":", shard_count);
    text(body, ",\"state\":", spectacles_shard_state_name(shard->stats.state));
    number(body, ",\"latency\":", shard->stats.latency);
    number(body, ",\"received\":", shard->stats.received);
    number(body, ",\"committed\":", shard->stats.committed);
    number(body, ",\"stored\":", shard->stats.stored);
    number(body, ",\"unconfirmed\":", shard->stats.unconfirmed);
    number(body, ",\"packets\":", shard->stats.packets);
    number(body, ",\"gaps\":", shard->stats.gaps);
    number(body, ",\"connects\":", shard->stats.connects);
    number(body, ",\"late\":", shard->stats.heartbeats_late);
    if (shard->memory)
        write_memory(body, shard->memory);
    http_body_text(body, "}");
}

static void write_shards(struct http_body *body, const struct snapshot *snapshot)
{
    const char *before = ",\"shards\":[";
    if (snapshot_shards(snapshot) == 0)
        http_body_text(body, before);
    for (size_t i = 0; i < snapshot->gateway_count; i++) {
        const struct snapshot_gateway *gateway = &snapshot->gateways[i];
        for (size_t j = 0; j < gateway->shard_count; j++) {
            http_body_text(body, before);
            write_shard(body, &gateway->shards[j], gateway->number);
            before = ",\n";
        }
    }
    http_body_text(body, "]");
}

/* ---- The rest ---- */

static void write_brokers_of(struct http_body *body, const struct snapshot_gateway *gateway, bool is_first)
{
    static const char *const names[] = {"events", "commands"};
    for (size_t i = 0; i < gateway->broker_count; i++) {
        const struct snapshot_broker *broker = &gateway->brokers[i];
        http_body_text(body, i > 0 || !is_first ? "," : "");
        text(body, "{\"name\":", names[i]);
        number(body, ",\"shard_count\":", gateway->number);
        text(body, ",\"state\":", spectacles_broker_state_name(broker->state));
        truth(body, ",\"blocked\":", broker->memory->is_blocked);
        text(body, ",\"text\":", broker->memory->text);
        number(body, ",\"connects\":", broker->stats.connects);
        http_body_text(body, "}");
    }
}

static void write_brokers(struct http_body *body, const struct snapshot *snapshot)
{
    http_body_text(body, ",\"brokers\":[");
    for (size_t i = 0; i < snapshot->gateway_count; i++)
        write_brokers_of(body, &snapshot->gateways[i], i == 0);
    http_body_text(body, "]");
}

static void write_gaps(struct http_body *body, const struct snapshot *snapshot)
{
    const struct status *status = snapshot->status;
    uint64_t kept = status->gap_count < STATUS_GAPS ? status->gap_count : STATUS_GAPS;
    number(body, ",\"gaps\":{\"today\":", status_gaps_today(status, snapshot->unix_time));
    number(body, ",\"since_start\":", status->gap_count);
    http_body_text(body, ",\"newest\":[");
    for (uint64_t i = 0; i < kept; i++) {
        const struct status_gap *gap = &status->gaps[(status->gap_count - 1 - i) % STATUS_GAPS];
        number(body, i > 0 ? ",{\"shard\":" : "{\"shard\":", gap->shard_id);
        number(body, ",\"time\":", gap->time);
        text(body, ",\"text\":", gap->text);
        http_body_text(body, "}");
    }
    http_body_text(body, "]}");
}

static void write_totals(struct http_body *body, const struct snapshot *snapshot,
                         const struct status_names *names)
{
    const spectacles_gateway_stats sum = snapshot_totals(snapshot);
    const spectacles_gateway_stats *totals = &sum;
    number(body, ",\"events\":{\"received\":", totals->received);
    number(body, ",\"published\":", totals->published);
    number(body, ",\"confirmed\":", totals->confirmed);
    number(body, "},\"window\":{\"unconfirmed\":", totals->unconfirmed);
    number(body, ",\"limit\":", names->window_count);
    number(body, ",\"full\":", totals->window_full);
    number(body, ",\"full_time\":", totals->full_time);
    number(body, "},\"budget\":{\"total\":", totals->identifies_total);
    number(body, ",\"left\":", totals->identifies_left);
    number(body, ",\"reset\":", snapshot->status->reset_time);
    number(body, "},\"commands\":{\"waiting\":", snapshot_packets(snapshot));
    number(body, ",\"received\":", totals->commands);
    number(body, ",\"sent\":", totals->sent);
    number(body, ",\"rejected\":", totals->rejected);
    number(body, ",\"queues_lost\":", snapshot_queues_lost(snapshot));
    http_body_text(body, "}");
}

static void write_store(struct http_body *body, const struct status_store *store)
{
    truth(body, ",\"store\":{\"used\":", store->is_used);
    truth(body, ",\"failing\":", store->is_failing);
    number(body, ",\"failures\":", store->failures);
    number(body, ",\"last_success\":", store->last_success);
    http_body_text(body, "}");
}

/* Without FLEET there is no such member. */
static void write_fleet(struct http_body *body, const struct status_fleet *fleet)
{
    if (!fleet->is_used)
        return;
    text(body, ",\"fleet\":{\"member\":", fleet->member);
    truth(body, ",\"connected\":", fleet->is_connected);
    truth(body, ",\"leads\":", fleet->leads);
    text(body, ",\"phase\":", spectacles_fleet_phase_name(fleet->phase));
    number(body, ",\"shard_count\":", fleet->shard_count);
    number(body, ",\"wanted_shards\":", fleet->wanted_shards);
    number(body, ",\"members\":", fleet->members);
    number(body, ",\"takeovers\":", fleet->takeovers);
    number(body, ",\"grants\":", fleet->grants);
    http_body_text(body, ",\"slots\":{");
    for (uint32_t state = 0; state <= SPECTACLES_FLEET_DOUBTFUL; state++) {
        text(body, state > 0 ? "," : "", spectacles_fleet_slot_state_name(state));
        number(body, ":", fleet->slots[state]);
    }
    http_body_text(body, "}}");
}

void status_json_write(struct http_body *body, const struct snapshot *snapshot,
                       const struct status_names *names)
{
    uint32_t version = spectacles_version();
    http_body_format(body, "{\"version\":\"%u.%u.%u\"", version >> 16, version >> 8 & 255, version & 255);
    text(body, ",\"group\":", names->group);
    number(body, ",\"time\":", snapshot->unix_time);
    number(body, ",\"started\":", snapshot->status->start_time);
    truth(body, ",\"stopping\":", snapshot->status->is_stopping);
    write_totals(body, snapshot, names);
    write_brokers(body, snapshot);
    write_gaps(body, snapshot);
    write_store(body, &snapshot->status->store);
    write_fleet(body, &snapshot->status->fleet);
    write_shards(body, snapshot);
    http_body_text(body, "}\n");
}
