/* The roll call over a broker in memory: its queue, what is said and heard, and what is refused or lost. */
#include "roll_call.h"

#include "broker/server.h"
#include "fake_connection.h"

#include <stdio.h>

#define ID "0123456789abcdef"
#define TOKEN "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"

static struct roll_call *roll_call;
static sp_server *broker;
static int news[ROLL_CALL_REFUSED + 1]; /* how often each came */
static char heard[CARD_ID_SIZE];        /* whose card was the last */
static enum card_kind heard_kind;
static char told[256];

static void take_news(void)
{
    struct card card;
    enum card_kind kind;
    enum roll_call_news each;
    const char *text = "";
    while ((each = roll_call_next(roll_call, &card, &kind, &text, broker->now)) != ROLL_CALL_NOTHING) {
        news[each]++;
        if (each == ROLL_CALL_HEARD) {
            snprintf(heard, sizeof heard, "%s", card.id);
            heard_kind = kind;
        }
        if (each == ROLL_CALL_LOST || each == ROLL_CALL_REFUSED)
            snprintf(told, sizeof told, "%s", text);
        card_free(&card);
    }
}

static int begin(void **state)
{
    spectacles_broker_config config;
    spectacles_link_config link;
    spectacles_problem problem = {.text = ""};
    (void)state;
    fake_connection = (struct fake_connection){.error = 0};
    memset(news, 0, sizeof news);
    *heard = *told = '\0';
    server_config(&config);
    spectacles_link_config_init(&link, sizeof link);
    assert_int_equal(roll_call_new(&roll_call, &config, &link, ID, &problem), SPECTACLES_OK);
    broker = test_calloc(1, sizeof *broker);
    broker->broker = fake_connection.broker;
    broker->frame_max = 131072;
    broker->now = spectacles_now();
    broker->owner = take_news;
    return 0;
}

static int end(void **state)
{
    (void)state;
    roll_call_free(roll_call);
    assert_int_equal(fake_connection.freed, 1);
    test_free(broker);
    return 0;
}

static void the_queue_is_its_own_and_does_not_last(void **state)
{
    (void)state;
    server_ready(broker);
    assert_int_equal(news[ROLL_CALL_PRESENT], 1);
    const char *declare = server_last(&broker->written, "1 queue.declare");
    assert_non_null(strstr(declare, "gateway-" ID));
    assert_int_equal(server_count(&broker->written, "1 queue.bind"), 1);
    assert_non_null(strstr(server_last(&broker->written, "1 queue.bind"), ROLL_CALL_KEY));
}

/* A card as a process publishes it. */
static void bring(const char *id, enum card_kind kind)
{
    struct card card;
    char body[1024];
    spectacles_bytes *bytes = NULL;
    card_begin(&card, CARD_RUNNING, TOKEN);
    snprintf(card.id, sizeof card.id, "%s", id);
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(card_write(&card, kind, bytes), SPECTACLES_OK);
    snprintf(body, sizeof body, "%.*s", (int)spectacles_bytes_length(bytes),
             (const char *)spectacles_bytes_data(bytes));
    server_deliver(broker, ++broker->delivery, "s0.1", ROLL_CALL_KEY, body, 4096);
    spectacles_bytes_free(bytes);
    card_free(&card);
}

static void others_are_heard_and_neither_itself_nor_strangers(void **state)
{
    (void)state;
    server_ready(broker);
    bring("fedcba9876543210", CARD_WHO);
    assert_int_equal(news[ROLL_CALL_HEARD], 1);
    assert_string_equal(heard, "fedcba9876543210");
    assert_int_equal(heard_kind, CARD_WHO);
    bring(ID, CARD_HELLO);
    server_deliver(broker, ++broker->delivery, "s0.1", ROLL_CALL_KEY, "{\"no\":\"card\"}", 4096);
    assert_int_equal(news[ROLL_CALL_HEARD], 1);
}

static void what_is_said_is_published_under_the_key_and_confirmed(void **state)
{
    struct card card;
    (void)state;
    server_ready(broker);
    server_forget(broker);
    card_begin(&card, CARD_RUNNING, TOKEN);
    assert_true(roll_call_say(roll_call, &card, CARD_HELLO));
    card_free(&card);
    server_pull(broker);
    assert_non_null(strstr(server_last(&broker->written, "2 basic.publish"), ROLL_CALL_KEY));
    assert_true(server_header_holds(broker, "10000"));
    assert_int_equal(news[ROLL_CALL_SENT], 0);
    server_ack(broker, 1, 0);
    assert_int_equal(news[ROLL_CALL_SENT], 1);
}

static void a_lost_connection_is_made_again(void **state)
{
    (void)state;
    server_ready(broker);
    server_eof(broker);
    assert_int_equal(news[ROLL_CALL_LOST], 1);
    assert_true(*told != '\0');
    server_ready(broker);
    assert_int_equal(news[ROLL_CALL_PRESENT], 2);
}

/* RabbitMQ ends the channel instead of making the queue: the account may not have it. */
static void a_refusal_is_final(void **state)
{
    (void)state;
    server_handshake(broker);
    server_method(broker, 1, 20, 11, "T");
    server_method(broker, 1, 40, 11, "");
    server_method(broker, 1, 20, 40, "wsww", (uint64_t)403, "ACCESS_REFUSED - access to queue refused",
                  (uint64_t)50, (uint64_t)10);
    assert_int_equal(news[ROLL_CALL_REFUSED], 1);
    assert_non_null(strstr(told, "403"));
    server_eof(broker);
    assert_int_equal(news[ROLL_CALL_LOST] + news[ROLL_CALL_PRESENT], 0);
}

static void the_loop_is_that_of_its_connection(void **state)
{
    static const char *const good[] = {"amqp://other:5672"};
    static const char *const bad[] = {"gopher://other"};
    spectacles_problem problem = {.text = ""};
    (void)state;
    assert_int_equal(roll_call_descriptor(roll_call), 17);
    assert_int_equal(roll_call_deadline(roll_call), 1234);
    roll_call_wait(roll_call, 1, 1);
    roll_call_process(roll_call, broker->now);
    assert_int_equal(fake_connection.processed, 1);
    roll_call_set_tls(roll_call, NULL);
    assert_int_equal(roll_call_set_urls(roll_call, good, 1, broker->now, &problem), SPECTACLES_OK);
    assert_int_equal(roll_call_set_urls(roll_call, bad, 1, broker->now, &problem), SPECTACLES_E_INVAL);
    assert_true(problem.text[0] != '\0');
}

static void what_cannot_be_made_is_freed(void **state)
{
    struct roll_call *none = NULL;
    spectacles_broker_config config;
    spectacles_link_config link;
    spectacles_problem problem = {.text = ""};
    (void)state;
    roll_call_free(NULL);
    server_config(&config);
    spectacles_link_config_init(&link, sizeof link);
    fake_connection.error = SPECTACLES_E_NOMEM;
    assert_int_equal(roll_call_new(&none, &config, &link, ID, &problem), SPECTACLES_E_NOMEM);
    assert_null(none);
    assert_int_equal(fake_connection.freed, 0);
}

#define WITH_BROKER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BROKER(the_queue_is_its_own_and_does_not_last),
        WITH_BROKER(others_are_heard_and_neither_itself_nor_strangers),
        WITH_BROKER(what_is_said_is_published_under_the_key_and_confirmed),
        WITH_BROKER(a_lost_connection_is_made_again),
        WITH_BROKER(a_refusal_is_final),
        WITH_BROKER(the_loop_is_that_of_its_connection),
        WITH_BROKER(what_cannot_be_made_is_freed),
    };
    return cmocka_run_group_tests_name("tools/roll_call", tests, NULL, NULL);
}
