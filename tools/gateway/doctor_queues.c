/*
 * The doctor's look at the exchange and at our queues, by passive declarations: nothing is made. It owns the list of
 * queues. doctor.c calls it.
 */
#include "doctor_queues.h"

#include "doctor_talk.h"

#include <stdlib.h>
#include <string.h>

static const char field[] = "queues";

enum {
    DEEP = 10000, /* messages */
    SHOWN_SHARDS = 8
};

/* ---- Which queues there are ---- */

static void add(struct doctor *doctor, const char *event, bool is_command)
{
    struct doctor_queue *queue = &doctor->queues[doctor->queue_count++];
    *queue = (struct doctor_queue){.is_command = is_command};
    snprintf(queue->event, sizeof queue->event, "%s", event);
    snprintf(queue->name, sizeof queue->name, "%.126s:%s", doctor->engines.broker.group, event);
}

/* SEND, the shards of this process, the gaps, and an event each. Workers may have subgroups: those are not known. */
static bool list(struct doctor *doctor)
{
    char number[16];
    size_t count = doctor->shard_id_count + doctor->settings->event_count + 2;
    doctor->queues = calloc(count, sizeof *doctor->queues);
    if (!doctor->queues)
        return false;
    add(doctor, "SEND", true);
    for (size_t i = 0; i < doctor->shard_id_count; i++) {
        snprintf(number, sizeof number, "%u", doctor->shard_ids[i]);
        add(doctor, number, true);
    }
    add(doctor, spectacles_route_gap_key(), false);
    for (size_t i = 0; i < doctor->settings->event_count; i++)
        add(doctor, doctor->settings->events[i], false);
    return true;
}

/* ---- Asking ---- */

static struct doctor_queue *find(struct doctor *doctor, const char *name)
{
    for (size_t i = 0; i < doctor->queue_count; i++) {
        if (strcmp(doctor->queues[i].name, name) == 0)
            return &doctor->queues[i];
    }
    return NULL;
}

static void tell_refusal(struct doctor *doctor, const spectacles_broker_event *event)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, field, "%.*s", (int)event->text_length, event->text);
    finding_why(finding, "the gateway cannot use what the doctor cannot look at");
    finding_mend(finding, "rabbitmqctl list_queues -p '%s' name state; rabbitmqctl list_permissions -p '%s'",
                 doctor->vhost, doctor->vhost);
}

static void tell_silence(struct doctor *doctor, size_t open)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, field,
                     "the broker has not told of %zu queues within %d s", open, DOCTOR_TIMEOUT / 1000);
    finding_why(finding, "a gateway that starts now waits for it before any shard identifies");
    finding_mend(finding, "rabbitmq-diagnostics check_running; rabbitmqctl list_queues -p '%s' name state",
                 doctor->vhost);
}

static void note(struct doctor *doctor, const spectacles_broker_event *event)
{
    struct doctor_queue *queue = find(doctor, event->queue);
    if (!queue || queue->is_asked)
        return;
    queue->is_asked = true;
    queue->is_there = event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED;
    queue->message_count = event->message_count;
    queue->consumer_count = event->consumer_count;
    if (!queue->is_there && event->code != 404)
        tell_refusal(doctor, event);
}

static void tell_no_exchange(struct doctor *doctor, const spectacles_broker_event *event)
{
    bool declares = settings_value(doctor->settings, SETTING_DECLARE)->number == DECLARE_YES;
    struct finding *finding;
    if (event->code != 404) {
        tell_refusal(doctor, event);
        return;
    }
    finding = findings_add(doctor->findings, declares ? FINDING_IS_NOTE : FINDING_IS_FINAL, field,
                           "there is no exchange '%s' in the virtual host '%s'", doctor->engines.broker.group,
                           doctor->vhost);
    if (declares) {
        finding_why(
            finding,
            "the gateway makes it at its first start. If it has run before, BROKER_GROUP or the virtual host "
            "is another one now");
    } else {
        finding_why(finding, "with BROKER_DECLARE=passive or =no the gateway makes nothing itself");
        finding_mend(finding, "rabbitmqadmin -V '%s' declare exchange name='%s' type=direct durable=true",
                     doctor->vhost, doctor->engines.broker.group);
    }
}

static void ask(struct doctor *doctor, struct talk *talk)
{
    const spectacles_broker_event *event;
    size_t open = doctor->queue_count;
    while (open > 0 && (event = talk_next(talk))) {
        if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED ||
            event->type == SPECTACLES_BROKER_EVENT_UNSUBSCRIBED) {
            note(doctor, event);
            doctor->has_exchange = true;
        } else if (event->type == SPECTACLES_BROKER_EVENT_DISCONNECTED) {
            tell_no_exchange(doctor, event);
            return;
        }
        open = 0;
        for (size_t i = 0; i < doctor->queue_count; i++)
            open += !doctor->queues[i].is_asked;
    }
    if (open > 0)
        tell_silence(doctor, open);
}

static void subscribe(struct doctor *doctor, struct talk *talk)
{
    for (size_t i = 0; i < doctor->queue_count; i++) {
        spectacles_subscription subscription;
        spectacles_subscription_init(&subscription, sizeof subscription);
        subscription.event = doctor->queues[i].event;
        subscription.event_length = strlen(doctor->queues[i].event);
        subscription.declare_only = 1;
        spectacles_broker_subscribe(talk->broker, &subscription);
    }
}

/* ---- Commands ---- */

/* Commands that nobody takes are sent when a gateway comes back, however old they are then. */
static void tell_stale(struct doctor *doctor, const struct doctor_queue *queue)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_IS_WARNING, "commands",
                     "%u commands wait in %s, and no gateway consumes it", queue->message_count, queue->name);
    finding_why(
        finding,
        "they are all sent to Discord when a gateway is back, however old they are: voice joins, presences");
    finding_mend(finding, "rabbitmqctl purge_queue -p '%s' '%s'", doctor->vhost, queue->name);
}

static void tell_shared(struct doctor *doctor, const struct doctor_queue *queue)
{
    struct finding *finding = findings_add(doctor->findings, FINDING_MAY_PASS, "commands", "%u consume %s",
                                           queue->consumer_count, queue->name);
    finding_why(
        finding,
        "two gateways that serve one shard take its session from each other, and each misses the commands "
        "that the other gets. During a deploy this passes");
    finding_mend(finding, "rabbitmqctl list_consumers -p '%s' queue_name channel_pid | grep -F '%s'",
                 doctor->vhost, queue->name);
}

/* The numbers of shards whose queue has one consumer, or none. */
static void tell_served(struct doctor *doctor, uint32_t consumers, const char *words)
{
    char shown[160] = "";
    size_t count = 0;
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct doctor_queue *queue = &doctor->queues[i];
        size_t length = strlen(shown);
        if (!queue->is_command || !queue->is_there || queue->consumer_count != consumers ||
            strcmp(queue->event, "SEND") == 0)
            continue;
        if (count++ < SHOWN_SHARDS)
            snprintf(shown + length, sizeof shown - length, "%s%s", length ? ", " : "", queue->event);
    }
    if (count > 0)
        findings_add(doctor->findings, FINDING_IS_FINE, "commands", "%zu of the shards %s: %s%s", count,
                     words, shown, count > SHOWN_SHARDS ? ", ..." : "");
}

static void tell_commands(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct doctor_queue *queue = &doctor->queues[i];
        if (!queue->is_command || !queue->is_there)
            continue;
        if (queue->message_count > 0 && queue->consumer_count == 0)
            tell_stale(doctor, queue);
        if (queue->consumer_count > 1 && strcmp(queue->event, "SEND") != 0)
            tell_shared(doctor, queue);
    }
    tell_served(doctor, 1, "have one gateway");
    tell_served(doctor, 0, "have no gateway now");
}

/* ---- Events ---- */

static void tell_event(struct doctor *doctor, const struct doctor_queue *queue)
{
    struct finding *finding;
    if (!queue->is_there)
        return;
    if (queue->consumer_count == 0 && queue->message_count > 0) {
        finding =
            findings_add(doctor->findings, FINDING_IS_WARNING, field,
                         "%u messages wait in %s, and nobody consumes it", queue->message_count, queue->name);
        finding_why(finding, "the queue grows until RabbitMQ's memory or disk alarm stops every gateway");
        finding_mend(finding, "start a worker, or: rabbitmqctl delete_queue -p '%s' '%s'", doctor->vhost,
                     queue->name);
    } else if (queue->message_count > DEEP) {
        finding = findings_add(doctor->findings, FINDING_IS_WARNING, field,
                               "%u messages wait in %s, for %u consumers", queue->message_count, queue->name,
                               queue->consumer_count);
        finding_why(finding, "the workers are slower than Discord");
        finding_mend(finding, "start more workers of this group");
    }
}

static void tell_missing(struct doctor *doctor)
{
    char shown[400] = "";
    size_t count = 0;
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct doctor_queue *queue = &doctor->queues[i];
        size_t length = strlen(shown);
        if (queue->is_command || queue->is_there || !queue->is_asked ||
            strcmp(queue->event, spectacles_route_gap_key()) == 0)
            continue;
        count++;
        if (length + strlen(queue->event) + 8 < sizeof shown)
            snprintf(shown + length, sizeof shown - length, "%s%s", length ? ", " : "", queue->event);
    }
    if (count == 0)
        return;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_NOTE, field,
                                           "no queue '%s:EVENT' is there for %zu events: %s",
                                           doctor->engines.broker.group, count, shown);
    finding_why(finding, "RabbitMQ takes and drops events without a queue. Workers with a subgroup have "
                         "queues of other names, "
                         "which only the management API tells");
}

static void tell_missing_commands(struct doctor *doctor)
{
    size_t count = 0;
    const char *name = "";
    if (settings_value(doctor->settings, SETTING_DECLARE)->number == DECLARE_YES)
        return;
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct doctor_queue *queue = &doctor->queues[i];
        if (!queue->is_asked || queue->is_there || !queue->is_command)
            continue;
        name = count++ == 0 ? queue->name : name;
    }
    if (count == 0)
        return;
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_FINAL, field,
                                           "%zu queues are not there, as '%s'", count, name);
    finding_why(finding,
                "with BROKER_DECLARE=passive or =no the gateway makes none itself, and gets no commands");
    finding_mend(finding, "rabbitmqadmin -V '%s' declare queue name='%s' durable=true", doctor->vhost, name);
}

static void tell_all(struct doctor *doctor)
{
    size_t there = 0;
    size_t waiting = 0;
    for (size_t i = 0; i < doctor->queue_count; i++) {
        there += doctor->queues[i].is_there;
        waiting += doctor->queues[i].message_count;
    }
    findings_add(doctor->findings, FINDING_IS_FINE, field, "%zu of %zu queues are there, with %zu messages",
                 there, doctor->queue_count, waiting);
    tell_commands(doctor);
    for (size_t i = 0; i < doctor->queue_count; i++) {
        if (!doctor->queues[i].is_command)
            tell_event(doctor, &doctor->queues[i]);
    }
    tell_missing(doctor);
    tell_missing_commands(doctor);
}

void doctor_queues(struct doctor *doctor)
{
    struct talk talk;
    if (!doctor->has_broker)
        return;
    if (!list(doctor)) {
        doctor->findings->out_of_memory = true;
        return;
    }
    if (talk_begin(&talk, doctor, doctor->url, SPECTACLES_DECLARE_PASSIVE, NULL) == SPECTACLES_OK) {
        subscribe(doctor, &talk);
        ask(doctor, &talk);
    } else {
        doctor->findings->out_of_memory = true;
    }
    if (doctor->has_exchange)
        tell_all(doctor);
    talk_end(&talk);
}
