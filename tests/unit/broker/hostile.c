#include "hostile.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);
#else
static size_t __sanitizer_get_current_allocated_bytes(void)
{
    return 0;
}
#endif

enum {
    /*
     * A case may make the engine hold so much until the next message: a frame of 128 KiB full of headers of two bytes,
     * as librabbitmq decodes them and as the event has them.
     */
    MEMORY_MOST = 8 * 1024 * 1024,
    DECLARE_ONLY = 1 /* the number of that subscription; 0 consumes */
};

size_t hostile_memory(void)
{
    return __sanitizer_get_current_allocated_bytes();
}

/* ---- Honest steps ---- */

void hostile_start_with(sp_server *server, const char *version, const void *table, size_t length,
                        const char *mechanisms)
{
    static uint8_t payload[1 << 17];
    size_t mechanisms_length = strlen(mechanisms);
    uint8_t sizes[4] = {0, 0, (uint8_t)(mechanisms_length >> 8), (uint8_t)mechanisms_length};
    size_t at = 0;
    memcpy(payload, "\0\x0a\0\x0a", 4);
    memcpy(payload + 4, version, 2);
    memcpy(payload + 6, table, length);
    at = 6 + length;
    memcpy(payload + at, sizes, 4);
    memcpy(payload + at + 4, mechanisms, mechanisms_length);
    at += 4 + mechanisms_length;
    memcpy(payload + at, "\0\0\0\5en_US", 9);
    server_frame(server, 1, 0, payload, at + 9);
}

void hostile_start(sp_server *server)
{
    hostile_start_with(server, "\0\x09", "\0\0\0\0", 4, "AMQPLAIN PLAIN");
}

void hostile_tune(sp_server *server, int channel_max, uint32_t frame_max, int heartbeat)
{
    server_method(server, 0, 10, 30, "wlw", N(channel_max), N(frame_max), N(heartbeat));
}

static void step(sp_server *server, enum hostile_stage stage)
{
    switch (stage) {
    case AT_OPENED:
        server_open(server);
        break;
    case AT_STARTED:
        hostile_start(server);
        break;
    case AT_TUNED:
        hostile_tune(server, 2047, 131072, 60);
        break;
    case AT_SETUP:
        server_method(server, 0, 10, 41, "s", "");
        break;
    case AT_CHANNELS:
        for (int channel = 1; channel <= 3; channel++)
            server_method(server, channel, 20, 11, "T");
        break;
    case AT_DECLARING:
        server_method(server, 1, 40, 11, "");
        break;
    case AT_BINDING:
        server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
        break;
    case AT_CONSUMING:
        server_method(server, 1, 50, 21, "");
        server_method(server, 1, 50, 11, "sll", "gateway:D", N(0), N(0));
        server_method(server, 1, 50, 21, "");
        server_method(server, 2, 85, 11, "");
        break;
    default:
        server_method(server, 3, 60, 11, "");
        server_method(server, 3, 60, 21, "s", "s0.1");
    }
}

void hostile_reach(sp_server *server, enum hostile_stage stage)
{
    for (int each = AT_OPENED; each <= (int)stage; each++)
        step(server, (enum hostile_stage)each);
}

void hostile_end(sp_server *server)
{
    if (spectacles_broker_state(server->broker) == SPECTACLES_BROKER_CLOSING)
        server_method(server, 0, 10, 51, "");
    else if (spectacles_stream_endpoint(spectacles_broker_stream(server->broker)))
        server_eof(server);
}

void hostile_works(sp_server *server)
{
    spectacles_broker_stats stats = {.size = sizeof stats};
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_pull(server);
    server_method(server, 2, 60, 80, "qb", N(server_count(&server->written, "2 basic.publish")), N(1));
    assert_int_equal(spectacles_broker_get_stats(server->broker, &stats), SPECTACLES_OK);
    assert_int_equal(stats.unconfirmed, 0);
    assert_int_equal(stats.confirmed + stats.returned, PUBLISHES);
}

void hostile_recover(sp_server *server)
{
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_BACKOFF);
    server->frame_max = 131072;
    server->events.count = 0;
    server_ready(server);
    hostile_works(server);
    server_deliver(server, 1, "s0.1", "A", "after", 3);
    assert_string_equal(server_last(&server->events, "MESSAGE"), "MESSAGE 0 A m-1 after");
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    server_pull(server);
}

sp_server *hostile_scene(int split)
{
    spectacles_subscription only;
    spectacles_broker_config config;
    server_config(&config);
    config.max_message = MESSAGE_MOST;
    sp_server *server = server_new(&config);
    server->split = split;
    assert_int_equal(server_subscribe(server, "A", 10), 0);
    spectacles_subscription_init(&only, sizeof only);
    only.event = "D";
    only.event_length = 1;
    only.declare_only = 1;
    assert_int_equal(spectacles_broker_subscribe(server->broker, &only), DECLARE_ONLY);
    assert_int_equal(server_publish(server, "K", "x", SPECTACLES_MESSAGE_MANDATORY), 1);
    assert_int_equal(server_publish(server, "L", "x", 0), PUBLISHES);
    return server;
}

/* ---- What a hostile broker does ---- */

void hostile_returned(sp_server *server, const void *header, size_t length)
{
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", "K");
    server_frame(server, 2, 2, header, length);
    server_frame(server, 3, 2, "x", 1);
}

void hostile_deliver(sp_server *server, const char *consumer, uint64_t tag)
{
    server_method(server, 3, 60, 60, "sqbss", consumer, tag, N(0), "gateway", "A");
}

void hostile_message(sp_server *server, const void *properties, size_t length)
{
    static uint8_t header[1 << 17];
    memcpy(header, HEADER_OF_1, 12);
    memcpy(header + 12, properties, length);
    hostile_deliver(server, "s0.1", 1);
    server_frame(server, 2, 3, header, 12 + length);
    server_frame(server, 3, 3, "x", 1);
}

size_t hostile_nest(uint8_t *out, char kind, size_t depth)
{
    size_t level = kind == 'F' ? 6 : 5;
    size_t at = 0;
    size_t rest = depth * level;
    for (size_t i = 0; i <= depth; i++, rest -= level) {
        uint8_t size[4] = {(uint8_t)(rest >> 24), (uint8_t)(rest >> 16), (uint8_t)(rest >> 8), (uint8_t)rest};
        memcpy(out + at, size, 4);
        at += 4;
        if (i < depth && kind == 'F')
            out[at++] = 0;
        if (i < depth)
            out[at++] = (uint8_t)kind;
    }
    return at;
}

void hostile_gave_up(const sp_server *server)
{
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 1);
}

/* ---- The play ---- */

static int complain(int wrong, const sp_hostile *each, int split, const char *what)
{
    if (wrong)
        print_message("# %s%s: \"%s\", expected: %d %d %s\n", each->name, split ? ", byte by byte" : "", what,
                      each->code, each->error, each->says);
    return wrong;
}

/* 1 or more when it was not as it should be; says how. */
static int play_lost(const sp_hostile *each, int split)
{
    char expected[64];
    int wrong = 0;
    sp_server *server = hostile_scene(0);
    snprintf(expected, sizeof expected, "DISCONNECTED 0 %d %d ", each->code, each->error);
    hostile_reach(server, each->stage);
    server->events.count = 0;
    server->split = split;
    size_t before = hostile_memory();
    each->act(server);
    size_t after = hostile_memory();
    server->split = 0;
    hostile_end(server);
    const char *event = server_last(&server->events, "DISCONNECTED");
    wrong += complain(strncmp(event, expected, strlen(expected)) != 0 || !strstr(event, each->says), each,
                      split, event);
    wrong += complain(server_count(&server->events, "DISCONNECTED") != 1, each, split, "not lost once");
    wrong += complain(after > before && after - before > MEMORY_MOST, each, split, "too much memory is held");
    hostile_recover(server);
    server_free(server);
    return wrong;
}

int hostile_lost(const sp_hostile *cases, size_t count, int split)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += play_lost(&cases[i], split);
    return wrong;
}

static int play_survived(const sp_survived *each, int split)
{
    sp_server *server = hostile_scene(0);
    hostile_reach(server, AT_READY);
    server_forget(server);
    server->events.count = 0;
    server->split = split;
    size_t before = hostile_memory();
    each->act(server);
    size_t after = hostile_memory();
    server->split = 0;
    const char *event = server->events.count ? server->events.line[server->events.count - 1] : "";
    const char *wrote = server->written.count ? server->written.line[server->written.count - 1] : "";
    int fine = each->event
                   ? strncmp(event, each->event, strlen(each->event)) == 0 && strstr(event, each->says)
                   : !*event;
    fine = fine && strcmp(wrote, each->wrote) == 0 && server_count(&server->events, "DISCONNECTED") == 0 &&
           spectacles_broker_state(server->broker) == SPECTACLES_BROKER_READY &&
           (after < before || after - before < MEMORY_MOST);
    if (!fine)
        print_message("# %s%s: \"%s\", wrote \"%s\"\n", each->name, split ? ", byte by byte" : "", event,
                      wrote);
    server_eof(server);
    hostile_recover(server);
    server_free(server);
    return !fine;
}

int hostile_survived(const sp_survived *cases, size_t count, int split)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += play_survived(&cases[i], split);
    return wrong;
}
