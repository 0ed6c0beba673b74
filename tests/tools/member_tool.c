/*
 * A member of a fleet with real gateways beside it, one for each number of shards, for tests in other languages.
 *
 *     member_tool GROUP MEMBER SHARDS EVENT       DISCORD_TOKEN, DISCORD_GATEWAY_URL, AMQP_URL in the environment
 *
 * Lines on standard input: "reshard N", "abort". What the library refuses ends the program. The end of standard input
 * leaves the fleet, and ends. Each line on standard output is a JSON object about an event of the fleet, with the
 * number of shards that it is about, and what the way to another number looks like:
 *
 *     {"event":"SHARDING","shards":8,"shard":0,"flags":40,"phase":"WARMING"}
 *
 * GET /gateway/bot is made up: 16 shards may identify at a time.
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    GATEWAYS = 3,
    GAPS_MAX = 16,
    REPORT_EVERY = 250 /* milliseconds */
};

typedef struct tool_gateway {
    spectacles_gateway *gateway; /* NULL: none */
    uint32_t shard_count;
    bool ends;
} tool_gateway;

typedef struct tool_member {
    const char *group, *name, *event, *url;
    spectacles_broker *broker;
    spectacles_link *link;
    spectacles_fleet *fleet;
    tool_gateway gateways[GATEWAYS];
    uint64_t report_at;
    bool leaves;
} tool_member;

static void die(int error)
{
    if (error < 0)
        errx(EXIT_FAILURE, "%s", spectacles_strerror(error));
}

/* ---- Gateways ---- */

static tool_gateway *find(tool_member *member, uint32_t shard_count)
{
    for (int i = 0; i < GATEWAYS; i++) {
        if (member->gateways[i].gateway && member->gateways[i].shard_count == shard_count)
            return member->gateways + i;
    }
    return NULL;
}

static void make_gateway(tool_member *member, uint32_t shard_count, uint32_t flags)
{
    spectacles_problem problem;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    spectacles_gateway_config config;
    spectacles_shard_config_init(&shard, sizeof shard);
    shard.token = getenv("DISCORD_TOKEN");
    shard.gateway_url = getenv("DISCORD_GATEWAY_URL");
    shard.shard_count = shard_count;
    shard.intents = spectacles_intents_for_event(member->event, strlen(member->event));
    shard.flags = SPECTACLES_SHARD_STORED_HEARTBEATS;
    shard.seed = spectacles_random_seed();
    spectacles_broker_config_init(&broker, sizeof broker);
    broker.group = member->group;
    broker.urls = &member->url;
    broker.url_count = 1;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow = &member->event;
    relay.allow_count = 1;
    relay.flags = SPECTACLES_RELAY_GRANTED_IDENTIFIES | SPECTACLES_RELAY_HOLDS_NEW_SESSIONS | flags;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_RESOLVES | SPECTACLES_GATEWAY_NO_SHARDS;
    config.shard = &shard;
    config.broker = &broker;
    config.relay = &relay;
    tool_gateway *made = member->gateways;
    while (made < member->gateways + GATEWAYS - 1 && made->gateway)
        made++;
    if (spectacles_gateway_new(&made->gateway, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    made->shard_count = shard_count;
}

static void set_flags(tool_member *member, const spectacles_fleet_event *event)
{
    tool_gateway *known = find(member, event->shard_count);
    if (known)
        spectacles_gateway_set_flags(known->gateway, event->flags);
    else
        make_gateway(member, event->shard_count, event->flags);
}

static void end_gateway(tool_member *member, uint32_t shard_count, uint64_t now)
{
    tool_gateway *ended = find(member, shard_count);
    if (!ended)
        return;
    ended->ends = true;
    spectacles_gateway_stop(ended->gateway, 0, now);
}

/* ---- What the fleet wants ---- */

static void tell(const tool_member *member, const spectacles_fleet_event *event)
{
    spectacles_fleet_resharding progress;
    spectacles_fleet_resharding_init(&progress, sizeof progress);
    die(spectacles_fleet_progress(member->fleet, &progress));
    uint32_t phase = event->type == SPECTACLES_FLEET_EVENT_RESHARDING ? event->phase : progress.phase;
    printf("{\"event\":\"%s\",\"shards\":%u,\"shard\":%u,\"flags\":%u,\"phase\":\"%s\",\"session\":%s}\n",
           spectacles_fleet_event_type_name(event->type), (unsigned)event->shard_count,
           (unsigned)event->shard_id, (unsigned)event->flags, spectacles_fleet_phase_name(phase),
           event->session ? "true" : "false");
}

static void set_limits(tool_member *member, uint64_t now)
{
    spectacles_gateway_bot answer = {.size = sizeof answer,
                                     .verdict = SPECTACLES_GATEWAY_BOT_FINE,
                                     .max_concurrency = 16,
                                     .total = 1000,
                                     .remaining = 1000,
                                     .reset_after = 86400000};
    die(spectacles_fleet_set_limits(member->fleet, &answer, now, now));
}

static void on_shard(tool_member *member, const spectacles_fleet_event *event, uint64_t now)
{
    uint32_t id = event->shard_id;
    spectacles_problem problem = {.text = ""};
    spectacles_gateway *gateway = find(member, event->shard_count)->gateway;
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_ADD_SHARD:
        if (spectacles_gateway_add_shard(gateway, id, event->session, event->gaps, event->gap_count,
                                         &problem) < 0)
            errx(EXIT_FAILURE, "%s", problem.text);
        return;
    case SPECTACLES_FLEET_EVENT_REMOVE_SHARD:
        die(spectacles_gateway_remove_shard(gateway, id, event->code, now));
        return;
    case SPECTACLES_FLEET_EVENT_DROP_SHARD:
        die(spectacles_gateway_drop_shard(gateway, id));
        return;
    case SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY:
        die(spectacles_fleet_identified(member->fleet, id, event->shard_count,
                                        spectacles_gateway_grant_identify(gateway, id, now) == 0, now));
        return;
    default: /* SESSION_STORED; the shard may have another session by now */
        spectacles_gateway_session_stored(gateway, id, event->session->session_id, event->session->seq);
    }
}

static void on_fleet_event(tool_member *member, const spectacles_fleet_event *event, uint64_t now)
{
    if (event->type != SPECTACLES_FLEET_EVENT_SESSION_STORED)
        tell(member, event);
    if (event->type <= SPECTACLES_FLEET_EVENT_SESSION_STORED)
        on_shard(member, event, now);
    else if (event->type == SPECTACLES_FLEET_EVENT_SHARDING)
        set_flags(member, event);
    else if (event->type == SPECTACLES_FLEET_EVENT_WANTS_LIMITS)
        set_limits(member, now);
    else if (event->type == SPECTACLES_FLEET_EVENT_PROBLEM)
        warnx("%s", event->text);
    else if (event->type == SPECTACLES_FLEET_EVENT_SHARDING_ENDED)
        end_gateway(member, event->shard_count, now);
}

/* ---- What became of shards ---- */

static void report(const tool_member *member, const tool_gateway *from, uint32_t id, bool removed,
                   uint64_t now)
{
    size_t count = 0;
    spectacles_gap gaps[GAPS_MAX];
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    bool has_session = spectacles_gateway_session(from->gateway, id, &session) == SPECTACLES_OK;
    for (; count < GAPS_MAX; count++) {
        spectacles_gap_init(gaps + count, sizeof *gaps);
        if (spectacles_gateway_gap(from->gateway, id, count, gaps + count) != 1)
            break;
    }
    const spectacles_session *present = has_session ? &session : NULL;
    die((removed ? spectacles_fleet_removed : spectacles_fleet_report)(member->fleet, id, from->shard_count,
                                                                       present, gaps, count, now));
}

static void report_changed(tool_member *member, uint64_t now)
{
    uint32_t id;
    for (int i = 0; i < GATEWAYS; i++) {
        if (!member->gateways[i].gateway)
            continue;
        die(spectacles_gateway_take_state(member->gateways[i].gateway, spectacles_unix_time()));
        while (spectacles_gateway_next_changed(member->gateways[i].gateway, &id) == 1)
            report(member, member->gateways + i, id, false, now);
    }
    member->report_at = now + REPORT_EVERY;
}

static void on_gateway_event(tool_member *member, const tool_gateway *from,
                             const spectacles_relay_event *event, uint64_t now)
{
    uint32_t id = event->shard_id;
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SHARD_READY:
        member->report_at = now;
        die(spectacles_fleet_connected(member->fleet, id, from->shard_count, now));
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_RESUMED:
        die(spectacles_fleet_connected(member->fleet, id, from->shard_count, now));
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_GAP:
        member->report_at = now;
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY:
        spectacles_fleet_wants_identify(member->fleet, id, from->shard_count, now);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED:
        spectacles_fleet_disconnected(member->fleet, id, from->shard_count, now);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_REMOVED:
        report(member, from, id, true, now);
        return;
    default:
        return;
    }
}

/* ---- The loop ---- */

static void turn_gateway(tool_member *member, tool_gateway *each, uint64_t now)
{
    const spectacles_relay_event *event;
    if (!each->gateway)
        return;
    die(spectacles_gateway_process(each->gateway, now));
    while ((event = spectacles_gateway_next_event(each->gateway, now)))
        on_gateway_event(member, each, event, now);
    if (each->ends && spectacles_gateway_stopped(each->gateway)) {
        spectacles_gateway_free(each->gateway);
        *each = (tool_gateway){.gateway = NULL};
    }
}

static void turn(tool_member *member, uint32_t ready)
{
    const spectacles_fleet_event *event;
    uint64_t now = spectacles_now();
    die(spectacles_link_process(member->link, ready, now));
    spectacles_link_resolve(member->link);
    for (int i = 0; i < GATEWAYS; i++)
        turn_gateway(member, member->gateways + i, now);
    if (now >= member->report_at)
        report_changed(member, now);
    while ((event = spectacles_fleet_next_event(member->fleet, now)))
        on_fleet_event(member, event, now);
    fflush(stdout);
}

static uint64_t deadline_of(const tool_member *member)
{
    uint64_t deadline = member->report_at, fleet = spectacles_fleet_deadline(member->fleet);
    uint64_t link = spectacles_link_deadline(member->link);
    deadline = fleet < deadline ? fleet : deadline;
    deadline = link < deadline ? link : deadline;
    for (int i = 0; i < GATEWAYS; i++) {
        uint64_t next = member->gateways[i].gateway ? spectacles_gateway_deadline(member->gateways[i].gateway)
                                                    : SPECTACLES_NEVER;
        deadline = next < deadline ? next : deadline;
    }
    return deadline;
}

static void obey(tool_member *member)
{
    char line[64];
    ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
    if (length <= 0) {
        member->leaves = true;
        spectacles_fleet_leave(member->fleet, spectacles_now());
        return;
    }
    line[length] = '\0';
    int error = strncmp(line, "reshard ", 8) == 0
                    ? spectacles_fleet_reshard(member->fleet, (uint32_t)strtoul(line + 8, NULL, 10))
                    : spectacles_fleet_abort_reshard(member->fleet);
    if (error < 0)
        errx(1, "%s", spectacles_fleet_last_error(member->fleet));
}

static void run(tool_member *member)
{
    uint32_t ready = 0;
    while (!spectacles_fleet_has_left(member->fleet)) {
        turn(member, ready);
        uint32_t io = spectacles_link_interest(member->link);
        short events =
            (short)((io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
        struct pollfd fds[2 + GATEWAYS] = {{spectacles_link_fd(member->link), events, 0},
                                           {member->leaves ? -1 : STDIN_FILENO, POLLIN, 0}};
        for (int i = 0; i < GATEWAYS; i++) {
            spectacles_gateway *gateway = member->gateways[i].gateway;
            fds[2 + i] = (struct pollfd){gateway ? spectacles_gateway_fd(gateway) : -1, POLLIN, 0};
        }
        poll(fds, 2 + GATEWAYS, spectacles_poll_timeout(deadline_of(member), spectacles_now()));
        ready = fds[0].revents ? io : 0;
        if (fds[1].revents)
            obey(member);
    }
}

/* ---- Making ---- */

static void make_broker(tool_member *member)
{
    char exchange[128];
    spectacles_problem problem;
    spectacles_broker_config config;
    snprintf(exchange, sizeof exchange, "%s:fleet1", member->group);
    spectacles_broker_config_init(&config, sizeof config);
    config.group = exchange;
    config.exchange_type = SPECTACLES_EXCHANGE_FANOUT;
    config.heartbeat = 4;
    config.name = member->name;
    config.urls = &member->url;
    config.url_count = 1;
    config.seed = spectacles_random_seed();
    if (spectacles_broker_new(&member->broker, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    die(spectacles_link_new(&member->link, spectacles_broker_stream(member->broker), NULL, NULL));
}

static void make_fleet(tool_member *member, const char *shards)
{
    spectacles_problem problem;
    spectacles_fleet_config config;
    spectacles_fleet_config_init(&config, sizeof config);
    config.broker = member->broker;
    config.group = member->group;
    config.member = member->name;
    config.token = getenv("DISCORD_TOKEN");
    config.shard_count = (uint32_t)strtoul(shards, NULL, 10);
    config.seed = spectacles_random_seed();
    if (spectacles_fleet_new(&member->fleet, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
}

int main(int argc, char **argv)
{
    static tool_member member;
    if (argc != 5 || !getenv("DISCORD_GATEWAY_URL") || !getenv("AMQP_URL"))
        errx(EXIT_FAILURE, "usage: member_tool GROUP MEMBER SHARDS EVENT");
    member = (tool_member){.group = argv[1], .name = argv[2], .event = argv[4], .url = getenv("AMQP_URL")};
    make_broker(&member);
    make_fleet(&member, argv[3]);
    run(&member);
    spectacles_fleet_free(member.fleet);
    spectacles_link_free(member.link);
    spectacles_broker_free(member.broker);
    for (int i = 0; i < GATEWAYS; i++)
        spectacles_gateway_free(member.gateways[i].gateway);
    return EXIT_SUCCESS;
}
