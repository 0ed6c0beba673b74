/*
 * What takes the messages of a made-up life: RabbitMQ, behind the broker of events; or the owner of a relay without
 * brokers, who acknowledges them in any order, and now and then twice. Called by test_promise.c.
 */
#include "promise.h"

#include <stdio.h>

enum {
    STRIKES = 5 /* connections in a row that end right behind one publish, until the broker gives it up */
};

uint32_t promise_chance(uint32_t below)
{
    world.random ^= world.random << 13;
    world.random ^= world.random >> 17;
    world.random ^= world.random << 5;
    return world.random % below;
}

/* ---- What has arrived ---- */

bool promise_is_open(const struct published *each)
{
    return each->tag && each->state == OPEN;
}

/* RabbitMQ takes publishes in their order, and comes no further than one over which it ends the connection. */
static bool is_culprit(const struct published *each)
{
    return !world.owner && promise_is_open(each) && strcmp(each->key, "E") == 0;
}

/* Of what was on its way the first part has reached the broker: all that stands before something it has answered. */
int promise_count_reached(void)
{
    int reached = 0;
    for (int i = 0; i < world.count && !is_culprit(&world.published[i]); i++) {
        const struct published *each = &world.published[i];
        if (!promise_is_open(each) || each->reached || (reached == i && promise_chance(4)))
            reached = i + 1;
    }
    return reached;
}

/* ---- The owner ---- */

/* The window is counted from the oldest message on that is not acknowledged. */
static bool is_in_window(uint64_t ticket)
{
    for (int i = 0; i < world.count; i++) {
        if (promise_is_open(&world.published[i]))
            return ticket - world.published[i].tag < WINDOW;
    }
    return true;
}

void promise_take_message(const spectacles_relay_event *event)
{
    spectacles_bytes *json;
    assert_true(is_in_window(event->ticket));
    struct published *out = &world.published[world.count++];
    assert_true(world.count < PUBLISHES);
    assert_int_equal(event->format, world.format);
    *out = (struct published){.tag = event->ticket};
    snprintf(out->key, sizeof out->key, "%s", event->name);
    snprintf(out->id, sizeof out->id, "%s", event->message_id);
    assert_int_equal(spectacles_bytes_new(&json), SPECTACLES_OK);
    assert_int_equal(spectacles_transcode(json, SPECTACLES_FORMAT_JSON, event->format, 0, event->body,
                                          event->body_length, NULL),
                     SPECTACLES_OK);
    snprintf(out->body, sizeof out->body, "%s", (const char *)spectacles_bytes_data(json));
    spectacles_bytes_free(json);
}

void promise_forget_messages(uint32_t shard)
{
    char session[16];
    int reached = promise_count_reached();
    snprintf(session, sizeof session, "s%u.", shard);
    for (int i = 0; i < world.count; i++) {
        struct published *each = &world.published[i];
        if (!promise_is_open(each) || strncmp(each->id, session, strlen(session)) != 0)
            continue;
        assert_int_equal(spectacles_relay_acknowledge(world.relay, each->tag), SPECTACLES_E_STATE);
        each->state = i < reached ? ARRIVED : REFUSED;
        each->tag = 0;
    }
}

static void acknowledge(struct published *each)
{
    each->state = ARRIVED;
    assert_int_equal(spectacles_relay_acknowledge(world.relay, each->tag), SPECTACLES_OK);
    if (promise_chance(4) == 0)
        assert_int_equal(spectacles_relay_acknowledge(world.relay, each->tag), SPECTACLES_E_STATE);
}

/* ---- RabbitMQ ---- */

static void settle(struct published *each)
{
    if (world.owner) {
        acknowledge(each);
        return;
    }
    bool gap = strcmp(each->key, spectacles_route_gap_key()) == 0;
    bool large = strcmp(each->key, "L") == 0;
    bool returned = gap && promise_chance(4) == 0;
    each->state = large || returned ? REFUSED : ARRIVED;
    fake_broker_event(&world.events,
                      large      ? SPECTACLES_BROKER_EVENT_FAILED
                      : returned ? SPECTACLES_BROKER_EVENT_RETURNED
                                 : SPECTACLES_BROKER_EVENT_CONFIRMED,
                      each->tag, 0);
}

/*
 * The end of a connection. What of the publishes had reached RabbitMQ stays there, and the broker publishes everything
 * again that was not confirmed.
 */
void promise_end_connection(void)
{
    if (world.owner)
        return;
    int reached = promise_count_reached();
    for (int i = 0; i < reached; i++)
        world.published[i].reached = true;
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_DISCONNECTED, 0, 0);
    world.broker_is_ready = false;
}

/* RabbitMQ ends the connection over a publish that is alone on its way. In the end the broker gives the publish up. */
static void strike(struct published *culprit)
{
    if (++world.strikes == STRIKES) {
        culprit->state = REFUSED;
        fake_failed(&world.events, culprit->tag, 541, CULPRIT_TEXT);
        world.strikes = 0;
    }
    promise_end_connection();
}

/* Settles open publishes in front of the first culprit, each with a chance of one in `one_in`; at most so many. */
static void settle_some(uint32_t one_in, int most)
{
    bool alone = true;
    for (int i = 0; i < world.count && most > 0 && world.broker_is_ready; i++) {
        struct published *each = &world.published[i];
        if (!promise_is_open(each) || world.events.queue.count >= FAKE_EVENTS / 2)
            continue;
        if (is_culprit(each)) {
            if (alone)
                strike(each);
            return;
        }
        alone = false;
        if (promise_chance(one_in) == 0) {
            settle(each);
            most--;
        }
    }
}

void promise_settle_one(void)
{
    settle_some(3, 1);
}

void promise_settle_all(void)
{
    settle_some(1, PUBLISHES);
}

/* RabbitMQ accepts a connection. Sometimes it drops the connection at once. */
void promise_connect_broker(bool drops)
{
    if (world.broker_is_ready || world.owner)
        return;
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_READY, 0, 0);
    world.broker_is_ready = true;
    if (drops)
        promise_end_connection();
}
