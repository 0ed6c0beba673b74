#include "fake_talk.h"

#include "unit.h"

#include <stdio.h>

struct fake_talk fake_talk;

void fake_talk_script(const spectacles_broker_event *events, size_t count)
{
    fake_talk = (struct fake_talk){.events = events, .count = count};
}

int talk_begin(struct talk *talk, const struct doctor *doctor, const char *url, uint32_t declare,
               spectacles_problem *problem)
{
    spectacles_broker_config config = doctor->engines.broker;
    *talk = (struct talk){.broker = NULL};
    fake_talk.begun++;
    fake_talk.declare = declare;
    snprintf(fake_talk.url, sizeof fake_talk.url, "%s", url);
    if (fake_talk.error) {
        snprintf(problem->text, sizeof problem->text, "%s", fake_talk.error_text);
        return fake_talk.error;
    }
    config.urls = &url;
    config.url_count = 1;
    config.declare = declare;
    config.seed = 1;
    return spectacles_broker_new(&talk->broker, &config, problem);
}

const spectacles_broker_event *talk_next(struct talk *talk)
{
    assert_non_null(talk->broker);
    return fake_talk.next < fake_talk.count ? &fake_talk.events[fake_talk.next++] : NULL;
}

void talk_end(struct talk *talk)
{
    fake_talk.ended++;
    if (talk->broker) {
        spectacles_broker_stats_init(&fake_talk.seen, sizeof fake_talk.seen);
        spectacles_broker_get_stats(talk->broker, &fake_talk.seen);
    }
    spectacles_broker_free(talk->broker);
    *talk = (struct talk){.broker = NULL};
}
