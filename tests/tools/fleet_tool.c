/*
 * A member of a fleet over a real broker, for tests in other languages: the gateway beside it is made up.
 *
 *     fleet_tool GROUP MEMBER SHARDS URL
 *
 * Each line on standard output is a JSON object; `at` is spectacles_now():
 *
 *     {"at":..,"event":"ADD_SHARD","shard":3,"session":"web-1-3","seq":41}    session: empty when there is none
 *
 * A shard without a session begins one at once, without an identify: identifies are not what is tested here. Its
 * sequence rises ten times a second. The end of standard input leaves the fleet, and ends.
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SHARDS_MAX = 64,
    EVENT_EVERY = 100 /* milliseconds */
};

typedef struct tool_shard {
    bool is_served;
    bool is_removing;
    char session[96];
    uint64_t seq;
} tool_shard;

typedef struct fleet_tool {
    spectacles_broker *broker;
    spectacles_link *link;
    spectacles_fleet *fleet;
    const char *member;
    tool_shard shards[SHARDS_MAX];
    uint32_t count;
    uint64_t event_at;
    bool leaves;
} fleet_tool;

static void die(int error)
{
    if (error < 0)
        errx(EXIT_FAILURE, "%s", spectacles_strerror(error));
}

static spectacles_session session_of(const fleet_tool *tool, uint32_t id)
{
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = id,
                                  .shard_count = tool->count,
                                  .seq = tool->shards[id].seq,
                                  .session_id = tool->shards[id].session,
                                  .resume_url = "wss://gateway.discord.gg",
                                  .format = SPECTACLES_FORMAT_JSON};
    return session;
}

static void add(fleet_tool *tool, const spectacles_fleet_event *event)
{
    tool_shard *shard = &tool->shards[event->shard_id];
    *shard = (tool_shard){.is_served = true};
    if (event->session) {
        snprintf(shard->session, sizeof shard->session, "%s", event->session->session_id);
        shard->seq = event->session->seq;
    } else {
        snprintf(shard->session, sizeof shard->session, "%s-%u", tool->member, (unsigned)event->shard_id);
    }
}

static void tell(const spectacles_fleet_event *event, uint64_t now)
{
    printf("{\"at\":%" PRIu64 ",\"event\":\"%s\",\"shard\":%u,\"session\":\"%s\",\"seq\":%" PRIu64 "}\n", now,
           spectacles_fleet_event_type_name(event->type), (unsigned)event->shard_id,
           event->session ? event->session->session_id : "", event->session ? event->session->seq : 0);
}

static void handle(fleet_tool *tool, const spectacles_fleet_event *event, uint64_t now)
{
    tell(event, now);
    if (event->type == SPECTACLES_FLEET_EVENT_ADD_SHARD)
        add(tool, event);
    else if (event->type == SPECTACLES_FLEET_EVENT_DROP_SHARD)
        tool->shards[event->shard_id] = (tool_shard){.is_served = false};
    else if (event->type == SPECTACLES_FLEET_EVENT_REMOVE_SHARD)
        tool->shards[event->shard_id].is_removing = true;
    else if (event->type == SPECTACLES_FLEET_EVENT_PROBLEM)
        warnx("%s", event->text);
}

/* Answers what was asked for. Returns whether there was something. */
static bool answer_removed(fleet_tool *tool, uint64_t now)
{
    bool answered = false;
    for (uint32_t id = 0; id < tool->count; id++) {
        if (!tool->shards[id].is_removing)
            continue;
        spectacles_session session = session_of(tool, id);
        die(spectacles_fleet_removed(tool->fleet, id, tool->count, &session, NULL, 0, now));
        tool->shards[id] = (tool_shard){.is_served = false};
        answered = true;
    }
    return answered;
}

static void report(fleet_tool *tool, uint64_t now)
{
    for (uint32_t id = 0; id < tool->count; id++) {
        if (!tool->shards[id].is_served)
            continue;
        tool->shards[id].seq++;
        spectacles_session session = session_of(tool, id);
        die(spectacles_fleet_report(tool->fleet, id, tool->count, &session, NULL, 0, now));
    }
}

static void turn(fleet_tool *tool, uint64_t now)
{
    const spectacles_fleet_event *event;
    if (now >= tool->event_at) {
        report(tool, now);
        tool->event_at = now + EVENT_EVERY;
    }
    do {
        while ((event = spectacles_fleet_next_event(tool->fleet, now)))
            handle(tool, event, now);
    } while (answer_removed(tool, now));
    fflush(stdout);
}

static uint64_t deadline_of(const fleet_tool *tool)
{
    uint64_t link = spectacles_link_deadline(tool->link), fleet = spectacles_fleet_deadline(tool->fleet);
    uint64_t deadline = link < fleet ? link : fleet;
    return tool->event_at < deadline ? tool->event_at : deadline;
}

static void run(fleet_tool *tool)
{
    char byte;
    for (uint32_t ready = 0; !spectacles_fleet_has_left(tool->fleet);) {
        uint64_t now = spectacles_now();
        die(spectacles_link_process(tool->link, ready, now));
        spectacles_link_resolve(tool->link);
        turn(tool, now);
        uint32_t io = spectacles_link_interest(tool->link);
        short events =
            (short)((io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
        struct pollfd fds[] = {{spectacles_link_fd(tool->link), events, 0},
                               {tool->leaves ? -1 : STDIN_FILENO, POLLIN, 0}};
        poll(fds, 2, spectacles_poll_timeout(deadline_of(tool), spectacles_now()));
        ready = fds[0].revents ? io : 0;
        if (fds[1].revents && read(STDIN_FILENO, &byte, 1) == 0) {
            spectacles_fleet_leave(tool->fleet, spectacles_now());
            tool->leaves = true;
        }
    }
}

static void make_broker(fleet_tool *tool, const char *group, const char *url)
{
    char exchange[128];
    spectacles_problem problem;
    spectacles_broker_config config;
    snprintf(exchange, sizeof exchange, "%s:fleet1", group);
    spectacles_broker_config_init(&config, sizeof config);
    config.group = exchange;
    config.exchange_type = SPECTACLES_EXCHANGE_FANOUT;
    config.heartbeat = 4;
    config.name = tool->member;
    config.urls = &url;
    config.url_count = 1;
    config.seed = spectacles_random_seed();
    if (spectacles_broker_new(&tool->broker, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    die(spectacles_link_new(&tool->link, spectacles_broker_stream(tool->broker), NULL, NULL));
}

static void make_fleet(fleet_tool *tool, const char *group)
{
    spectacles_problem problem;
    spectacles_fleet_config config;
    spectacles_fleet_config_init(&config, sizeof config);
    config.broker = tool->broker;
    config.group = group;
    config.member = tool->member;
    config.token = "a token";
    config.shard_count = tool->count;
    config.seed = spectacles_random_seed();
    if (spectacles_fleet_new(&tool->fleet, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
}

int main(int argc, char **argv)
{
    static fleet_tool tool;
    if (argc != 5)
        errx(EXIT_FAILURE, "usage: fleet_tool GROUP MEMBER SHARDS URL");
    tool.member = argv[2];
    tool.count = (uint32_t)strtoul(argv[3], NULL, 10);
    if (tool.count == 0 || tool.count > SHARDS_MAX)
        errx(EXIT_FAILURE, "SHARDS is 1 to %d", SHARDS_MAX);
    make_broker(&tool, argv[1], argv[4]);
    make_fleet(&tool, argv[1]);
    run(&tool);
    spectacles_fleet_free(tool.fleet);
    spectacles_link_free(tool.link);
    spectacles_broker_free(tool.broker);
    return EXIT_SUCCESS;
}
