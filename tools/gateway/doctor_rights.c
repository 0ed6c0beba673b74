/*
 * The doctor's look at the rights of the account, and at the arguments of queues: it does what the gateway does at its
 * start, with queues that are there already, and then publishes to a queue of its own and consumes it. That queue
 * expires by itself. doctor.c calls it.
 */
#include "doctor_rights.h"

#include "doctor_talk.h"
#include "headers.h"

#include <string.h>
#include <unistd.h>

static const char field[] = "rights";
static const char own_key[] = "SPECTACLES_DOCTOR"; /* no event of Discord, so that no worker is bound to it */

enum {
    OWN_EXPIRES = 60000 /* milliseconds without a consumer after which RabbitMQ removes the doctor's queue */
};

/* How far the doctor's own message has come. */
struct trial {
    struct talk talk;
    uint32_t own; /* the number of the own subscription */
    bool own_stands;
    bool is_confirmed;
    bool has_arrived;
    bool has_failed;
};

/* ---- Findings ---- */

/* The first word of RabbitMQ's refusal says which right is missing: "read", "write" or "configure". */
static void tell_refusal(struct doctor *doctor, const spectacles_broker_event *event)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_IS_FINAL, event->code == 406 ? "queues" : field, "%.*s",
                     (int)event->text_length, event->text);
    if (event->code == 406) {
        finding_why(finding, "RabbitMQ refuses a declaration that differs from the queue. The gateway gets "
                             "no commands from it");
        finding_mend(finding, "rabbitmqctl delete_queue --if-empty -p '%s' '%s'; or set BROKER_QUEUE_TYPE",
                     doctor->vhost, event->queue ? event->queue : "QUEUE");
    } else {
        finding_why(
            finding,
            "the gateway needs configure, write and read on '%s' and on the queues whose names begin with "
            "'%s:'",
            doctor->engines.broker.group, doctor->engines.broker.group);
        finding_mend(finding,
                     "rabbitmqctl set_permissions -p '%s' '%s' '^%s(:.*)?$' '^%s(:.*)?$' '^%s(:.*)?$'",
                     doctor->vhost, doctor->broker.user, doctor->engines.broker.group,
                     doctor->engines.broker.group, doctor->engines.broker.group);
    }
}

/* ---- Trying ---- */

/* The gateway's own declarations, of queues that are there: nothing changes by them. */
static void subscribe_to_ours(struct doctor *doctor, struct talk *talk)
{
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct doctor_queue *queue = &doctor->queues[i];
        spectacles_subscription subscription;
        if (!queue->is_there || (!queue->is_command && strcmp(queue->event, spectacles_route_gap_key()) != 0))
            continue;
        spectacles_subscription_init(&subscription, sizeof subscription);
        subscription.event = queue->event;
        subscription.event_length = strlen(queue->event);
        subscription.declare_only = 1;
        spectacles_broker_subscribe(talk->broker, &subscription);
    }
}

static void subscribe_to_own(struct trial *trial)
{
    char name[40];
    const spectacles_header arguments[] = {header_number("x-expires", SPECTACLES_HEADER_INTEGER, OWN_EXPIRES),
                                           header_text("x-queue-type", "classic")};
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    snprintf(name, sizeof name, "doctor-%016llx", (unsigned long long)spectacles_random_seed());
    subscription.event = own_key;
    subscription.event_length = strlen(own_key);
    subscription.subgroup = name;
    subscription.subgroup_length = strlen(name);
    subscription.arguments = arguments;
    subscription.argument_count = 2;
    trial->own = (uint32_t)spectacles_broker_subscribe(trial->talk.broker, &subscription);
}

static void publish(struct trial *trial)
{
    static const char body[] = "{}";
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_MANDATORY | SPECTACLES_MESSAGE_TRANSIENT;
    message.key = own_key;
    message.key_length = strlen(own_key);
    message.body = (const uint8_t *)body;
    message.body_length = strlen(body);
    message.expiration = "10000";
    spectacles_broker_publish(trial->talk.broker, &message, NULL);
}

static void tell_silence(struct doctor *doctor)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, field,
                     "a message of the doctor's own has not come back within %d s", DOCTOR_TIMEOUT / 1000);
    finding_why(finding, "events would wait for their confirms as well, and then at Discord");
    finding_mend(finding, "rabbitmq-diagnostics check_running; rabbitmq-diagnostics alarms");
}

static void tell_alarm(struct doctor *doctor, const spectacles_broker_event *event)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, field,
                     "not tried: RabbitMQ takes no messages now, because of an alarm (%.*s)",
                     (int)event->text_length, event->text);
    finding_why(finding, "events wait at Discord, for minutes at most");
    finding_mend(finding, "rabbitmq-diagnostics alarms");
}

static void take(struct doctor *doctor, struct trial *trial, const spectacles_broker_event *event)
{
    bool is_own = event->subscription == trial->own;
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        if (is_own && !trial->own_stands)
            publish(trial);
        trial->own_stands |= is_own;
        break;
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        if (event->error ==
            SPECTACLES_E_CLOSED) /* its channel ended with another's refusal: it is tried again */
            break;
        tell_refusal(doctor, event);
        trial->has_failed |= is_own;
        break;
    case SPECTACLES_BROKER_EVENT_BLOCKED: /* nothing would come back before the alarm is over */
        tell_alarm(doctor, event);
        trial->has_failed = true;
        break;
    case SPECTACLES_BROKER_EVENT_FAILED:
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_DISCONNECTED:
        tell_refusal(doctor, event);
        trial->has_failed = true;
        break;
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
        trial->is_confirmed = true;
        break;
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        spectacles_broker_ack(trial->talk.broker, event->delivery);
        trial->has_arrived = true;
        break;
    default:
        break;
    }
}

static void try_all(struct doctor *doctor, struct trial *trial)
{
    const spectacles_broker_event *event;
    while (!trial->has_failed && !(trial->is_confirmed && trial->has_arrived) &&
           (event = talk_next(&trial->talk)))
        take(doctor, trial, event);
    if (trial->is_confirmed && trial->has_arrived)
        findings_add(
            doctor->findings, FINDING_IS_FINE, field,
            "'%s' may declare, bind, publish and consume in the group '%s': a message went there and back",
            doctor->broker.user, doctor->engines.broker.group);
    else if (!trial->has_failed)
        tell_silence(doctor);
}

void doctor_rights(struct doctor *doctor)
{
    struct trial trial = {.own = UINT32_MAX};
    if (!doctor->has_exchange)
        return;
    if (settings_value(doctor->settings, SETTING_DECLARE)->number != DECLARE_YES) {
        findings_add(doctor->findings, FINDING_IS_NOTE, field,
                     "not tried: BROKER_DECLARE says that nothing may be declared");
        return;
    }
    if (talk_begin(&trial.talk, doctor, doctor->url, SPECTACLES_DECLARE, NULL) != SPECTACLES_OK) {
        doctor->findings->out_of_memory = true;
    } else {
        subscribe_to_ours(doctor, &trial.talk);
        subscribe_to_own(&trial);
        try_all(doctor, &trial);
    }
    talk_end(&trial.talk);
}
