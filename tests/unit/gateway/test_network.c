/* Changes of the network: in a network namespace of the test's own, which has no address and no route at first. */
#ifdef __linux__
#define _GNU_SOURCE /* unshare() */
#endif
#include "broker/server.h"
#include "shard/peer.h"

#include <stdbool.h>

#ifdef __linux__

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FIVE_SECONDS = 5000,
    AT_ONCE = 500
};

static spectacles_gateway *make(uint32_t flags)
{
    static const char *const urls[] = {"amqp://192.0.2.1"};
    spectacles_gateway *gateway = NULL;
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    peer_config(&shard);
    shard.shard_count = 4;
    shard.gateway_url = "ws://192.0.2.1";
    server_config(&broker);
    broker.urls = urls;
    broker.url_count = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = flags;
    config.shard = &shard;
    config.broker = &broker;
    assert_int_equal(spectacles_gateway_new(&gateway, &config, NULL), SPECTACLES_OK);
    return gateway;
}

static int failures(spectacles_gateway *gateway, uint64_t now)
{
    const spectacles_relay_event *event;
    int count = 0;
    spectacles_gateway_process(gateway, now);
    while ((event = spectacles_gateway_next_event(gateway, now))) {
        if (event->type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED ||
            event->type == SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED) {
            assert_non_null(strstr(event->text, "network unreachable"));
            assert_true(event->until - now <= FIVE_SECONDS);
            count++;
        }
    }
    return count;
}

/* When the last of the shards that wait tries again. */
static uint64_t last_attempt(const spectacles_gateway *gateway)
{
    size_t count = 0;
    uint64_t last = 0;
    spectacles_shard *const *shards = spectacles_gateway_shards(gateway, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t at = spectacles_stream_deadline(spectacles_shard_stream(shards[i]));
        bool waits = spectacles_shard_state(shards[i]) == SPECTACLES_SHARD_BACKOFF;
        last = waits && at > last ? at : last;
    }
    return last;
}

/* Until a shard waits for long. */
static uint64_t fail_for_a_while(spectacles_gateway *gateway)
{
    uint64_t now = 1000;
    int count = 0;
    for (int i = 0; i < 2000; i++) {
        count += failures(gateway, now);
        uint64_t deadline = spectacles_gateway_deadline(gateway);
        if (count >= 40 && deadline > now && last_attempt(gateway) >= now + 2000)
            return now;
        now = deadline > now ? deadline : now;
    }
    fail();
    return 0;
}

/* The loopback comes up, and with it an address and its routes. */
static void change_network(void)
{
    struct ifreq request = {.ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(request.ifr_name, "lo");
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

/* Each test forks nothing: the namespace is the whole process's from now on. */
static bool enter_namespace(void)
{
    return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static void the_gateway_hears_of_changes_by_itself(void **state)
{
    (void)state;
    if (!enter_namespace())
        skip();
    spectacles_gateway *gateway = make(SPECTACLES_GATEWAY_RESOLVES);
    uint64_t now = fail_for_a_while(gateway);
    change_network();
    assert_int_equal(spectacles_gateway_wait(gateway, SPECTACLES_NEVER, now), SPECTACLES_OK);
    spectacles_gateway_process(gateway, now);
    assert_true(last_attempt(gateway) <= now + AT_ONCE);
    spectacles_gateway_free(gateway);
}

static void an_owner_can_tell_of_changes(void **state)
{
    (void)state;
    if (!enter_namespace())
        skip();
    spectacles_gateway *gateway = make(0);
    uint64_t now = fail_for_a_while(gateway);
    spectacles_gateway_network_changed(gateway, now);
    assert_true(last_attempt(gateway) <= now + AT_ONCE);
    spectacles_gateway_free(gateway);
}

#else

static void the_gateway_hears_of_changes_by_itself(void **state)
{
    (void)state;
    skip();
}

static void an_owner_can_tell_of_changes(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gateway_hears_of_changes_by_itself),
        cmocka_unit_test(an_owner_can_tell_of_changes),
    };
    return cmocka_run_group_tests_name("gateway/network", tests, NULL, NULL);
}
