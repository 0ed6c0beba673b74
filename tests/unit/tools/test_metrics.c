/* The metrics of a snapshot that is made by hand: each number stands under its name. */
#include "metrics.h"

#include "shown.h"

#include <stdio.h>

static struct status status;
static struct status_gateway heard;
static struct snapshot_shard shards[2];
static struct snapshot snapshot;
static struct http_body body;

static int begin(void **state)
{
    (void)state;
    status_begin(&status, 1767225600500, 0);
    memset(shards, 0, sizeof shards);
    shards[1].id = 5;
    snapshot = (struct snapshot){.unix_time = 1767225600000, .status = &status, .gateway_count = 1};
    snapshot.gateways[0] = (struct snapshot_gateway){.shards = shards, .shard_count = 2};
    return 0;
}

static int end(void **state)
{
    (void)state;
    http_body_free(&body);
    status_gateway_end(&heard);
    return 0;
}

static void write(void)
{
    http_body_free(&body);
    metrics_write(&body, &snapshot);
    http_body_bytes(&body, "", 1);
    assert_false(body.is_short);
}

/* Whether this is a line of it, from its beginning to its end. */
static bool has(const char *line)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    return strstr(body.data, wanted);
}

static void totals_stand_under_their_names(void **state)
{
    (void)state;
    snapshot.gateways[0].totals.received = 1;
    snapshot.gateways[0].totals.filtered = 2;
    snapshot.gateways[0].totals.published = 3;
    snapshot.gateways[0].totals.confirmed = 4;
    snapshot.gateways[0].totals.republished = 5;
    snapshot.gateways[0].totals.bytes_inflated = 18446744073709551615u;
    snapshot.gateways[0].totals.full_time = 12345;
    snapshot.gateways[0].totals.blocked_time = 7;
    snapshot.gaps.sessions = 6;
    snapshot.gaps.unknown = 7;
    snapshot.gaps.dispatches = 8;
    snapshot.gateways[0].totals.unconfirmed = 9;
    write();
    assert_true(has("spectacles_dispatches_received_total 1"));
    assert_true(has("spectacles_dispatches_filtered_total 2"));
    assert_true(has("spectacles_dispatches_published_total 3"));
    assert_true(has("spectacles_dispatches_confirmed_total 4"));
    assert_true(has("spectacles_republished_total 5"));
    assert_true(has("spectacles_inflated_bytes_total 18446744073709551615"));
    assert_true(has("spectacles_window_full_seconds_total 12.345"));
    assert_true(has("spectacles_broker_blocked_seconds_total 0.007"));
    assert_true(has("spectacles_gaps_total{cause=\"session_lost\"} 6"));
    assert_true(has("spectacles_gaps_total{cause=\"session_unknown\"} 7"));
    assert_true(has("spectacles_gaps_total{cause=\"dispatch_refused\"} 8"));
    assert_true(has("spectacles_unconfirmed 9"));
    assert_true(has("process_start_time_seconds 1767225600.500"));
}

/* Each bucket holds those before it, and the last one all. */
static void confirms_are_a_histogram(void **state)
{
    (void)state;
    snapshot.gateways[0].totals.confirm_latency[0] = 5;
    snapshot.gateways[0].totals.confirm_latency[3] = 2;
    snapshot.gateways[0].totals.confirm_latency[SPECTACLES_RELAY_LATENCY_COUNT - 1] = 1;
    snapshot.gateways[0].totals.confirm_time = 9021;
    snapshot.gateways[0].totals.copies = 3;
    write();
    assert_true(has("spectacles_confirm_seconds_bucket{le=\"0.001\"} 5"));
    assert_true(has("spectacles_confirm_seconds_bucket{le=\"0.004\"} 5"));
    assert_true(has("spectacles_confirm_seconds_bucket{le=\"0.008\"} 7"));
    assert_true(has("spectacles_confirm_seconds_bucket{le=\"8.192\"} 7"));
    assert_true(has("spectacles_confirm_seconds_bucket{le=\"+Inf\"} 8"));
    assert_true(has("spectacles_confirm_seconds_sum 9.021"));
    assert_true(has("spectacles_confirm_seconds_count 8"));
    assert_true(has("spectacles_copies_total 3"));
}

static void turns_are_a_histogram(void **state)
{
    (void)state;
    turns_begin(&status.turns, 1000);
    turns_end(&status.turns, 1000);
    turns_begin(&status.turns, 2000);
    turns_end(&status.turns, 3100);
    write();
    assert_true(has("spectacles_loop_turn_seconds_bucket{le=\"0.001\"} 1"));
    assert_true(has("spectacles_loop_turn_seconds_bucket{le=\"1.024\"} 1"));
    assert_true(has("spectacles_loop_turn_seconds_bucket{le=\"2.048\"} 2"));
    assert_true(has("spectacles_loop_turn_seconds_sum 1.100"));
    assert_true(has("spectacles_loop_turn_seconds_count 2"));
}

static void each_shard_is_told_alone(void **state)
{
    (void)state;
    shards[0].stats.state = SPECTACLES_SHARD_READY;
    shards[0].stats.received = 30;
    shards[0].stats.committed = 20;
    shards[0].stats.stored = 10;
    shards[1].stats.state = SPECTACLES_SHARD_BACKOFF;
    shards[1].stats.connects = 4;
    shards[0].packets_left = 117;
    write();
    assert_true(has("spectacles_shard_ready{shard=\"0\"} 1"));
    assert_true(has("spectacles_shard_ready{shard=\"5\"} 0"));
    assert_true(has("spectacles_shard_received_sequence{shard=\"0\"} 30"));
    assert_true(has("spectacles_shard_committed_sequence{shard=\"0\"} 20"));
    assert_true(has("spectacles_shard_stored_sequence{shard=\"0\"} 10"));
    assert_true(has("spectacles_shard_connects_total{shard=\"5\"} 4"));
    assert_true(has("spectacles_shard_packets_left{shard=\"0\"} 117"));
    assert_true(has("spectacles_shards{state=\"READY\"} 1"));
    assert_true(has("spectacles_shards{state=\"BACKOFF\"} 1"));
    assert_true(has("spectacles_shards{state=\"FATAL\"} 0"));
}

/* The five of the Go daemon: its dashboards look for these names, types and labels. */
static void the_go_daemon_s_five_are_there(void **state)
{
    struct status_shard memory = {.id = 0};
    (void)state;
    shards[0].stats.state = SPECTACLES_SHARD_IDENTIFYING;
    shards[0].engine.received_by_op[11] = 3;
    shards[0].engine.sent_by_op[1] = 4;
    shards[0].memory = &memory;
    ping_add(&memory.ping, 40, snapshot.unix_time);
    ping_add(&memory.ping, 60, snapshot.unix_time);
    write();
    assert_non_null(strstr(body.data, "# TYPE gateway_packets_received counter\n"));
    assert_non_null(strstr(body.data, "# TYPE gateway_packets_sent counter\n"));
    assert_non_null(strstr(body.data, "# TYPE gateway_shards_alive gauge\n"));
    assert_non_null(strstr(body.data, "# TYPE gateway_total_shards gauge\n"));
    assert_non_null(strstr(body.data, "# TYPE gateway_ping summary\n"));
    assert_true(has("gateway_packets_received{t=\"\",op=\"11\",shard=\"0\"} 3"));
    assert_true(has("gateway_packets_sent{t=\"\",op=\"1\",shard=\"0\"} 4"));
    assert_true(has("gateway_shards_alive{id=\"0\"} 1"));
    assert_true(has("gateway_shards_alive{id=\"5\"} 0"));
    assert_true(has("gateway_total_shards 2"));
    assert_true(has("gateway_ping{id=\"0\",quantile=\"0.5\"} 40"));
    assert_true(has("gateway_ping{id=\"0\",quantile=\"0.99\"} 60"));
    assert_true(has("gateway_ping_sum{id=\"0\"} 100"));
    assert_true(has("gateway_ping_count{id=\"0\"} 2"));
    assert_null(strstr(body.data, "gateway_ping{id=\"5\""));
    snapshot.unix_time += 600000;
    write();
    assert_true(has("gateway_ping{id=\"0\",quantile=\"0.5\"} NaN"));
}

/* What is not known is left out: an alert on a budget of 0 would wake somebody up. */
static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    write();
    assert_null(strstr(body.data, "spectacles_identifies_left"));
    assert_null(strstr(body.data, "spectacles_store_"));
    snapshot.gateways[0].totals.identifies_total = 1000;
    snapshot.gateways[0].totals.identifies_left = 0;
    status.reset_time = 1767225660000;
    status.store = (struct status_store){
        .is_used = true, .writes = 3, .failures = 2, .last_time = 1500, .longest_time = 2007};
    write();
    assert_true(has("spectacles_identifies_limit 1000"));
    assert_true(has("spectacles_identifies_left 0"));
    assert_true(has("spectacles_identifies_reset_time_seconds 1767225660.000"));
    assert_true(has("spectacles_store_failures_total 2"));
    assert_true(has("spectacles_store_last_write_seconds 1.500"));
    assert_true(has("spectacles_store_longest_write_seconds 2.007"));
    assert_null(strstr(body.data, "spectacles_store_last_success"));
}

/* The queue of a shard that another process serves may be refused here, and nothing is lost by that. */
static void queues_of_shards_that_are_served_are_counted(void **state)
{
    struct status_shard memory = {.id = 5, .lacks_queue = true};
    spectacles_relay_event event = {.type = SPECTACLES_RELAY_EVENT_UNSUBSCRIBED, .name = "7"};
    (void)state;
    status_hear(&status, &heard, &event, 1767225600000);
    write();
    assert_true(has("spectacles_command_queues_lost 0"));
    shards[1].memory = &memory;
    write();
    assert_true(has("spectacles_command_queues_lost 1"));
}

static void brokers_and_queues(void **state)
{
    (void)state;
    snapshot.gateways[0].broker_count = 2;
    snapshot.gateways[0].brokers[0].state = SPECTACLES_BROKER_READY;
    snapshot.gateways[0].brokers[0].memory = &heard.brokers[0];
    snapshot.gateways[0].brokers[1].memory = &heard.brokers[1];
    snapshot.gateways[0].brokers[1].stats.connects = 9;
    heard.brokers[0].is_blocked = true;
    snapshot.gateways[0].lacks_send_queue = true;
    write();
    assert_true(has("spectacles_broker_ready{broker=\"events\"} 1"));
    assert_true(has("spectacles_broker_ready{broker=\"commands\"} 0"));
    assert_true(has("spectacles_broker_blocked{broker=\"events\"} 1"));
    assert_true(has("spectacles_broker_connects_total{broker=\"commands\"} 9"));
    assert_true(has("spectacles_command_queues_lost 1"));
}

static void a_member_of_a_fleet(void **state)
{
    (void)state;
    write();
    assert_null(strstr(body.data, "spectacles_fleet"));
    status.fleet = (struct status_fleet){.is_used = true,
                                         .is_connected = true,
                                         .members = 3,
                                         .takeovers = 7,
                                         .slots = {[SPECTACLES_FLEET_OWNED] = 21}};
    write();
    assert_true(has("spectacles_fleet_connected 1"));
    assert_true(has("spectacles_fleet_leader 0"));
    assert_true(has("spectacles_fleet_members 3"));
    assert_true(has("spectacles_fleet_slots{state=\"OWNED\"} 21"));
    assert_true(has("spectacles_fleet_slots{state=\"DOUBTFUL\"} 0"));
    assert_true(has("spectacles_fleet_takeovers_total 7"));
    status.fleet = (struct status_fleet){.is_used = false};
}

/* A fleet has gone to another number of shards, or is on its way: each series says whose it is. */
static void two_numbers_of_shards_are_told_apart(void **state)
{
    struct snapshot_shard other = {.id = 5};
    (void)state;
    snapshot.gateway_count = 2;
    snapshot.gateways[1] = (struct snapshot_gateway){.shards = &other, .shard_count = 1, .broker_count = 1};
    snapshot.gateways[1].brokers[0].memory = &heard.brokers[0];
    snprintf(snapshot.gateways[0].label, SNAPSHOT_LABEL_SIZE, "shards=\"6\"");
    snprintf(snapshot.gateways[1].label, SNAPSHOT_LABEL_SIZE, "shards=\"12\"");
    snapshot.gateways[0].totals.received = 3;
    snapshot.gateways[1].totals.received = 4;
    status.fleet = (struct status_fleet){
        .is_used = true, .phase = SPECTACLES_FLEET_OVERLAP, .shard_count = 6, .wanted_shards = 12};
    write();
    assert_true(has("spectacles_dispatches_received_total{shards=\"6\"} 3"));
    assert_true(has("spectacles_dispatches_received_total{shards=\"12\"} 4"));
    assert_true(has("spectacles_shard_ready{shard=\"5\",shards=\"6\"} 0"));
    assert_true(has("spectacles_shard_ready{shard=\"5\",shards=\"12\"} 0"));
    assert_true(has("spectacles_confirm_seconds_bucket{le=\"+Inf\",shards=\"12\"} 0"));
    assert_true(has("spectacles_broker_ready{broker=\"events\",shards=\"12\"} 0"));
    assert_true(has("spectacles_gaps_total{cause=\"session_lost\"} 0"));
    assert_true(has("gateway_total_shards 3"));
    assert_true(has("spectacles_fleet_phase{phase=\"OVERLAP\"} 1"));
    assert_true(has("spectacles_fleet_phase{phase=\"STABLE\"} 0"));
    assert_true(has("spectacles_fleet_shards 6"));
    assert_true(has("spectacles_fleet_wanted_shards 12"));
    const char *first = strstr(body.data, "# TYPE spectacles_shard_ready ");
    assert_null(strstr(first + 1, "# TYPE spectacles_shard_ready ")); /* each metric begins once */
    status.fleet = (struct status_fleet){.is_used = false};
}

/* The series of thousands of shards are bounded: each further shard brings these, and no more. */
static void a_shard_has_a_bounded_number_of_series(void **state)
{
    size_t lines[2] = {0};
    (void)state;
    for (size_t count = 1; count <= 2; count++) {
        snapshot.gateways[0].shard_count = count;
        write();
        for (const char *at = body.data; (at = strchr(at, '\n')); at++)
            lines[count - 1]++;
    }
    assert_int_equal(lines[1] - lines[0], 11);
}

#define WITH_SNAPSHOT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SNAPSHOT(totals_stand_under_their_names),
        WITH_SNAPSHOT(each_shard_is_told_alone),
        WITH_SNAPSHOT(the_go_daemon_s_five_are_there),
        WITH_SNAPSHOT(what_is_not_known_is_left_out),
        WITH_SNAPSHOT(queues_of_shards_that_are_served_are_counted),
        WITH_SNAPSHOT(brokers_and_queues),
        WITH_SNAPSHOT(a_member_of_a_fleet),
        WITH_SNAPSHOT(two_numbers_of_shards_are_told_apart),
        WITH_SNAPSHOT(confirms_are_a_histogram),
        WITH_SNAPSHOT(turns_are_a_histogram),
        WITH_SNAPSHOT(a_shard_has_a_bounded_number_of_series),
    };
    return cmocka_run_group_tests_name("tools/metrics", tests, NULL, NULL);
}
