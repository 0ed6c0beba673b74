/*
 * A talk with RabbitMQ: a broker of the library, its connection and a time limit. It owns both. doctor_broker.c,
 * doctor_queues.c and doctor_rights.c call it.
 */
#include "doctor_talk.h"

#include <string.h>

enum {
    CLOSE_TIMEOUT = 1000
};

int talk_begin(struct talk *talk, const struct doctor *doctor, const char *url, uint32_t declare,
               spectacles_problem *problem)
{
    spectacles_broker_config config = doctor->engines.broker;
    spectacles_link_config link = doctor->engines.link;
    *talk = (struct talk){.end = spectacles_now() + DOCTOR_TIMEOUT};
    config.urls = &url;
    config.url_count = 1;
    config.declare = declare;
    config.name = "spectacles-gateway doctor";
    config.drain_timeout = CLOSE_TIMEOUT;
    link.tls = doctor->tls;
    link.proxy = doctor->proxies.broker;
    link.no_proxy = doctor->proxies.no_proxy;
    return connection_to_broker(&talk->connection, &talk->broker, &config, &link, problem);
}

/* An event is valid until the next call on the broker: nothing is flushed before the caller has looked at it. */
const spectacles_broker_event *talk_next(struct talk *talk)
{
    for (;;) {
        const spectacles_broker_event *event = spectacles_broker_next_event(talk->broker, spectacles_now());
        if (event)
            return event;
        if (connection_flush(talk->connection, spectacles_now()))
            continue;
        if (spectacles_now() >= talk->end)
            return NULL;
        connection_wait(talk->connection, talk->end, spectacles_now());
        connection_process(talk->connection, spectacles_now());
    }
}

void talk_end(struct talk *talk)
{
    const spectacles_broker_event *event;
    if (talk->broker && talk->connection &&
        spectacles_broker_state(talk->broker) == SPECTACLES_BROKER_READY) {
        talk->end = spectacles_now() + CLOSE_TIMEOUT;
        spectacles_broker_close(talk->broker, spectacles_now());
        do {
            event = talk_next(talk);
        } while (event && event->type != SPECTACLES_BROKER_EVENT_CLOSED);
    }
    connection_free(talk->connection);
    spectacles_broker_free(talk->broker);
    *talk = (struct talk){0};
}
