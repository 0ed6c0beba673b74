/* What RabbitMQ says when it refuses a queue or an exchange (texts of 3.10 and 4.3), and what a person is told. */
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))
#define QUEUE "queue 'gateway:A' in vhost '/'"

typedef struct refusal {
    int code;
    const char *reply;
    const char *says;
    const char *advises; /* NULL: nothing is said to be deleted */
} refusal;

static const char other_type[] =
    "ask for the type that the queue has with the argument x-queue-type, or declare passively; "
    "deleting it would lose its messages (406 ";

static const refusal refusals[] = {
    {406,
     "PRECONDITION_FAILED - inequivalent arg 'durable' for " QUEUE ": received 'true' but current is 'false'",
     "exists and differs in 'durable': it has 'false', and 'true' is asked for",
     "ask for what it has, or delete it with all that is in it (406 "},
    {406,
     "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for " QUEUE
     ": received none but current is the value '1000' of type 'long'",
     "differs in 'x-message-ttl': it has '1000', and none is asked for", "or delete it"},
    {406,
     "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for " QUEUE
     ": received the value '7' of type 'long' but current is none",
     "differs in 'x-message-ttl': it has none, and '7' is asked for", "or delete it"},
    /* Cut at 255 bytes, and hostile. */
    {406, "PRECONDITION_FAILED - inequivalent arg 'x' for " QUEUE ": received none but cur",
     "exists with other settings than are asked for", "or delete it"},
    {406, "PRECONDITION_FAILED - inequivalent arg 'x\x1b[31m", "exists with other settings", "or delete it"},
    /* A default queue type of the virtual host: nobody who subscribes has asked for it. */
    {406,
     "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for " QUEUE
     ": received the value 'quorum' of type 'longstr' but current is none",
     "differs in 'x-queue-type': it has 'classic', and 'quorum' is asked for by the virtual host's default "
     "queue "
     "type",
     other_type},
    {406,
     "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for " QUEUE
     ": received the value 'classic' of type 'longstr' but current is the value 'quorum' of type 'longstr'",
     "it has 'quorum', and 'classic' is asked for", other_type},
    {406,
     "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for " QUEUE
     ": received none but current is the value 'quorum' of type 'longstr'",
     "it has 'quorum', and none is asked for: ask for the type", other_type},
    {406, "PRECONDITION_FAILED - cannot declare queue 'gateway:A': queue limit in vhost '/' (3) is reached",
     "was not declared: the broker has as many queues as it may have; raise the limit", NULL},
    {406, "PRECONDITION_FAILED - cannot declare queue 'gateway:A': queue limit in cluster (3) is reached",
     "raise the limit", NULL},
    {406, "PRECONDITION_FAILED - invalid arg 'x-max-priority' for " QUEUE " of queue type quorum",
     "a queue of type 'quorum' does not take the argument 'x-max-priority': leave it out, or ask for another "
     "type with "
     "the argument x-queue-type (the virtual host's default chose this one)",
     NULL},
    {406, "PRECONDITION_FAILED - invalid arg 'x-message-ttl' for " QUEUE ": {unacceptable_type,longstr}",
     "was not declared: the broker does not take an argument's value, that of 'x-message-ttl'", NULL},
    {406, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in " QUEUE,
     "the broker does not take an argument's value", NULL},
    {406, "PRECONDITION_FAILED - something that no version has said so far", "can not be used", NULL},
    {406, "", "can not be used", NULL},
    {405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked " QUEUE,
     "can not be used (405 RESOURCE_LOCKED", NULL},
    /* It is there, and what it runs on is not. */
    {404, "NOT_FOUND - " QUEUE " process is stopped by supervisor", "exists, but its node is away", NULL},
    {404, "NOT_FOUND - " QUEUE " has crashed and failed to restart",
     "exists, but its node is away or it is stopped", NULL},
    {404, "NOT_FOUND - home node 'rabbit@b' of durable " QUEUE " is down or inaccessible",
     "exists, but its node is away", NULL},
    {404, "NOT_FOUND - failed to perform operation on " QUEUE " due to timeout",
     "exists, but its node is away", NULL},
    {404,
     "NOT_FOUND - failed to perform operation on " QUEUE
     ": its leader {'%2F_gateway:A',rabbit@b} may be stopping or being demoted",
     "exists, but its node is away", NULL},
    {404, "NOT_FOUND - no " QUEUE, "can not be used", NULL},
};

static int is_told(const refusal *each, uint32_t declare)
{
    spectacles_broker_config config;
    char begins[64];
    server_config(&config);
    config.declare = declare;
    sp_server *server = server_new(&config);
    server_ready(server);
    server_subscribe(server, "A", 10);
    server_pull(server);
    server_method(server, 1, 20, 40, "wsww", N(each->code), each->reply, N(50), N(10));
    int away = strstr(each->says, "node is away") != NULL;
    snprintf(begins, sizeof begins, "UNSUBSCRIBED 0 %d %d queue 'gateway:A' ", each->code, away ? -6 : -2);
    const char *told = server_last(&server->events, begins);
    int fine = strstr(told, each->says) &&
               (each->advises ? strstr(told, each->advises) != NULL
                              : !strstr(told, "delete it") && !strstr(told, "deleting it"));
    if (!fine)
        print_message("# %s: \"%s\"\n", each->reply, server_last(&server->events, "UNSUBSCRIBED"));
    /* What passes by itself is looked for sooner than what a person has to mend. */
    server_method(server, 1, 20, 11, "T");
    server_forget(server);
    server_wait(server, 5000);
    fine = fine && server_count(&server->written, "1 queue.declare") == away;
    server_free(server);
    return fine;
}

static void a_refused_queue_is_explained(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        wrong += !is_told(&refusals[i], SPECTACLES_DECLARE);
    assert_int_equal(wrong, 0);
}

static void passively_too(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        wrong +=
            strstr(refusals[i].says, "node is away") && !is_told(&refusals[i], SPECTACLES_DECLARE_PASSIVE);
    static const refusal missing = {404, "NOT_FOUND - no " QUEUE,
                                    "does not exist, and is not to be declared: create", NULL};
    wrong += !is_told(&missing, SPECTACLES_DECLARE_PASSIVE);
    assert_int_equal(wrong, 0);
}

/* Who asks for a type of queue knows that there are types. */
static void a_type_that_was_asked_for_is_a_difference_like_any_other(void **state)
{
    (void)state;
    static const char type[] = "quorum";
    spectacles_header argument = {.type = SPECTACLES_HEADER_TEXT,
                                  .key = "x-queue-type",
                                  .key_length = 12,
                                  .bytes = (const uint8_t *)type,
                                  .bytes_length = 6};
    spectacles_subscription subscription;
    sp_server *server = server_new(NULL);
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = "A";
    subscription.event_length = 1;
    subscription.arguments = &argument;
    subscription.argument_count = 1;
    server_ready(server);
    assert_int_equal(spectacles_broker_subscribe(server->broker, &subscription), 0);
    server_pull(server);
    server_method(server, 1, 20, 40, "wsww", N(406),
                  "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for " QUEUE
                  ": received the value 'quorum' of type 'longstr' but current is the value 'classic' of "
                  "type 'longstr'",
                  N(50), N(10));
    const char *told = server_last(&server->events, "UNSUBSCRIBED 0 406");
    assert_non_null(strstr(
        told, "it has 'classic', and 'quorum' is asked for: a queue keeps its type, so ask for the type that "
              "it has, or delete the queue when it is empty"));
    assert_null(strstr(told, "default queue type"));
    server_free(server);
}

/* The same with queue_type of the configuration, in the words of RabbitMQ 3, which notes no type for classic queues. */
static void the_type_of_the_configuration_is_one_that_was_asked_for(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.queue_type = SPECTACLES_QUEUE_QUORUM;
    sp_server *server = server_new(&config);
    server_ready(server);
    server_subscribe(server, "A", 10);
    server_pull(server);
    server_method(server, 1, 20, 40, "wsww", N(406),
                  "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for " QUEUE
                  ": received the value 'quorum' of type 'longstr' but current is none",
                  N(50), N(10));
    const char *told = server_last(&server->events, "UNSUBSCRIBED 0 406");
    assert_non_null(strstr(told,
                           "queue 'gateway:A' exists and differs in 'x-queue-type': it has 'classic', and "
                           "'quorum' is asked for: a queue keeps its type"));
    server_free(server);
}

static void a_refused_exchange_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        const char *says;
    } table[] = {{"PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'gateway' in vhost '/': "
                  "received 'direct' but current "
                  "is 'fanout'",
                  "exchange 'gateway' exists and differs in 'type': it has 'fanout', and 'direct' is asked "
                  "for: delete it or use "
                  "another group (406 PRE"},
                 {"PRECONDITION_FAILED - inequivalent arg 'type' for exch",
                  "exchange 'gateway' exists with other settings"},
                 {"PRECONDITION_FAILED - cannot declare exchange 'gateway' in vhost '/': exchange limit of 7 "
                  "is reached",
                  "as many exchanges as it may have; raise the limit (406"},
                 {"PRECONDITION_FAILED - unknown exchange type 'direct'",
                  "exchange 'gateway' can not be declared (406"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_server *server = server_new(NULL);
        server_handshake(server);
        server_method(server, 1, 20, 11, "T");
        server_method(server, 1, 20, 40, "wsww", N(406), table[i].reply, N(40), N(10));
        server_eof(server);
        const char *told = server_last(&server->events, "DISCONNECTED 0 406 -2");
        if (!strstr(told, table[i].says))
            fail_msg("%zu: %s", i, told);
        server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_queue_is_explained),
        cmocka_unit_test(passively_too),
        cmocka_unit_test(a_type_that_was_asked_for_is_a_difference_like_any_other),
        cmocka_unit_test(the_type_of_the_configuration_is_one_that_was_asked_for),
        cmocka_unit_test(a_refused_exchange_is_explained),
    };
    return cmocka_run_group_tests_name("broker/refusal", tests, NULL, NULL);
}
