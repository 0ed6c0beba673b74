/* Queues with names of their own, queues that RabbitMQ names, and the type of the exchange. */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))

static spectacles_subscription wanted(const char *event, const char *queue, uint32_t exclusive)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event;
    subscription.event_length = event ? strlen(event) : 0;
    subscription.queue = queue;
    subscription.queue_length = queue ? strlen(queue) : 0;
    subscription.exclusive = exclusive;
    return subscription;
}

static int subscribe(sp_server *server, const char *event, const char *queue, uint32_t exclusive)
{
    spectacles_subscription subscription = wanted(event, queue, exclusive);
    int number = spectacles_broker_subscribe(server->broker, &subscription);
    server_pull(server);
    return number;
}

static void ends_well(sp_server *server)
{
    server_pull(server);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
    server_free(server);
}

/* ---- A name of its own ---- */

static void a_queue_is_named_and_not_bound(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    assert_int_equal(subscribe(server, NULL, "bot:lease", 0), 0);
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare bot:lease"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.bind"), 0);
    server_free(server);

    server = server_new(NULL);
    subscribe(server, NULL, "bot:lease", 0);
    subscribe(server, "A", NULL, 0);
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.bind"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.bind gateway:A gateway A"), 1);
    assert_int_equal(server_count(&server->written, "3 basic.consume bot:lease s0.1"), 1);
    assert_string_equal(server_last(&server->events, "SUBSCRIBED 0"), "SUBSCRIBED 0 0 0 bot:lease");
    assert_int_equal(subscribe(server, NULL, "bot:lease", 0), 0);
    ends_well(server);
}

static void a_queue_is_named_and_bound(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, "A", "mine", 0);
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare mine"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.bind mine gateway A"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 mine"), 1);
    ends_well(server);
}

static void it_stands_again_after_each_loss(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, NULL, "bot:lease", 0);
    server_ready(server);
    server_eof(server);
    server->events.count = 0;
    server_ready(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 bot:lease"), 1);
    /* Somebody deletes the queue: it is declared anew a second later. */
    server_forget(server);
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0 0 0"), 1);
    server_wait(server, 1000);
    assert_int_equal(server_count(&server->written, "1 queue.declare bot:lease"), 1);
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 bot:lease"), 2);
    ends_well(server);
}

/* It ends while it is declared: there is no answer to a binding that would come. */
static void it_ends_at_the_answer_of_its_declaration(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    subscribe(server, NULL, "bot:lease", 0);
    assert_int_equal(spectacles_broker_unsubscribe(server->broker, 0), SPECTACLES_OK);
    server_pull(server);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 0);
    server_method(server, 1, 50, 11, "sll", "bot:lease", N(0), N(0));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
    assert_int_equal(server_count(&server->written, "3 basic.consume"), 0);
    ends_well(server);
}

/* Who hands a slot over leaves the queue first, and then gives back what it holds. */
static void what_is_held_goes_back_behind_the_end(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, NULL, "bot:lease", 0);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "bot:lease", "record", 10);
    uint64_t held = server->delivery;
    server_forget(server);
    spectacles_broker_unsubscribe(server->broker, 0);
    assert_int_equal(spectacles_broker_reject(server->broker, held, 1), 1);
    server_pull(server);
    assert_string_equal(server->written.line[0], "3 basic.cancel s0.1");
    assert_string_equal(server->written.line[1], "3 basic.reject 1 requeue");
    server_method(server, 3, 60, 31, "s", "s0.1");
    ends_well(server);
}

/* ---- A name that RabbitMQ chooses ---- */

static void an_exclusive_queue_is_named_by_the_broker(void **state)
{
    (void)state;
    static const char classic[] = "\x0cx-queue-typeS\0\0\0\7classic";
    spectacles_broker_config config;
    server_config(&config);
    config.queue_type = SPECTACLES_QUEUE_QUORUM;
    sp_server *server = server_new(&config);
    assert_int_equal(subscribe(server, "hello", NULL, 1), 0);
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare  transient exclusive"), 1);
    assert_int_equal(server->arguments_length, sizeof classic - 1);
    assert_memory_equal(server->arguments, classic, sizeof classic - 1);
    assert_int_equal(server_count(&server->written, "1 queue.bind  gateway hello"), 1);
    assert_int_equal(server_count(&server->written, "3 basic.consume amq.gen-1 s0.1"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 amq.gen-1"), 1);
    ends_well(server);
}

static void it_has_another_name_on_each_connection(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, "hello", NULL, 1);
    server_ready(server);
    server_eof(server);
    server->events.count = 0;
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare  transient exclusive"), 1);
    assert_int_equal(server_count(&server->written, "3 basic.consume amq.gen-2 s0.1"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 amq.gen-2"), 1);
    ends_well(server);
}

static void it_is_looked_for(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, "hello", NULL, 1);
    server_subscribe(server, "NAMED", 1);
    server_ready(server);
    for (int i = 0; i < 3; i++) {
        server_forget(server);
        server_wait(server, 5000);
        assert_int_equal(server_count(&server->written, "1 queue.declare"), 1);
        assert_int_equal(server_count(&server->written, "1 queue.declare amq.gen-1 passive"), 1);
        server_method(server, 1, 50, 11, "sll", "amq.gen-1", N(0), N(1));
    }
    assert_int_equal(server_count(&server->events, "SUBSCRIBED"), 2);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 0);
    ends_well(server);
}

/* RabbitMQ has dropped it, and cancels no consumer. */
static void another_one_takes_the_place_of_one_that_is_gone(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, "hello", NULL, 1);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "hello", "body", 100);
    server_wait(server, 5000);
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no queue 'amq.gen-1' in vhost '/'", N(50),
                  N(10));
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->written, "3 basic.cancel s0.1 nowait"), 1);
    assert_int_equal(server_count(&server->written, "3 basic.reject 1 requeue"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.declare  transient exclusive"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.bind  gateway hello"), 1);
    assert_int_equal(server_count(&server->written, "3 basic.consume amq.gen-2 s0.2"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0 404"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 amq.gen-2"), 1);
    ends_well(server);
}

/* The owner has ended the subscription, and another one has its number: the answer is not for that one. */
static void who_has_left_hears_nothing_of_it(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, "hello", NULL, 1);
    server_ready(server);
    server_wait(server, 5000);
    spectacles_broker_unsubscribe(server->broker, 0);
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no queue 'amq.gen-1' in vhost '/'", N(50),
                  N(10));
    server_answer(server);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 0);
    ends_well(server);
}

static void each_subscription_has_a_queue_of_its_own(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    assert_int_equal(subscribe(server, "hello", NULL, 1), 0);
    assert_int_equal(subscribe(server, "hello", NULL, 1), 1);
    server_ready(server);
    assert_int_equal(subscribe(server, "hello", NULL, 1), 2);
    server_answer(server);
    server_answer(server);
    for (int i = 0; i < 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "SUBSCRIBED %d 0 0 amq.gen-%d", i, i + 1);
        assert_int_equal(server_count(&server->events, line), 1);
    }
    ends_well(server);
}

/* The queue is still there, because the connection is: nothing of what is in it is lost. */
static void it_is_consumed_again_when_the_channel_has_ended(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    subscribe(server, "hello", NULL, 1);
    server_ready(server);
    server_forget(server);
    server_method(server, 3, 20, 40, "wsww", N(406), "timed out", N(0), N(0));
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 amq.gen-1"), 2);
    ends_well(server);
}

static void a_name_that_is_no_name_is_not_taken(void **state)
{
    (void)state;
    static const char *const names[] = {"", "amq\x01gen", "amq.\xff"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        subscribe(server, "hello", NULL, 1);
        server_method(server, 1, 50, 11, "sll", names[i], N(0), N(0));
        assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_CLOSING);
        server_eof(server);
        assert_int_equal(server_count(&server->events, "DISCONNECTED"), 1);
        server_free(server);
    }
}

static void a_refusal_names_what_is_known(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    subscribe(server, "hello", NULL, 1);
    server_method(server, 1, 20, 40, "wsww", N(403),
                  "ACCESS_REFUSED - configure access to queue 'amq.gen-x' in vhost '/' refused for user 'u'",
                  N(50), N(10));
    assert_non_null(
        strstr(server_last(&server->events, "UNSUBSCRIBED 0 403 -10"), "queue 'amq.gen-*' can not be used"));
    ends_well(server);
}

/* ---- What cannot be ---- */

static void refused(spectacles_subscription subscription, int error, const char *why)
{
    sp_server *server = server_new(NULL);
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), error);
    assert_non_null(strstr(spectacles_broker_last_error(server->broker), why));
    server_ready(server);
    assert_int_equal(server_count(&server->written, "1 queue.declare"), 0);
    ends_well(server);
}

static void what_excludes_itself_is_refused(void **state)
{
    (void)state;
    char longest[257] = "";
    memset(longest, 'q', sizeof longest - 1);
    spectacles_subscription subscription = wanted("A", "mine", 1);
    refused(subscription, SPECTACLES_E_INVAL, "exclusive");
    subscription = wanted("A", NULL, 1);
    subscription.declare_only = 1;
    refused(subscription, SPECTACLES_E_INVAL, "declare_only");
    refused(wanted(NULL, NULL, 1), SPECTACLES_E_INVAL, "needs an event");
    refused(wanted(NULL, NULL, 0), SPECTACLES_E_INVAL, "named");
    subscription = wanted("A", "mine", 0);
    subscription.subgroup = "s";
    subscription.subgroup_length = 1;
    refused(subscription, SPECTACLES_E_INVAL, "subgroup");
    refused(wanted(NULL, "bell\a", 0), SPECTACLES_E_INVAL, "text");
    refused(wanted("\xff", "mine", 0), SPECTACLES_E_INVAL, "text");
    refused(wanted(NULL, longest, 0), SPECTACLES_E_TOOBIG, "255");
    refused(wanted(longest, NULL, 1), SPECTACLES_E_TOOBIG, "255");
}

static void who_may_not_declare_has_no_exclusive_queue(void **state)
{
    (void)state;
    for (uint32_t declare = SPECTACLES_DECLARE_PASSIVE; declare <= SPECTACLES_DECLARE_NOTHING; declare++) {
        spectacles_broker_config config;
        server_config(&config);
        config.declare = declare;
        sp_server *server = server_new(&config);
        assert_int_equal(subscribe(server, "hello", NULL, 1), SPECTACLES_E_INVAL);
        assert_int_equal(subscribe(server, NULL, "bot:lease", 0), 0);
        server_ready(server);
        assert_int_equal(server_count(&server->events, "SUBSCRIBED 0 0 0 bot:lease"), 1);
        assert_int_equal(server_count(&server->written, "1 queue.declare bot:lease passive"),
                         declare == SPECTACLES_DECLARE_PASSIVE);
        ends_well(server);
    }
}

/* ---- The exchange ---- */

static void the_exchange_has_the_type_that_is_asked_for(void **state)
{
    (void)state;
    static const char *const types[] = {"direct", "fanout"};
    for (uint32_t type = 0; type < 2; type++) {
        char line[64];
        spectacles_broker_config config;
        server_config(&config);
        config.exchange_type = type;
        sp_server *server = server_new(&config);
        server_ready(server);
        snprintf(line, sizeof line, "1 exchange.declare gateway %s", types[type]);
        assert_int_equal(server_count(&server->written, line), 1);
        ends_well(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_is_named_and_not_bound),
        cmocka_unit_test(a_queue_is_named_and_bound),
        cmocka_unit_test(it_stands_again_after_each_loss),
        cmocka_unit_test(it_ends_at_the_answer_of_its_declaration),
        cmocka_unit_test(what_is_held_goes_back_behind_the_end),
        cmocka_unit_test(an_exclusive_queue_is_named_by_the_broker),
        cmocka_unit_test(it_is_looked_for),
        cmocka_unit_test(another_one_takes_the_place_of_one_that_is_gone),
        cmocka_unit_test(who_has_left_hears_nothing_of_it),
        cmocka_unit_test(it_has_another_name_on_each_connection),
        cmocka_unit_test(each_subscription_has_a_queue_of_its_own),
        cmocka_unit_test(it_is_consumed_again_when_the_channel_has_ended),
        cmocka_unit_test(a_name_that_is_no_name_is_not_taken),
        cmocka_unit_test(a_refusal_names_what_is_known),
        cmocka_unit_test(what_excludes_itself_is_refused),
        cmocka_unit_test(who_may_not_declare_has_no_exclusive_queue),
        cmocka_unit_test(the_exchange_has_the_type_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
