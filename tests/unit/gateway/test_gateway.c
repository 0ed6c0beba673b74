/* A whole gateway: with engines in memory and an invented clock, and with links to sockets of this process. */
#include "broker/server.h"
#include "shard/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The settings of a gateway, for a test to change. */
typedef struct setup {
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
} setup;

static void begin(setup *self, uint32_t shard_count, uint32_t flags)
{
    static const char *const urls[] = {"amqp://broker.invalid"};
    peer_config(&self->shard);
    self->shard.shard_count = shard_count;
    self->shard.gateway_url = "ws://gateway.invalid";
    server_config(&self->broker);
    self->broker.urls = urls;
    self->broker.url_count = 1;
    spectacles_relay_config_init(&self->relay, sizeof self->relay);
    self->relay.allow_all = 1;
    spectacles_gateway_config_init(&self->config, sizeof self->config);
    self->config.flags = flags;
    self->config.shard = &self->shard;
    self->config.broker = &self->broker;
    self->config.relay = &self->relay;
}

static spectacles_gateway *make(const setup *self)
{
    spectacles_gateway *gateway = NULL;
    spectacles_problem problem = {.text = ""};
    int error = spectacles_gateway_new(&gateway, &self->config, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(error, SPECTACLES_OK);
    return gateway;
}

static void refuse(const setup *self, int error, const char *word)
{
    spectacles_gateway *gateway = NULL;
    spectacles_problem problem = {.text = ""};
    assert_int_equal(spectacles_gateway_new(&gateway, &self->config, &problem), error);
    assert_non_null(strstr(problem.text, word));
    assert_null(gateway);
}

/* ---- Settings ---- */

static void wrong_settings_are_refused_with_a_sentence(void **state)
{
    (void)state;
    setup self;
    const uint32_t ids[] = {0, 1, 1};
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    self.config.shard = NULL;
    refuse(&self, SPECTACLES_E_INVAL, "shard");
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    self.config.shard_ids = ids;
    refuse(&self, SPECTACLES_E_INVAL, "shard_id_count");
    self.config.shard_id_count = 3;
    refuse(&self, SPECTACLES_E_INVAL, "served here already");
    self.config.flags |= SPECTACLES_GATEWAY_NO_SHARDS;
    refuse(&self, SPECTACLES_E_INVAL, "NO_SHARDS");
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    self.shard.token = "white space";
    refuse(&self, SPECTACLES_E_INVAL, "token");
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    self.shard.seed = 0;
    refuse(&self, SPECTACLES_E_INVAL, "seed");
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    self.broker.url_count = 0;
    refuse(&self, SPECTACLES_E_INVAL, "");
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    self.config.broker = NULL;
    self.config.relay = NULL;
    refuse(&self, SPECTACLES_E_INVAL, "allow_all");
    begin(&self, 2, 1 << 30);
    refuse(&self, SPECTACLES_E_UNSUPPORTED, "flags");
}

/* The settings of the caller may be gone after the call. */
static void settings_are_copied(void **state)
{
    (void)state;
    setup self;
    char token[] = "a.b.c";
    begin(&self, 3, SPECTACLES_GATEWAY_NO_LINKS);
    self.shard.token = token;
    spectacles_gateway *gateway = make(&self);
    memset(token, 'x', sizeof token);
    memset(&self, 0xdd, sizeof self);
    size_t count = 0;
    spectacles_shard *const *shards = spectacles_gateway_shards(gateway, &count);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(spectacles_shard_id(shards[i]), i);
        assert_ptr_equal(spectacles_gateway_shard(gateway, i), shards[i]);
    }
    assert_null(spectacles_gateway_shard(gateway, 3));
    assert_null(spectacles_gateway_broker(gateway, 2));
    assert_null(spectacles_gateway_poller(gateway));
    assert_int_equal(spectacles_gateway_fd(gateway), -1);
    assert_int_equal(spectacles_gateway_wait(gateway, 0, 0), SPECTACLES_E_STATE);
    spectacles_gateway_free(gateway);
    spectacles_gateway_free(NULL);
}

/* ---- From memory ---- */

static int pull(spectacles_gateway *gateway, uint64_t now, uint32_t type)
{
    int found = 0;
    const spectacles_relay_event *event;
    assert_int_equal(spectacles_gateway_process(gateway, now), SPECTACLES_OK);
    while ((event = spectacles_gateway_next_event(gateway, now)))
        found += event->type == type;
    return found;
}

/* Without links the owner moves the bytes of each engine, and an invented clock is enough. */
static void engines_are_driven_through_their_streams(void **state)
{
    (void)state;
    setup self;
    uint64_t now = 1000;
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    spectacles_gateway *gateway = make(&self);
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_CONNECTING), 2);
    spectacles_stream *stream = spectacles_shard_stream(spectacles_gateway_shard(gateway, 1));
    assert_string_equal(spectacles_stream_endpoint(stream)->host, "gateway.invalid");
    assert_int_equal(spectacles_stream_eof(stream, SPECTACLES_E_SYS, "no route", 8, now), SPECTACLES_OK);
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED), 1);
    assert_int_equal(spectacles_gateway_stop(gateway, 12, now), SPECTACLES_E_INVAL);
    assert_true(strlen(spectacles_gateway_last_error(gateway)) > 0);
    assert_int_equal(spectacles_gateway_stop(gateway, 0, now), SPECTACLES_OK);
    for (int i = 0; i < 10; i++)
        pull(gateway, now, 0);
    assert_int_equal(spectacles_gateway_stopped(gateway), 1);
    spectacles_gateway_free(gateway);
}

/* One setting changes: the owner takes the messages, and nothing wants a broker. */
static void without_a_broker_it_stops_when_its_shards_are_closed(void **state)
{
    (void)state;
    setup self;
    uint64_t now = 1000;
    uint64_t ticket = 0;
    static const uint8_t d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    begin(&self, 2, 0);
    self.config.broker = NULL;
    spectacles_gateway *gateway = make(&self);
    assert_null(spectacles_gateway_broker(gateway, SPECTACLES_RELAY_EVENTS));
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_BROKER_CONNECTING), 0);
    pull(gateway, now, 0);
    assert_string_equal(spectacles_gateway_wants_address(gateway, 0), "gateway.invalid");
    assert_null(spectacles_gateway_wants_address(gateway, 1));
    assert_int_equal(spectacles_gateway_acknowledge(gateway, 1), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_gateway_last_error(gateway), "ticket"));
    assert_int_equal(spectacles_gateway_send(gateway, 2, 4, d, sizeof d - 1, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_send(gateway, 1, 4, d, sizeof d - 1, &ticket), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_deadline(gateway), 0);
    assert_int_equal(spectacles_gateway_stop(gateway, 0, now), SPECTACLES_OK);
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 1);
    assert_int_equal(spectacles_gateway_stopped(gateway), 1);
    spectacles_gateway_free(gateway);
}

/* ---- Shards that come and go ---- */

static void shards_are_added_removed_and_dropped(void **state)
{
    (void)state;
    setup self;
    uint64_t now = 1000;
    spectacles_problem problem;
    spectacles_session session;
    begin(&self, 4, SPECTACLES_GATEWAY_NO_LINKS | SPECTACLES_GATEWAY_NO_SHARDS);
    spectacles_gateway *gateway = make(&self);
    spectacles_session_init(&session, sizeof session);
    session.shard_id = 2;
    session.shard_count = 4;
    session.seq = 9;
    session.session_id = "handed";
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_CONNECTING), 0);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 2, &session, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 0, NULL, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 0, NULL, NULL, 0, &problem), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 4, NULL, NULL, 0, &problem), SPECTACLES_E_INVAL);
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_CONNECTING), 2);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    assert_int_equal(spectacles_gateway_remove_shard(gateway, 3, 0, now), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_remove_shard(gateway, 2, 0, now), SPECTACLES_OK);
    /* While the event is there, so is the session. */
    const spectacles_relay_event *event;
    do
        event = spectacles_gateway_next_event(gateway, now);
    while (event && event->type != SPECTACLES_RELAY_EVENT_SHARD_REMOVED);
    assert_non_null(event);
    assert_int_equal(event->shard_id, 2);
    assert_int_equal(event->seq, 9);
    assert_int_equal(spectacles_shard_session(spectacles_gateway_shard(gateway, 2), &session), SPECTACLES_OK);
    assert_string_equal(session.session_id, "handed");
    assert_int_equal(spectacles_gateway_take_state(gateway, 2), 0);
    pull(gateway, now, 0);
    assert_null(spectacles_gateway_shard(gateway, 2));
    /* Its record has left: the owner hears of it, once. */
    assert_int_equal(spectacles_gateway_take_state(gateway, 3), 1);
    assert_int_equal(spectacles_gateway_take_state(gateway, 3), 0);
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 2), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 0), SPECTACLES_OK);
    size_t count = 1;
    spectacles_gateway_shards(gateway, &count);
    assert_int_equal(count, 0);
    /* It can come back. */
    assert_int_equal(spectacles_gateway_add_shard(gateway, 2, NULL, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_CONNECTING), 1);
    spectacles_gateway_free(gateway);
}

/* ---- State ---- */

static spectacles_state *state_with_session(const setup *self, const char *token)
{
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_session session;
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.intents = self->shard.intents;
    config.shard_count = 2;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    spectacles_session_init(&session, sizeof session);
    session.shard_id = 1;
    session.shard_count = 2;
    session.seq = 77;
    session.session_id = "former";
    session.resume_url = "";
    session.format = SPECTACLES_FORMAT_JSON;
    assert_int_equal(spectacles_state_set(made, 1, &session, NULL, 0, 1), 1);
    return made;
}

static void a_session_of_a_former_process_is_resumed_and_given_on(void **state)
{
    (void)state;
    setup self;
    spectacles_bytes *bytes = NULL;
    spectacles_session session;
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    spectacles_state *former = state_with_session(&self, self.shard.token);
    self.config.state = former;
    spectacles_gateway *gateway = make(&self);
    spectacles_state_free(former);
    spectacles_session_init(&session, sizeof session);
    assert_int_equal(spectacles_shard_session(spectacles_gateway_shard(gateway, 1), &session), SPECTACLES_OK);
    assert_string_equal(session.session_id, "former");
    assert_int_equal(session.seq, 77);
    assert_int_equal(spectacles_gateway_take_state(gateway, 5), 0);
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_write_state(gateway, bytes), SPECTACLES_OK);
    assert_non_null(strstr((const char *)spectacles_bytes_data(bytes), "\"session\":\"former\""));
    spectacles_bytes_free(bytes);
    spectacles_gateway_free(gateway);
}

/* The texts are the gateway's own: a shard that is added later has the proxy too. */
static void shards_and_brokers_go_through_proxies_of_their_own(void **state)
{
    (void)state;
    setup self;
    uint64_t now = 1000;
    char url[] = "http://user:secret@shards.invalid:3128";
    spectacles_link_config link;
    spectacles_link_config broker_link;
    begin(&self, 2, SPECTACLES_GATEWAY_NO_SHARDS);
    spectacles_link_config_init(&link, sizeof link);
    spectacles_link_config_init(&broker_link, sizeof broker_link);
    link.proxy = url;
    broker_link.proxy = "socks5h://brokers.invalid";
    self.config.link = &link;
    self.config.broker_link = &broker_link;
    spectacles_gateway *gateway = make(&self);
    memset(url, 'x', sizeof url - 1);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 1, NULL, NULL, 0, NULL), SPECTACLES_OK);
    for (int i = 0; i < 3; i++)
        pull(gateway, now, 0);
    assert_string_equal(spectacles_gateway_wants_address(gateway, 0), "brokers.invalid");
    assert_string_equal(spectacles_gateway_wants_address(gateway, 1), "shards.invalid");
    assert_null(spectacles_gateway_wants_address(gateway, 2));
    spectacles_gateway_free(gateway);
    broker_link.proxy = "ftp://secret.invalid";
    refuse(&self, SPECTACLES_E_UNSUPPORTED, "the URL of the proxy");
}

/* What was stored cannot be read: each shard has a gap, and the time at which it was noticed is kept. */
static void a_torn_state_is_a_gap_of_the_time_at_which_it_was_read(void **state)
{
    (void)state;
    setup self;
    spectacles_gap gap;
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    spectacles_state *former = state_with_session(&self, self.shard.token);
    assert_int_equal(spectacles_state_read(former, (const uint8_t *)"torn", 4, 1234567, NULL),
                     SPECTACLES_E_PROTO);
    self.config.state = former;
    spectacles_gateway *gateway = make(&self);
    spectacles_state_free(former);
    for (uint32_t id = 0; id < 2; id++) {
        assert_int_equal(spectacles_gateway_gap(gateway, id, 0, &gap), 1);
        assert_int_equal(gap.unix_time, 1234567);
    }
    spectacles_gateway_free(gateway);
}

static void a_state_of_another_bot_is_refused(void **state)
{
    (void)state;
    setup self;
    begin(&self, 2, SPECTACLES_GATEWAY_NO_LINKS);
    spectacles_state *former = state_with_session(&self, "another.token");
    self.config.state = former;
    refuse(&self, SPECTACLES_E_AUTH, "token");
    spectacles_state_free(former);
}

/* ---- With links ---- */

static void a_name_is_wanted_once_whoever_wants_it_and_those_of_brokers_first(void **state)
{
    (void)state;
    setup self;
    uint64_t now = 1000;
    begin(&self, 5, 0);
    spectacles_gateway *gateway = make(&self);
    assert_null(spectacles_gateway_wants_address(gateway, 0));
    for (int i = 0; i < 3; i++)
        pull(gateway, now, 0);
    assert_string_equal(spectacles_gateway_wants_address(gateway, 0), "broker.invalid");
    assert_string_equal(spectacles_gateway_wants_address(gateway, 1), "gateway.invalid");
    assert_null(spectacles_gateway_wants_address(gateway, 2));
    assert_int_equal(spectacles_gateway_set_address(gateway, "nobody.invalid", "127.0.0.1", 9),
                     SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_set_address(gateway, "gateway.invalid", "no number", 9),
                     SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_gateway_last_error(gateway), "numeric"));
    /* One answer serves all links that want the name. */
    spectacles_gateway_set_no_address(gateway, "gateway.invalid", "nobody knows it", 15);
    spectacles_gateway_set_no_address(gateway, "nobody.invalid", "nobody wants it", 15);
    assert_int_equal(pull(gateway, now, SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED), 5);
    assert_string_equal(spectacles_gateway_wants_address(gateway, 0), "broker.invalid");
    assert_null(spectacles_gateway_wants_address(gateway, 1));
    /* Links that have given up want it no more. */
    now += 20000;
    pull(gateway, now, 0);
    pull(gateway, now, 0);
    spectacles_gateway_free(gateway);
}

static uint32_t listen_here(int *listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    *listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(*listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(*listener, 64), 0);
    assert_int_equal(getsockname(*listener, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

/* The peer's side of each connection: how many have arrived, and that each has said something. */
static int accept_all(int listener)
{
    int count = 0;
    struct pollfd waiting = {listener, POLLIN, 0};
    while (poll(&waiting, 1, 0) == 1) {
        char first[8];
        int peer = accept(listener, NULL, NULL);
        struct pollfd bytes = {peer, POLLIN, 0};
        count += poll(&bytes, 1, 0) == 1 && recv(peer, first, sizeof first, 0) == (ssize_t)sizeof first;
        close(peer);
    }
    return count;
}

static void every_engine_is_connected_through_one_descriptor(void **state)
{
    (void)state;
    setup self;
    int listener;
    char gateway_url[64];
    char broker_url[64];
    uint32_t port = listen_here(&listener);
    snprintf(gateway_url, sizeof gateway_url, "ws://127.0.0.1:%u", port);
    snprintf(broker_url, sizeof broker_url, "amqp://127.0.0.1:%u", port);
    begin(&self, 5, 0);
    self.shard.gateway_url = gateway_url;
    const char *urls[] = {broker_url};
    self.broker.urls = urls;
    spectacles_gateway *gateway = make(&self);
    assert_true(spectacles_gateway_fd(gateway) >= 0);
    int connected = 0;
    for (int i = 0; i < 1000 && connected < 7; i++) {
        uint64_t now = spectacles_now();
        assert_int_equal(spectacles_gateway_wait(gateway, now + 5, now), SPECTACLES_OK);
        pull(gateway, spectacles_now(), 0);
        connected += accept_all(listener);
    }
    assert_true(connected >= 7);
    spectacles_gateway_free(gateway);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_settings_are_refused_with_a_sentence),
        cmocka_unit_test(settings_are_copied),
        cmocka_unit_test(engines_are_driven_through_their_streams),
        cmocka_unit_test(without_a_broker_it_stops_when_its_shards_are_closed),
        cmocka_unit_test(shards_are_added_removed_and_dropped),
        cmocka_unit_test(a_session_of_a_former_process_is_resumed_and_given_on),
        cmocka_unit_test(a_torn_state_is_a_gap_of_the_time_at_which_it_was_read),
        cmocka_unit_test(a_state_of_another_bot_is_refused),
        cmocka_unit_test(shards_and_brokers_go_through_proxies_of_their_own),
        cmocka_unit_test(a_name_is_wanted_once_whoever_wants_it_and_those_of_brokers_first),
        cmocka_unit_test(every_engine_is_connected_through_one_descriptor),
    };
    return cmocka_run_group_tests_name("gateway/gateway", tests, NULL, NULL);
}
