/*
 * An engine is held by its owner, its link and its relay, which let go in any order: a garbage collector chooses its
 * own. Every order of a small bot is tried that can make a difference, with the handles that are left in use between
 * one _free() and the next. AddressSanitizer finds memory that is used after it was freed, and memory that is never
 * freed.
 */
#include "broker/server.h"
#include "shard/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RELAY,
    EVENTS, /* a broker, and behind it its link */
    EVENTS_LINK,
    COMMANDS,
    COMMANDS_LINK,
    SHARD, /* a shard, and behind it its link; then the next shard */
    SHARD_LINK,
    OBJECTS = SHARD + 4,
    SHARDS = 2,
    ENGINES = 2 + SHARDS
};

/* The handles of a bot. NULL: freed. */
typedef struct bot {
    int shards;
    uint64_t now;
    spectacles_relay *relay;
    spectacles_broker *brokers[2];
    spectacles_shard *shard[SHARDS];
    spectacles_link *links[ENGINES]; /* the brokers', then the shards' */
    spectacles_tls *tls;
    spectacles_state *state;
    int closed[SHARDS]; /* SHARD_CLOSED events of the relay */
} bot;

static int objects_of(const bot *self)
{
    return SHARD + 2 * self->shards;
}

static spectacles_shard *make_shard(const bot *self, int id, const char *url)
{
    spectacles_shard *shard;
    spectacles_shard_config config;
    peer_config(&config);
    config.shard_id = (uint32_t)id;
    config.shard_count = (uint32_t)self->shards;
    config.gateway_url = url;
    config.flags = SPECTACLES_SHARD_COMMITS;
    assert_int_equal(spectacles_shard_new(&shard, &config, NULL), SPECTACLES_OK);
    return shard;
}

static spectacles_broker *make_broker(const char *url)
{
    spectacles_broker *broker;
    spectacles_broker_config config;
    server_config(&config);
    config.urls = &url;
    config.url_count = 1;
    assert_int_equal(spectacles_broker_new(&broker, &config, NULL), SPECTACLES_OK);
    return broker;
}

static void make_relay(bot *self)
{
    spectacles_relay_config config;
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = (uint32_t)self->shards;
    config.own_shards = self->shard;
    config.own_shard_count = (size_t)self->shards;
    config.events = self->brokers[0];
    config.commands = self->brokers[1];
    config.allow_all = 1;
    assert_int_equal(spectacles_relay_new(&self->relay, &config, NULL), SPECTACLES_OK);
}

static spectacles_stream *stream_of(const bot *self, int engine)
{
    return engine < 2 ? spectacles_broker_stream(self->brokers[engine])
                      : spectacles_shard_stream(self->shard[engine - 2]);
}

static void make_links(bot *self)
{
    for (int i = 0; i < 2 + self->shards; i++)
        assert_int_equal(spectacles_link_new(&self->links[i], stream_of(self, i), NULL, NULL), SPECTACLES_OK);
}

/* ---- Using what is left ---- */

static void pull_relay(bot *self)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(self->relay, self->now))) {
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_CLOSED)
            self->closed[event->shard_id]++;
    }
    spectacles_relay_deadline(self->relay);
}

static void use_engines(const bot *self)
{
    for (int i = 0; i < 2; i++) {
        while (self->brokers[i] && spectacles_broker_next_event(self->brokers[i], self->now))
            ;
    }
    for (int i = 0; i < self->shards; i++) {
        while (self->shard[i] && spectacles_shard_next_event(self->shard[i], self->now))
            ;
    }
}

static bool engine_lives(const bot *self, int engine)
{
    return engine < 2 ? self->brokers[engine] != NULL : self->shard[engine - 2] != NULL;
}

static void use_links(const bot *self)
{
    for (int i = 0; i < 2 + self->shards; i++) {
        if (!self->links[i])
            continue;
        spectacles_link_deadline(self->links[i]);
        assert_true(spectacles_link_process(self->links[i], SPECTACLES_LINK_READ, self->now) >= 0);
        if (engine_lives(self, i))
            continue;
        /* The engine is gone: nothing is open, and nothing is waited for. */
        assert_int_equal(spectacles_link_fd(self->links[i]), -1);
        assert_int_equal(spectacles_link_interest(self->links[i]), 0);
        assert_true(spectacles_link_deadline(self->links[i]) == SPECTACLES_NEVER);
    }
}

static void use_all(bot *self)
{
    use_engines(self);
    use_links(self);
    if (self->relay)
        pull_relay(self);
}

/* ---- Freeing ---- */

static void free_object(bot *self, int object)
{
    if (object == RELAY) {
        spectacles_relay_free(self->relay);
        self->relay = NULL;
        return;
    }
    int engine = (object - 1) / 2;
    if (object % 2 == 0) {
        spectacles_link_free(self->links[engine]);
        self->links[engine] = NULL;
    } else if (engine < 2) {
        spectacles_broker_free(self->brokers[engine]);
        self->brokers[engine] = NULL;
    } else {
        spectacles_shard_free(self->shard[engine - 2]);
        self->shard[engine - 2] = NULL;
    }
}

/* The relay tells once that a shard has ended, and only then. */
static void expect_closed(const bot *self)
{
    for (int i = 0; self->relay && self->brokers[0] && i < self->shards; i++)
        assert_int_equal(self->closed[i], self->shard[i] ? 0 : 1);
}

static void free_in_order(bot *self, const int order[OBJECTS])
{
    for (int i = 0; i < objects_of(self); i++) {
        free_object(self, order[i]);
        use_all(self);
        expect_closed(self);
    }
}

/* The next order by the alphabet. False behind the last one. */
static bool next_order(int *order, int count)
{
    int at = count - 2;
    int other = count - 1;
    while (at >= 0 && order[at] > order[at + 1])
        at--;
    if (at < 0)
        return false;
    while (order[other] < order[at])
        other--;
    int kept = order[at];
    order[at] = order[other];
    order[other] = kept;
    for (int low = at + 1, high = count - 1; low < high; low++, high--) {
        kept = order[low];
        order[low] = order[high];
        order[high] = kept;
    }
    return true;
}

static bool is_link(int object)
{
    return object > RELAY && object % 2 == 0;
}

/*
 * Whether two objects share nothing, so that it makes no difference which one of them is freed first when nothing is
 * freed between them. A link holds its own engine alone. The relay holds all engines, and acts when one of them ends.
 */
static bool share_nothing(int one, int other)
{
    bool one_engine = (one - 1) / 2 == (other - 1) / 2;
    return one != RELAY && other != RELAY && !one_engine && (is_link(one) || is_link(other));
}

/* Whether an order is the same as an earlier one, except that neighbours which share nothing are swapped. */
static bool is_swapped(const int *order, int count)
{
    for (int i = 1; i < count; i++) {
        if (order[i - 1] > order[i] && share_nothing(order[i - 1], order[i]))
            return true;
    }
    return false;
}

/* The two shards are alike: an order in which shard 1 is freed before shard 0 is the same with the two swapped. */
static bool is_mirrored(const int *order, int count)
{
    for (int i = 0; i < count; i++) {
        if (order[i] == SHARD || order[i] == SHARD + 2)
            return order[i] == SHARD + 2;
    }
    return false;
}

static void first_order(int order[OBJECTS])
{
    for (int i = 0; i < OBJECTS; i++)
        order[i] = i;
}

/* ---- Every order ---- */

static void handles_are_freed_in_every_order(void **state)
{
    int order[OBJECTS];
    (void)state;
    first_order(order);
    do {
        bot self = {.shards = SHARDS, .now = 1000};
        if (is_mirrored(order, OBJECTS) || is_swapped(order, OBJECTS))
            continue;
        for (int i = 0; i < 2; i++)
            self.brokers[i] = make_broker("amqp://broker.invalid");
        for (int i = 0; i < SHARDS; i++)
            self.shard[i] = make_shard(&self, i, "wss://gateway.invalid");
        make_links(&self);
        make_relay(&self);
        free_in_order(&self, order);
    } while (next_order(order, OBJECTS));
}

/* ---- While connections stand ---- */

static int listen_here(char url[64], const char *scheme)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 64), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    snprintf(url, 64, "%s://127.0.0.1:%u", scheme, (unsigned)ntohs(address.sin_port));
    return listener;
}

/* Until TCP stands: the engines have written their first bytes, and wait for an answer. */
static void connect_links(bot *self)
{
    for (int i = 0; i < 2 + self->shards; i++) {
        while (!(spectacles_link_interest(self->links[i]) & SPECTACLES_LINK_READ)) {
            pull_relay(self);
            spectacles_link_process(self->links[i], SPECTACLES_LINK_WRITE, self->now);
            struct pollfd ready = {spectacles_link_fd(self->links[i]), POLLOUT, 0};
            if (ready.fd >= 0)
                poll(&ready, 1, 10);
        }
    }
}

/* Accepts the connections of a bot, and resets them when they are closed: no port stays in use. */
static void accept_all(int listener, int *peers, int count)
{
    for (int i = 0; i < count; i++) {
        struct linger none = {1, 0};
        peers[i] = accept(listener, NULL, NULL);
        assert_true(peers[i] >= 0);
        setsockopt(peers[i], SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
}

static void handles_are_freed_while_connections_stand(void **state)
{
    char gateway[64];
    char amqp[64];
    int order[OBJECTS];
    int listeners[2] = {listen_here(gateway, "ws"), listen_here(amqp, "amqp")};
    (void)state;
    first_order(order);
    do {
        int peers[3];
        bot self = {.shards = 1, .now = 1000};
        if (is_swapped(order, objects_of(&self)))
            continue;
        self.brokers[0] = make_broker(amqp);
        self.brokers[1] = make_broker(amqp);
        self.shard[0] = make_shard(&self, 0, gateway);
        make_links(&self);
        make_relay(&self);
        connect_links(&self);
        accept_all(listeners[0], peers, 1);
        accept_all(listeners[1], peers + 1, 2);
        free_in_order(&self, order);
        for (int i = 0; i < 3; i++)
            close(peers[i]);
    } while (next_order(order, objects_of(&(bot){.shards = 1})));
    close(listeners[0]);
    close(listeners[1]);
}

/* ---- In the middle of work ---- */

/* Both brokers are READY, the shard is; a dispatch is published and not confirmed, and one was fed and not pulled. */
static void work(bot *self, sp_peer *peer, sp_server *servers[2])
{
    for (int i = 0; i < 2; i++) {
        servers[i]->broker = self->brokers[i];
        servers[i]->connection = 0;
        servers[i]->input_length = 0;
        servers[i]->events.count = 0;
        server_forget(servers[i]);
        server_ready(servers[i]);
    }
    peer->shard = self->shard[0];
    peer->connection = 0;
    peer->sent_length = 0;
    peer_forget(peer);
    peer_ready(peer);
    make_relay(self);
    peer_text(peer, "{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{}}");
    pull_relay(self);
    server_pull(servers[1]);
    server_answer(servers[1]);
    assert_true(spectacles_relay_next_event(self->relay, self->now) != NULL);
    peer_text(peer, "{\"t\":\"TYPING_START\",\"s\":3,\"op\":0,\"d\":{}}");
    spectacles_relay_next_event(self->relay, self->now);
}

static void handles_are_freed_in_the_middle_of_work(void **state)
{
    int order[OBJECTS];
    sp_peer *peer = peer_new(NULL);
    sp_server *servers[2] = {server_new(NULL), server_new(NULL)};
    (void)state;
    spectacles_shard_free(peer->shard);
    spectacles_broker_free(servers[0]->broker);
    spectacles_broker_free(servers[1]->broker);
    first_order(order);
    do {
        bot self = {.shards = 1, .now = 1000};
        if (is_swapped(order, objects_of(&self)))
            continue;
        peer->now = servers[0]->now = servers[1]->now = 1000;
        self.brokers[0] = make_broker("amqp://broker.invalid");
        self.brokers[1] = make_broker("amqp://broker.invalid");
        self.shard[0] = make_shard(&self, 0, "wss://gateway.invalid");
        work(&self, peer, servers);
        make_links(&self);
        free_in_order(&self, order);
    } while (next_order(order, objects_of(&(bot){.shards = 1})));
    peer->shard = NULL;
    servers[0]->broker = servers[1]->broker = NULL;
    peer_free(peer);
    server_free(servers[0]);
    server_free(servers[1]);
}

/* ---- What is shared: TLS; and a state, which refers to nobody ---- */

enum {
    TLS,
    STATE,
    LINK,
    ENGINE,
    SHARERS
};

static void free_sharer(bot *self, int sharer)
{
    if (sharer == TLS)
        spectacles_tls_free(self->tls);
    else if (sharer == STATE)
        spectacles_state_free(self->state);
    else if (sharer == LINK)
        free_object(self, SHARD_LINK);
    else
        free_object(self, SHARD);
}

static spectacles_state *make_state(void)
{
    spectacles_state *made;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.shard_count = 1;
    config.token = PEER_TOKEN;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

static void tls_and_state_are_freed_in_every_order_too(void **state)
{
    int order[OBJECTS];
    spectacles_tls_config insecure;
    (void)state;
    spectacles_tls_config_init(&insecure, sizeof insecure);
    insecure.flags = SPECTACLES_TLS_INSECURE_NO_VERIFICATION;
    first_order(order);
    do {
        bot self = {.shards = 1, .now = 1000};
        spectacles_link_config config;
        spectacles_link_config_init(&config, sizeof config);
        if (spectacles_tls_new(&self.tls, &insecure, NULL) != SPECTACLES_OK)
            skip(); /* without authorities there is no TLS on this machine */
        config.tls = self.tls;
        self.state = make_state();
        self.shard[0] = make_shard(&self, 0, "wss://gateway.invalid");
        assert_int_equal(spectacles_link_new(&self.links[2], stream_of(&self, 2), &config, NULL),
                         SPECTACLES_OK);
        for (int i = 0; i < SHARERS; i++) {
            free_sharer(&self, order[i]);
            use_all(&self);
        }
    } while (next_order(order, SHARERS));
}

/* ---- One relay, one puller ---- */

static void begin(bot *self)
{
    *self = (bot){.shards = 1, .now = 1000};
    self->brokers[0] = make_broker("amqp://broker.invalid");
    self->brokers[1] = make_broker("amqp://broker.invalid");
    self->shard[0] = make_shard(self, 0, "wss://gateway.invalid");
    make_relay(self);
}

static void end(bot *self)
{
    spectacles_relay_free(self->relay);
    spectacles_broker_free(self->brokers[0]);
    spectacles_broker_free(self->brokers[1]);
    spectacles_shard_free(self->shard[0]);
}

static void what_a_relay_pulls_is_not_pulled_by_the_owner(void **state)
{
    bot self;
    (void)state;
    begin(&self);
    assert_null(spectacles_shard_next_event(self.shard[0], 1000));
    assert_non_null(strstr(spectacles_shard_last_error(self.shard[0]), "a relay pulls"));
    for (int i = 0; i < 2; i++) {
        assert_null(spectacles_broker_next_event(self.brokers[i], 1000));
        assert_non_null(strstr(spectacles_broker_last_error(self.brokers[i]), "a relay pulls"));
    }
    /* Nothing was lost by it: the relay has all events, and the owner has them again without the relay. */
    assert_int_equal(spectacles_relay_next_event(self.relay, 1000)->type,
                     SPECTACLES_RELAY_EVENT_BROKER_CONNECTING);
    spectacles_relay_free(self.relay);
    self.relay = NULL;
    assert_int_equal(spectacles_shard_next_event(self.shard[0], 1000)->type,
                     SPECTACLES_SHARD_EVENT_CONNECTING);
    end(&self);
}

static void expect_refused(const spectacles_relay_config *config, const char *words)
{
    spectacles_relay *relay = NULL;
    spectacles_problem problem;
    assert_int_equal(spectacles_relay_new(&relay, config, &problem), SPECTACLES_E_STATE);
    assert_null(relay);
    assert_non_null(strstr(problem.text, words));
}

static void a_second_relay_is_refused(void **state)
{
    bot self;
    (void)state;
    begin(&self);
    spectacles_broker *others[2] = {make_broker("amqp://broker.invalid"),
                                    make_broker("amqp://broker.invalid")};
    spectacles_shard *other = make_shard(&self, 0, "wss://gateway.invalid");
    spectacles_relay_config config;
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = 1;
    config.own_shards = self.shard;
    config.own_shard_count = 1;
    config.events = others[0];
    config.commands = others[1];
    expect_refused(&config, "a shard");
    config.own_shards = &other;
    config.events = self.brokers[0];
    expect_refused(&config, "a broker");
    config.events = others[0];
    config.commands = self.brokers[1];
    expect_refused(&config, "a broker");
    /* What was refused holds nothing: the engines that it named are free for another relay. */
    config.commands = others[1];
    spectacles_relay *relay;
    assert_int_equal(spectacles_relay_new(&relay, &config, NULL), SPECTACLES_OK);
    spectacles_relay_free(relay);
    spectacles_broker_free(others[0]);
    spectacles_broker_free(others[1]);
    spectacles_shard_free(other);
    end(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_are_freed_in_every_order),
        cmocka_unit_test(handles_are_freed_while_connections_stand),
        cmocka_unit_test(handles_are_freed_in_the_middle_of_work),
        cmocka_unit_test(tls_and_state_are_freed_in_every_order_too),
        cmocka_unit_test(what_a_relay_pulls_is_not_pulled_by_the_owner),
        cmocka_unit_test(a_second_relay_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
