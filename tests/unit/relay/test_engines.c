/*
 * What the relay is promised by a shard and by a broker, as scripts: what is called, what the peers do, and what is
 * answered and told then, in this order. They run over the real engines, and over the fakes that take their place in
 * the tests of the relay: so that these tests are about the engines that there are.
 */
#include "engines.h"

#include "core/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct step {
    const char *does;
    const char *then; /* what was answered, and then the events */
} step;

enum {
    DELIVERIES = 16
};

/* The library's numbers of deliveries, in their order. */
static struct {
    uint64_t numbers[DELIVERIES];
    size_t count;
} deliveries;

void engines_keep_delivery(uint64_t delivery)
{
    assert_true(deliveries.count < DELIVERIES);
    deliveries.numbers[deliveries.count++] = delivery;
}

static uint64_t delivery_of(uint64_t place)
{
    assert_in_range(place, 1, deliveries.count);
    return deliveries.numbers[place - 1];
}

/* ---- What is told ---- */

static char told[ENGINES_TEXT]; /* by the step */

void engines_tell(const char *format, ...)
{
    va_list args;
    size_t length = strlen(told);
    if (length > 0)
        length += (size_t)snprintf(told + length, ENGINES_TEXT - length, "; ");
    va_start(args, format);
    int more = vsnprintf(told + length, ENGINES_TEXT - length, format, args);
    va_end(args);
    assert_true(more >= 0 && length + (size_t)more < ENGINES_TEXT);
}

void engines_tell_shard(const spectacles_shard_event *event)
{
    switch (event->type) {
    case SPECTACLES_SHARD_EVENT_DISPATCH:
        engines_tell("DISPATCH %u %.*s", (unsigned)event->seq, (int)event->name_length, event->name);
        return;
    case SPECTACLES_SHARD_EVENT_SENT:
    case SPECTACLES_SHARD_EVENT_UNSENT:
        engines_tell("%s %u", spectacles_shard_event_type_name(event->type), (unsigned)event->ticket);
        return;
    case SPECTACLES_SHARD_EVENT_GAP:
        engines_tell("GAP %u %s", (unsigned)event->seq, event->session_id);
        return;
    case SPECTACLES_SHARD_EVENT_DISCONNECTED:
        engines_tell(event->hold_until > engines_now() ? "DISCONNECTED held" : "DISCONNECTED");
        return;
    case SPECTACLES_SHARD_EVENT_CONNECTING:
    case SPECTACLES_SHARD_EVENT_LATENCY:
    case SPECTACLES_SHARD_EVENT_STATE:
        return;
    default:
        engines_tell("%s", spectacles_shard_event_type_name(event->type));
    }
}

void engines_tell_broker(const spectacles_broker_event *event)
{
    const char *name = spectacles_broker_event_type_name(event->type);
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        engines_keep_delivery(event->delivery);
        engines_tell("%s %u %s", name, event->subscription, event->key);
        return;
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
        engines_tell("%s %u", name, (unsigned)event->tag);
        return;
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_FAILED:
        assert_true(event->text && *event->text);
        engines_tell("%s %u %u", name, (unsigned)event->tag, (unsigned)event->code);
        return;
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        engines_tell("%s %u", name, event->subscription);
        return;
    case SPECTACLES_BROKER_EVENT_CONNECTING:
        return;
    default:
        engines_tell("%s", name);
    }
}

/* ---- What is called ---- */

static void tell_error(int error)
{
    engines_tell("%s", spectacles_error_name(error));
}

static void identify(void)
{
    tell_error(spectacles_shard_identify(engines_shard(), engines_now()));
}

static void send(void)
{
    static const char d[] =
        "{\"guild_id\":\"1\",\"channel_id\":null,\"self_mute\":false,\"self_deaf\":false}";
    uint64_t ticket = 0;
    int error =
        spectacles_shard_send(engines_shard(), 4, (const uint8_t *)d, sizeof d - 1, engines_now(), &ticket);
    if (error == SPECTACLES_OK)
        engines_tell("%u", (unsigned)ticket);
    else
        tell_error(error);
}

static void commit(uint64_t number)
{
    tell_error(spectacles_shard_commit(engines_shard(), number));
}

static void session(void)
{
    spectacles_session out = {.size = sizeof out};
    int error = spectacles_shard_session(engines_shard(), &out);
    if (error == SPECTACLES_OK)
        engines_tell("%s %u", out.session_id, (unsigned)out.seq);
    else
        tell_error(error);
}

static void close_shard(void)
{
    tell_error(spectacles_shard_close(engines_shard(), 1001, engines_now()));
}

static void reconnect(void)
{
    tell_error(spectacles_shard_reconnect(engines_shard(), engines_now()));
}

static void hold_off(uint64_t number)
{
    tell_error(spectacles_shard_hold_off(engines_shard(), engines_now() + number));
}

static void state(void)
{
    engines_tell("%s", spectacles_shard_state_name(spectacles_shard_state(engines_shard())));
}

/* The key of a message is its tag, and its body is as long as the tag and one byte more. */
static void publish(uint64_t number)
{
    char key[20];
    uint64_t tag = 0;
    spectacles_message message;
    snprintf(key, sizeof key, "%u", (unsigned)number);
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    message.key = key;
    message.key_length = strlen(key);
    message.body = (const uint8_t *)"\"........";
    message.body_length = (size_t)number + 1;
    message.format = SPECTACLES_FORMAT_RAW;
    int error = spectacles_broker_publish(engines_broker(), &message, &tag);
    if (error == SPECTACLES_OK)
        engines_tell("%u", (unsigned)tag);
    else
        tell_error(error);
}

static void room(void)
{
    engines_tell("%d", spectacles_broker_room(engines_broker()));
}

static void subscribe(const char *word)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = word;
    subscription.event_length = strlen(word);
    engines_tell("%d", spectacles_broker_subscribe(engines_broker(), &subscription));
}

static void unsubscribe(uint64_t number)
{
    tell_error(spectacles_broker_unsubscribe(engines_broker(), (uint32_t)number));
}

static void ack(uint64_t number)
{
    engines_tell("%d", spectacles_broker_ack(engines_broker(), delivery_of(number)));
}

static void reject(uint64_t number)
{
    engines_tell("%d", spectacles_broker_reject(engines_broker(), delivery_of(number), 0));
}

static void requeue(uint64_t number)
{
    engines_tell("%d", spectacles_broker_reject(engines_broker(), delivery_of(number), 1));
}

static void close_broker(void)
{
    tell_error(spectacles_broker_close(engines_broker(), engines_now()));
}

static void holds(uint64_t number)
{
    engines_tell("%d", spectacles_broker_holds(engines_broker(), delivery_of(number)));
}

/* ---- Running ---- */

bool engines_run(const engines_deed *deeds, size_t count, const char *name, uint64_t number, const char *word)
{
    const engines_deed *deed = NULL;
    for (size_t i = 0; i < count && !deed; i++)
        deed = strcmp(deeds[i].name, name) == 0 ? &deeds[i] : NULL;
    if (!deed)
        return false;
    if (deed->plain)
        deed->plain();
    else if (deed->numbered)
        deed->numbered(number);
    else if (deed->worded)
        deed->worded(word);
    else
        deed->both(number, word);
    return true;
}

static bool call(const char *deed, uint64_t number, const char *word)
{
    static const engines_deed calls[] = {
        {"identify", .plain = identify},
        {"send", .plain = send},
        {"commit", .numbered = commit},
        {"session", .plain = session},
        {"state", .plain = state},
        {"publish", .numbered = publish},
        {"room", .plain = room},
        {"subscribe", .worded = subscribe},
        {"unsubscribe", .numbered = unsubscribe},
        {"ack", .numbered = ack},
        {"reject", .numbered = reject},
        {"requeue", .numbered = requeue},
        {"holds", .numbered = holds},
        {"close shard", .plain = close_shard},
        {"close broker", .plain = close_broker},
        {"reconnect", .plain = reconnect},
        {"hold off", .numbered = hold_off},
    };
    return engines_run(calls, sizeof calls / sizeof calls[0], deed, number, word);
}

/* "rabbit delivers 0 K" is the deed "rabbit delivers", the number 0 and the word K. */
static void take_step(const char *does)
{
    char deed[80];
    uint64_t number = 0;
    const char *word = "";
    snprintf(deed, sizeof deed, "%s", does);
    char *digits = strpbrk(deed, "0123456789");
    if (digits) {
        char *end;
        number = strtoull(digits, &end, 10);
        word = *end == ' ' ? end + 1 : end;
        digits[-1] = '\0';
    }
    told[0] = '\0';
    assert_true(call(deed, number, word) || engines_do(deed, number, word));
    engines_pull();
}

static void run(const step *steps, size_t count)
{
    deliveries.count = 0;
    engines_begin();
    for (size_t i = 0; i < count; i++) {
        take_step(steps[i].does);
        if (strcmp(told, steps[i].then) != 0)
            fail_msg("step %u, \"%s\": \"%s\", and not \"%s\"", (unsigned)i + 1, steps[i].does, told,
                     steps[i].then);
    }
    engines_end();
}

#define RUN(...)                                                                                             \
    do {                                                                                                     \
        static const step steps[] = {__VA_ARGS__};                                                           \
        run(steps, sizeof steps / sizeof steps[0]);                                                          \
    } while (0)

/* ---- The shard ---- */

static void a_shard_identifies_when_it_is_told_to(void **unused)
{
    (void)unused;
    RUN({"identify", "E_STATE"}, {"session", "E_STATE"}, {"gateway accepts", "IDENTIFY"},
        {"state", "IDENTIFY_WAIT"}, {"session", "E_STATE"}, {"identify", "OK"}, {"identify", "E_STATE"},
        {"state", "IDENTIFYING"}, {"gateway readies", "READY; DISPATCH 1 READY"}, {"state", "READY"},
        {"session", "abc 0"}, {"identify", "E_STATE"});
}

static void what_asked_to_identify_may_have_ended(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"gateway cuts", "DISCONNECTED"}, {"identify", "E_STATE"},
        {"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"});
}

static void a_commit_moves_the_session(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"gateway dispatches 2 A", "DISPATCH 2 A"}, {"gateway dispatches 3 B", "DISPATCH 3 B"},
        {"commit 1", "OK"}, {"session", "abc 1"}, {"commit 3", "OK"}, {"session", "abc 3"},
        {"gateway cuts", "DISCONNECTED"}, {"session", "abc 3"});
}

static void what_was_not_committed_comes_again(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"gateway dispatches 2 A", "DISPATCH 2 A"}, {"gateway dispatches 3 B", "DISPATCH 3 B"},
        {"commit 2", "OK"}, {"gateway cuts", "DISCONNECTED"}, {"state", "BACKOFF"}, {"gateway accepts", ""},
        {"state", "RESUMING"}, {"gateway dispatches 3 B", "DISPATCH 3 B"}, {"commit 3", "OK"},
        {"gateway resumes 4", "RESUMED; DISPATCH 4 RESUMED"}, {"state", "READY"}, {"session", "abc 3"});
}

static void a_packet_is_sent_when_the_socket_has_it(void **unused)
{
    (void)unused;
    RUN({"send", "E_STATE"}, {"gateway accepts", "IDENTIFY"}, {"send", "E_STATE"}, {"identify", "OK"},
        {"send", "E_STATE"}, {"gateway readies", "READY; DISPATCH 1 READY"}, {"send", "1"}, {"send", "2"},
        {"gateway reads", "SENT 1; SENT 2"}, {"send", "3"}, {"gateway reads", "SENT 3"});
}

static void a_packet_that_was_cut_is_unsent(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"send", "1"}, {"gateway reads", "SENT 1"}, {"send", "2"}, {"send", "3"},
        {"gateway cuts", "UNSENT 2; UNSENT 3; DISCONNECTED"}, {"send", "E_STATE"}, {"gateway accepts", ""},
        {"send", "E_STATE"}, {"gateway resumes 2", "RESUMED; DISPATCH 2 RESUMED"}, {"send", "4"});
}

static void a_lost_session_is_told_once(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"gateway dispatches 2 A", "DISPATCH 2 A"}, {"commit 1", "OK"},
        {"gateway invalidates", "DISCONNECTED; GAP 1 abc"}, {"session", "E_STATE"}, {"commit 2", "E_STATE"},
        {"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"session", "abc 0"});
}

static void a_limit_holds_off(void **unused)
{
    (void)unused;
    RUN({"gateway limits", "DISCONNECTED held"}, {"state", "BACKOFF"}, {"identify", "E_STATE"});
}

static void a_shard_that_reconnects_keeps_its_session(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"commit 1", "OK"}, {"reconnect", "OK"}, {"state", "CLOSING"}, {"send", "E_STATE"},
        {"gateway cuts", "DISCONNECTED"}, {"session", "abc 1"}, {"gateway accepts", ""},
        {"gateway resumes 2", "RESUMED; DISPATCH 2 RESUMED"});
}

static void a_shard_that_is_closed_says_so_last(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"identify", "OK"}, {"gateway readies", "READY; DISPATCH 1 READY"},
        {"send", "1"}, {"close shard", "OK"}, {"state", "CLOSING"}, {"send", "E_STATE"},
        {"gateway cuts", "UNSENT 1; CLOSED"}, {"state", "CLOSED"}, {"identify", "E_STATE"});
}

static void a_shard_that_is_held_off_waits(void **unused)
{
    (void)unused;
    RUN({"gateway accepts", "IDENTIFY"}, {"gateway cuts", "DISCONNECTED"}, {"hold off 60000", "OK"},
        {"state", "BACKOFF"}, {"gateway accepts", "IDENTIFY"}, {"identify", "OK"});
}

/* ---- The broker ---- */

static void a_publish_waits_for_its_confirm(void **unused)
{
    (void)unused;
    RUN({"publish 1", "1"}, {"rabbit accepts", "READY"}, {"publish 2", "2"},
        {"rabbit confirms 1", "CONFIRMED 1"}, {"rabbit confirms 2", "CONFIRMED 2"}, {"publish 3", "3"},
        {"rabbit confirms 3", "CONFIRMED 3"});
}

static void confirms_come_in_any_order_and_together(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"publish 1", "1"}, {"publish 2", "2"}, {"publish 3", "3"},
        {"rabbit confirms 2", "CONFIRMED 2"}, {"rabbit confirms all 3", "CONFIRMED 1; CONFIRMED 3"});
}

static void a_full_window_has_no_room(void **unused)
{
    (void)unused;
    RUN({"room", "1"}, {"rabbit accepts", "READY"}, {"publish 1", "1"}, {"publish 2", "2"}, {"room", "1"},
        {"publish 3", "3"}, {"room", "0"}, {"rabbit confirms 2", "CONFIRMED 2"}, {"room", "1"},
        {"publish 4", "4"}, {"room", "0"}, {"rabbit returns 3", "RETURNED 3 312"}, {"room", "1"});
}

static void what_no_queue_takes_is_returned(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"publish 1", "1"}, {"publish 2", "2"},
        {"rabbit returns 1", "RETURNED 1 312"}, {"rabbit confirms 2", "CONFIRMED 2"});
}

static void what_is_too_large_has_failed(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"publish 1", "1"}, {"publish 2", "2"}, {"publish 3", "3"},
        {"rabbit refuses 2", "FAILED 2 406"}, {"room", "1"}, {"rabbit confirms 1", "CONFIRMED 1"},
        {"rabbit confirms 3", "CONFIRMED 3"});
}

static void what_ends_connections_has_failed(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"publish 1", "1"}, {"publish 2", "2"},
        {"rabbit confirms 1", "CONFIRMED 1"}, {"publish 3", "3"},
        {"rabbit chokes on 2", "FAILED 2 541; DISCONNECTED"}, {"room", "1"}, {"rabbit accepts", "READY"},
        {"rabbit confirms 3", "CONFIRMED 3"});
}

static void an_alarm_stops_confirms_and_not_publishes(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"rabbit blocks", "BLOCKED"}, {"publish 1", "1"}, {"room", "1"},
        {"rabbit unblocks", "UNBLOCKED"}, {"rabbit confirms 1", "CONFIRMED 1"});
}

static void what_was_not_confirmed_is_published_again(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"publish 1", "1"}, {"publish 2", "2"},
        {"rabbit confirms 2", "CONFIRMED 2"}, {"rabbit cuts", "DISCONNECTED"}, {"publish 3", "3"},
        {"rabbit accepts", "READY"}, {"rabbit confirms all 3", "CONFIRMED 1; CONFIRMED 3"});
}

static void a_delivery_is_settled_once(void **unused)
{
    (void)unused;
    RUN({"subscribe 0 Q0", "0"}, {"subscribe 1 Q1", "1"},
        {"rabbit accepts", "SUBSCRIBED 0; SUBSCRIBED 1; READY"}, {"rabbit delivers 0 A", "MESSAGE 0 A"},
        {"rabbit delivers 1 B", "MESSAGE 1 B"}, {"rabbit delivers 0 C", "MESSAGE 0 C"}, {"holds 1", "1"},
        {"ack 1", "1"}, {"holds 1", "0"}, {"reject 2", "1"}, {"holds 2", "0"}, {"requeue 3", "1"},
        {"holds 3", "0"});
}

static void a_queue_keeps_its_subscription_until_it_is_left(void **unused)
{
    (void)unused;
    RUN({"subscribe 0 Q0", "0"}, {"subscribe 1 Q1", "1"}, {"subscribe 0 Q0", "0"},
        {"unsubscribe 0", "OK; UNSUBSCRIBED 0"}, {"unsubscribe 7", "E_INVAL"},
        {"rabbit accepts", "SUBSCRIBED 1; READY"});
}

static void deliveries_go_with_their_connection(void **unused)
{
    (void)unused;
    RUN({"subscribe 0 Q0", "0"}, {"rabbit accepts", "SUBSCRIBED 0; READY"},
        {"rabbit delivers 0 A", "MESSAGE 0 A"}, {"rabbit delivers 0 B", "MESSAGE 0 B"}, {"ack 1", "1"},
        {"rabbit cuts", "DISCONNECTED"}, {"holds 2", "0"}, {"ack 2", "0"},
        {"rabbit accepts", "SUBSCRIBED 0; READY"}, {"rabbit delivers 0 B", "MESSAGE 0 B"}, {"holds 3", "1"},
        {"holds 2", "0"}, {"reject 3", "1"});
}

static void deliveries_go_with_their_channel(void **unused)
{
    (void)unused;
    RUN({"subscribe 0 Q0", "0"}, {"rabbit accepts", "SUBSCRIBED 0; READY"},
        {"rabbit delivers 0 A", "MESSAGE 0 A"}, {"rabbit times out", "UNSUBSCRIBED 0; SUBSCRIBED 0"},
        {"holds 1", "0"}, {"ack 1", "0"}, {"rabbit delivers 0 A", "MESSAGE 0 A"}, {"ack 2", "1"});
}

static void a_broker_that_is_closed_says_so_last(void **unused)
{
    (void)unused;
    RUN({"rabbit accepts", "READY"}, {"publish 1", "1"}, {"close broker", "OK"}, {"room", "0"},
        {"publish 2", "E_STATE"}, {"rabbit confirms 1", "CONFIRMED 1"}, {"rabbit cuts", "CLOSED"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shard_identifies_when_it_is_told_to),
        cmocka_unit_test(what_asked_to_identify_may_have_ended),
        cmocka_unit_test(a_commit_moves_the_session),
        cmocka_unit_test(what_was_not_committed_comes_again),
        cmocka_unit_test(a_packet_is_sent_when_the_socket_has_it),
        cmocka_unit_test(a_packet_that_was_cut_is_unsent),
        cmocka_unit_test(a_lost_session_is_told_once),
        cmocka_unit_test(a_limit_holds_off),
        cmocka_unit_test(a_shard_that_reconnects_keeps_its_session),
        cmocka_unit_test(a_shard_that_is_closed_says_so_last),
        cmocka_unit_test(a_shard_that_is_held_off_waits),
        cmocka_unit_test(a_publish_waits_for_its_confirm),
        cmocka_unit_test(confirms_come_in_any_order_and_together),
        cmocka_unit_test(a_full_window_has_no_room),
        cmocka_unit_test(what_no_queue_takes_is_returned),
        cmocka_unit_test(what_is_too_large_has_failed),
        cmocka_unit_test(what_ends_connections_has_failed),
        cmocka_unit_test(an_alarm_stops_confirms_and_not_publishes),
        cmocka_unit_test(what_was_not_confirmed_is_published_again),
        cmocka_unit_test(a_delivery_is_settled_once),
        cmocka_unit_test(a_queue_keeps_its_subscription_until_it_is_left),
        cmocka_unit_test(deliveries_go_with_their_connection),
        cmocka_unit_test(deliveries_go_with_their_channel),
        cmocka_unit_test(a_broker_that_is_closed_says_so_last),
    };
    return cmocka_run_group_tests_name("relay_engines", tests, NULL, NULL);
}
