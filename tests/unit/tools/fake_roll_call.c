#include "fake_roll_call.h"

#include "unit.h"

struct fake_roll_call fake_roll_call;

struct roll_call {
    int nothing;
};

static struct roll_call only;

void fake_roll_call_begin(void)
{
    fake_roll_call = (struct fake_roll_call){.count = 0};
}

void fake_roll_call_bring(enum roll_call_news news, const struct card *card, enum card_kind kind,
                          const char *text)
{
    assert_true(fake_roll_call.count < FAKE_NEWS_MAX);
    fake_roll_call.news[fake_roll_call.count].news = news;
    fake_roll_call.news[fake_roll_call.count].card = card;
    fake_roll_call.news[fake_roll_call.count].kind = kind;
    fake_roll_call.news[fake_roll_call.count++].text = text;
}

int roll_call_new(struct roll_call **out, const spectacles_broker_config *broker,
                  const spectacles_link_config *link, const char *id, spectacles_problem *problem)
{
    (void)broker;
    (void)link;
    (void)problem;
    assert_int_equal(strlen(id), CARD_ID_SIZE - 1);
    if (fake_roll_call.error)
        return fake_roll_call.error;
    fake_roll_call.made++;
    *out = &only;
    return SPECTACLES_OK;
}

void roll_call_free(struct roll_call *roll_call)
{
    fake_roll_call.freed += roll_call != NULL;
}

void roll_call_set_tls(struct roll_call *roll_call, spectacles_tls *tls)
{
    (void)roll_call;
    (void)tls;
    fake_roll_call.tls++;
}

int roll_call_set_urls(struct roll_call *roll_call, const char *const *urls, size_t count, uint64_t now,
                       spectacles_problem *problem)
{
    (void)roll_call;
    (void)urls;
    (void)now;
    (void)problem;
    fake_roll_call.url_count = count;
    return SPECTACLES_OK;
}

int roll_call_descriptor(struct roll_call *roll_call)
{
    (void)roll_call;
    return -1;
}

uint64_t roll_call_deadline(struct roll_call *roll_call)
{
    (void)roll_call;
    return SPECTACLES_NEVER;
}

void roll_call_wait(struct roll_call *roll_call, uint64_t until, uint64_t now)
{
    (void)roll_call;
    (void)until;
    (void)now;
}

void roll_call_process(struct roll_call *roll_call, uint64_t now)
{
    (void)roll_call;
    (void)now;
    fake_roll_call.processed++;
}

enum roll_call_news roll_call_next(struct roll_call *roll_call, struct card *card, enum card_kind *kind,
                                   const char **text, uint64_t now)
{
    (void)roll_call;
    (void)now;
    *card = (struct card){.shard_count = 0};
    if (fake_roll_call.next == fake_roll_call.count)
        return ROLL_CALL_NOTHING;
    size_t at = fake_roll_call.next++;
    const struct card *brought = fake_roll_call.news[at].card;
    if (brought) {
        *card = *brought;
        card->shard_ids = NULL;
        card->shard_id_count = 0;
        assert_true(card_serve(card, brought->shard_count, brought->shard_ids, brought->shard_id_count));
    }
    *kind = fake_roll_call.news[at].kind;
    *text = fake_roll_call.news[at].text ? fake_roll_call.news[at].text : "";
    return fake_roll_call.news[at].news;
}

bool roll_call_say(struct roll_call *roll_call, const struct card *card, enum card_kind kind)
{
    (void)roll_call;
    fake_roll_call.said[kind]++;
    fake_roll_call.last = *card;
    fake_roll_call.last.shard_ids = NULL;
    return true;
}
