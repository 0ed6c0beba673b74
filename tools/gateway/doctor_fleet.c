/*
 * The doctor's look at what a fleet needs of RabbitMQ: rights beyond those of a gateway, quorum queues on three nodes,
 * a short net_ticktime, and no version whose queues deadlock. It talks as a member does, with queues of its own that
 * expire or go with the connection. doctor.c calls it, behind doctor_management.c.
 */
#include "doctor_fleet.h"

#include "doctor_talk.h"
#include "headers.h"

#include <string.h>

static const char field[] = "fleet";
static const char event_key[] = "SPECTACLES_DOCTOR";

enum {
    GROUP_SIZE = 256,
    NAME_SIZE = 300,
    NODES = 3,
    TICKTIME = 10,      /* seconds: what doc/fleet.md asks for */
    OWN_EXPIRES = 60000 /* milliseconds without a consumer after which RabbitMQ removes the doctor's queue */
};

/*
 * How far the doctor has come: with a queue as each member has it for what all of them say, and with a message to a
 * queue as a slot has it. Nothing is said to everybody: the members would wonder what it means.
 */
struct trial {
    struct talk talk;
    char queue[NAME_SIZE];
    uint32_t bus;
    uint32_t slot;
    bool bus_stands;
    bool slot_arrived;
    bool has_failed;
};

/* ---- Findings ---- */

/* configure and read on the queue of each member, write on the exchange without a name, which leads to a queue. */
static void tell_refusal(struct doctor *doctor, const spectacles_broker_event *event)
{
    const char *group = doctor->engines.broker.group;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_FINAL, field, "%.*s",
                                           (int)event->text_length, event->text ? event->text : "");
    finding_why(
        finding,
        "a member of the fleet needs configure, write and read on '%.100s:fleet1' and what begins with "
        "'%.100s:fleet1:', and on queues 'amq.gen-...'; and write on 'amq.default'",
        group, group);
    finding_mend(finding,
                 "rabbitmqctl set_permissions -p '%s' '%s' '^(%.60s(:.*)?|amq\\.gen-.*)$' "
                 "'^(%.60s(:.*)?|amq\\.(gen-.*|default))$' '^(%.60s(:.*)?|amq\\.gen-.*)$'",
                 doctor->vhost, doctor->broker.user, group, group, group);
}

static void tell_silence(struct doctor *doctor)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, field,
                     "a message to a quorum queue of the doctor's own has not come back within %d s",
                     DOCTOR_TIMEOUT / 1000);
    finding_why(finding,
                "the members would not know who owns what: nobody identifies, and nobody takes over");
    finding_mend(finding,
                 "rabbitmq-diagnostics check_if_node_is_quorum_critical; rabbitmqctl cluster_status");
}

/* RabbitMQ's issue 17317. */
static void look_at_version(struct doctor *doctor, const spectacles_broker_event *event)
{
    static const char version[] = "4.3.";
    const char *at = event->text ? strstr(event->text, version) : NULL;
    const char *patch = at ? at + strlen(version) : "";
    if (*patch < '0' || *patch > '5' || (patch[1] >= '0' && patch[1] <= '9'))
        return;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_WARNING, field, "this is %.*s",
                                           (int)event->text_length, event->text);
    finding_why(finding,
                "from 4.3.0 to 4.3.5 a queue with a single active consumer can stop to deliver when every "
                "consumer was silent for too long (RabbitMQ's issue 17317): then nobody owns its slot");
    finding_mend(finding, "update RabbitMQ to 4.3.6 or later");
}

/* ---- Trying ---- */

/* As the queue of a slot (lib/fleet/names.c), and it expires. */
static void subscribe_to_slot(struct trial *trial)
{
    const spectacles_header arguments[] = {
        header_text("x-queue-type", "quorum"),
        header_number("x-single-active-consumer", SPECTACLES_HEADER_BOOLEAN, 1),
        header_number("x-delivery-limit", SPECTACLES_HEADER_INTEGER, 1000000),
        header_number("x-consumer-disconnected-timeout", SPECTACLES_HEADER_INTEGER, 5000),
        header_number("x-expires", SPECTACLES_HEADER_INTEGER, OWN_EXPIRES)};
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.queue = trial->queue;
    subscription.queue_length = strlen(trial->queue);
    subscription.arguments = arguments;
    subscription.argument_count = sizeof arguments / sizeof arguments[0];
    trial->slot = (uint32_t)spectacles_broker_subscribe(trial->talk.broker, &subscription);
}

static void subscribe_to_bus(struct trial *trial)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = event_key;
    subscription.event_length = strlen(event_key);
    subscription.exclusive = 1;
    trial->bus = (uint32_t)spectacles_broker_subscribe(trial->talk.broker, &subscription);
}

static void publish_to_slot(struct trial *trial)
{
    static const char body[] = "{}";
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_MANDATORY | SPECTACLES_MESSAGE_TRANSIENT;
    message.exchange = "";
    message.key = trial->queue;
    message.key_length = strlen(message.key);
    message.body = (const uint8_t *)body;
    message.body_length = strlen(body);
    message.expiration = "10000";
    spectacles_broker_publish(trial->talk.broker, &message, NULL);
}

static void take(struct doctor *doctor, struct trial *trial, const spectacles_broker_event *event)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_READY:
        look_at_version(doctor, event);
        return;
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        trial->bus_stands |= event->subscription == trial->bus;
        if (event->subscription == trial->slot)
            publish_to_slot(trial);
        return;
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        trial->slot_arrived |= event->subscription == trial->slot;
        spectacles_broker_ack(trial->talk.broker, event->delivery);
        return;
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        if (event->error == SPECTACLES_E_CLOSED) /* its channel ended with another's refusal */
            return;
        break;
    case SPECTACLES_BROKER_EVENT_FAILED:
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_DISCONNECTED:
        break;
    default:
        return;
    }
    tell_refusal(doctor, event);
    trial->has_failed = true;
}

static void try_all(struct doctor *doctor, struct trial *trial)
{
    const spectacles_broker_event *event;
    while (!trial->has_failed && !(trial->bus_stands && trial->slot_arrived) &&
           (event = talk_next(&trial->talk)))
        take(doctor, trial, event);
    if (trial->bus_stands && trial->slot_arrived)
        findings_add(doctor->findings, FINDING_IS_FINE, field,
                     "'%s' may have the queues of a fleet: a message went to a quorum queue and back",
                     doctor->broker.user);
    else if (!trial->has_failed)
        tell_silence(doctor);
}

static void look_at_rights(struct doctor *doctor)
{
    struct doctor own = *doctor;
    struct trial trial = {.bus = UINT32_MAX, .slot = UINT32_MAX};
    char group[GROUP_SIZE];
    snprintf(group, sizeof group, "%.200s:fleet1", doctor->engines.broker.group);
    snprintf(trial.queue, sizeof trial.queue, "%s:doctor-%016llx", group,
             (unsigned long long)spectacles_random_seed());
    own.engines.broker.group = group;
    own.engines.broker.exchange_type = SPECTACLES_EXCHANGE_FANOUT;
    own.engines.broker.queue_type = SPECTACLES_QUEUE_DEFAULT;
    if (talk_begin(&trial.talk, &own, doctor->url, SPECTACLES_DECLARE, NULL) != SPECTACLES_OK) {
        doctor->findings->out_of_memory = true;
    } else {
        subscribe_to_bus(&trial);
        subscribe_to_slot(&trial);
        try_all(doctor, &trial);
    }
    talk_end(&trial.talk);
}

/* ---- The cluster ---- */

static void look_at_nodes(struct doctor *doctor)
{
    if (doctor->node_count == 0 || doctor->node_count >= NODES)
        return;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_WARNING, field,
                                           "the nodes of RabbitMQ that run: %zu", doctor->node_count);
    finding_why(finding,
                "a quorum queue needs more than half of its nodes: with fewer than three, the node that is "
                "gone with its host takes the fleet along");
    finding_mend(finding, "run RabbitMQ on three hosts: rabbitmqctl join_cluster, then rabbitmq-queues grow");
}

static void look_at_ticktime(struct doctor *doctor)
{
    if (doctor->node_count == 0)
        findings_add(
            doctor->findings, FINDING_IS_NOTE, field,
            "how many nodes RabbitMQ has, and its net_ticktime, are not known: the management API was not "
            "asked");
    if (doctor->node_count == 0 || doctor->ticktime <= TICKTIME)
        return;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_WARNING, field,
                                           "net_ticktime is %llu s", (unsigned long long)doctor->ticktime);
    finding_why(finding,
                "so long a host is not noticed that is gone together with its node of RabbitMQ. Discord "
                "keeps a session for about 90 s: then its shards identify, and declare a gap");
    finding_mend(
        finding,
        "{kernel, [{net_ticktime, %d}]} in advanced.config of each node, and restart one after the other",
        (int)TICKTIME);
}

/* A heartbeat of the URL goes before that of the fleet. */
static void look_at_heartbeat(struct doctor *doctor)
{
    const struct value *urls = settings_value(doctor->settings, SETTING_AMQP_URL);
    bool is_named = false;
    for (size_t i = 0; i < urls->text_count; i++)
        is_named |= strstr(urls->texts[i], "heartbeat=") != NULL;
    if (!is_named)
        return;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_NOTE, field,
                                           "AMQP_URL names a heartbeat, which the fleet has too");
    finding_why(finding,
                "RabbitMQ notices a host that is gone after two to three of them; the fleet's own is 4 s");
    finding_mend(finding, "take heartbeat= out of AMQP_URL");
}

void doctor_fleet(struct doctor *doctor)
{
    if (settings_value(doctor->settings, SETTING_FLEET)->number != FLEET_ON || !doctor->has_broker)
        return;
    look_at_rights(doctor);
    look_at_nodes(doctor);
    look_at_ticktime(doctor);
    look_at_heartbeat(doctor);
}
