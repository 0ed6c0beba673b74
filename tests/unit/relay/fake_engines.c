/* The fakes of shard and broker, told what the peers of real ones do to them. Called by test_engines.c. */
#include "core/stream.h"
#include "engines.h"
#include "fakes.h"

enum {
    TAGS = 16
};

static struct {
    spectacles_shard shard;
    spectacles_broker broker;
    bool settled[TAGS]; /* by tag */
} fake;

void engines_begin(void)
{
    memset(&fake, 0, sizeof fake);
    fake_forget();
    fake.shard = (spectacles_shard){.count = 4, .state = SPECTACLES_SHARD_CONNECTING, .lost = 1};
    fake.broker = (spectacles_broker){.name = "broker", .window = 3};
}

void engines_end(void)
{
}

spectacles_shard *engines_shard(void)
{
    return &fake.shard;
}

spectacles_broker *engines_broker(void)
{
    return &fake.broker;
}

uint64_t engines_now(void)
{
    return 1000;
}

void engines_pull(void)
{
    const void *event;
    while ((event = sp_stream_next_event(spectacles_shard_stream(&fake.shard), engines_now())))
        engines_tell_shard(event);
    while ((event = sp_stream_next_event(spectacles_broker_stream(&fake.broker), engines_now())))
        engines_tell_broker(event);
}

/* ---- The gateway ---- */

static void gateway_accepts(void)
{
    fake_accept(&fake.shard);
}

static void gateway_readies(void)
{
    fake_ready(&fake.shard, "abc");
}

static void gateway_dispatches(uint64_t number, const char *word)
{
    fake_dispatch(&fake.shard, number, word, "{}");
}

static void gateway_resumes(uint64_t number)
{
    fake_resumed(&fake.shard, number);
}

static void gateway_reads(void)
{
    fake_read(&fake.shard);
}

static void gateway_cuts(void)
{
    fake_shard_event(&fake.shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
}

static void gateway_invalidates(void)
{
    fake_shard_event(&fake.shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_lose_session(&fake.shard);
}

static void gateway_limits(void)
{
    fake_hold(&fake.shard, engines_now() + 60000);
}

/* ---- RabbitMQ ---- */

static void tell_subscriptions(uint32_t type)
{
    for (int i = 0; i < fake.broker.subscriptions; i++) {
        if (fake.broker.subscribed[i].event[0])
            fake_broker_event(&fake.broker, type, 0, (uint32_t)i);
    }
}

static void rabbit_accepts(void)
{
    tell_subscriptions(SPECTACLES_BROKER_EVENT_SUBSCRIBED);
    fake_broker_event(&fake.broker, SPECTACLES_BROKER_EVENT_READY, 0, 0);
}

static void rabbit_confirms(uint64_t number)
{
    fake.settled[number] = true;
    fake_broker_event(&fake.broker, SPECTACLES_BROKER_EVENT_CONFIRMED, number, 0);
}

static void rabbit_confirms_all(uint64_t number)
{
    for (uint64_t tag = 1; tag <= number; tag++) {
        if (!fake.settled[tag])
            rabbit_confirms(tag);
    }
}

static void rabbit_returns(uint64_t number)
{
    fake.settled[number] = true;
    fake_returned(&fake.broker, number, "K");
}

static void rabbit_refuses(uint64_t number)
{
    fake_failed(&fake.broker, number, 406, "PRECONDITION_FAILED - message size");
}

static void rabbit_chokes(uint64_t number)
{
    fake_failed(&fake.broker, number, 541, "INTERNAL_ERROR");
    fake_broker_event(&fake.broker, SPECTACLES_BROKER_EVENT_DISCONNECTED, 0, 0);
}

static void rabbit_blocks(void)
{
    fake_broker_event(&fake.broker, SPECTACLES_BROKER_EVENT_BLOCKED, 0, 0);
}

static void rabbit_unblocks(void)
{
    fake_broker_event(&fake.broker, SPECTACLES_BROKER_EVENT_UNBLOCKED, 0, 0);
}

static void rabbit_delivers(uint64_t number, const char *word)
{
    fake_message(&fake.broker, (uint32_t)number, word, "{}");
}

static void rabbit_times_out(void)
{
    fake_lose_deliveries(&fake.broker);
    tell_subscriptions(SPECTACLES_BROKER_EVENT_UNSUBSCRIBED);
    tell_subscriptions(SPECTACLES_BROKER_EVENT_SUBSCRIBED);
}

static void rabbit_cuts(void)
{
    fake_broker_event(&fake.broker, SPECTACLES_BROKER_EVENT_DISCONNECTED, 0, 0);
}

bool engines_do(const char *deed, uint64_t number, const char *word)
{
    static const engines_deed deeds[] = {
        {"gateway accepts", .plain = gateway_accepts},
        {"gateway readies", .plain = gateway_readies},
        {"gateway dispatches", .both = gateway_dispatches},
        {"gateway resumes", .numbered = gateway_resumes},
        {"gateway reads", .plain = gateway_reads},
        {"gateway cuts", .plain = gateway_cuts},
        {"gateway invalidates", .plain = gateway_invalidates},
        {"gateway limits", .plain = gateway_limits},
        {"rabbit accepts", .plain = rabbit_accepts},
        {"rabbit confirms", .numbered = rabbit_confirms},
        {"rabbit confirms all", .numbered = rabbit_confirms_all},
        {"rabbit returns", .numbered = rabbit_returns},
        {"rabbit refuses", .numbered = rabbit_refuses},
        {"rabbit chokes on", .numbered = rabbit_chokes},
        {"rabbit blocks", .plain = rabbit_blocks},
        {"rabbit unblocks", .plain = rabbit_unblocks},
        {"rabbit delivers", .both = rabbit_delivers},
        {"rabbit times out", .plain = rabbit_times_out},
        {"rabbit cuts", .plain = rabbit_cuts},
    };
    return engines_run(deeds, sizeof deeds / sizeof deeds[0], deed, number, word);
}
