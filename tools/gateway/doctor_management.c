/*
 * The doctor's look through RabbitMQ's management API: what AMQP does not tell. doctor.c calls it.
 *
 * The API is asked at RABBITMQ_MANAGEMENT_URL, or else where the plugin listens by default on the host of AMQP_URL.
 */
#include "doctor_management.h"

#include "roll_call.h"

#include <stdlib.h>
#include <string.h>

static const char field[] = "management";

enum {
    BASE_SIZE = 512,
    PATH_SIZE = 1024,
    SHORT_TIMEOUT = 5000,
    DEFAULT_DELIVERY_LIMIT = 20, /* of quorum queues, from RabbitMQ 4.0 on */
    LOW_DELIVERY_LIMIT = 1000
};

/* The API: where it is, as whom it is asked, and the documents that it gave. */
struct api {
    const struct doctor *doctor;
    char base[BASE_SIZE];
    struct web_url parts; /* user and password of RABBITMQ_MANAGEMENT_URL */
    const char *user;
    const char *password;
    bool is_guessed;
    char *vhost; /* encoded */
    spectacles_document *document;
};

/* ---- Asking ---- */

/* Returns the root of the answer, valid until the next call; NULL: `answer` says why. Free the answer in both cases. */
static const spectacles_value *get(struct api *api, struct web_answer *answer, const char *path)
{
    char url[BASE_SIZE + PATH_SIZE];
    snprintf(url, sizeof url, "%s/api/%s", api->base, path);
    web_get(answer,
            &(struct web_request){.url = url,
                                  .user = api->user,
                                  .password = api->password,
                                  .ca_file = settings_value(api->doctor->settings, SETTING_CA_FILE)->text,
                                  .timeout = SHORT_TIMEOUT});
    if (answer->status != 200)
        return NULL;
    if (spectacles_document_parse(api->document, SPECTACLES_FORMAT_JSON, SPECTACLES_REPLACE_SURROGATES,
                                  (const uint8_t *)answer->body, answer->length, NULL) != SPECTACLES_OK)
        return NULL;
    return spectacles_document_root(api->document);
}

static const char *text_of(const spectacles_value *object, const char *key)
{
    const char *text = spectacles_value_text(spectacles_value_get(object, key), NULL);
    return text ? text : "";
}

/* ---- Where it is ---- */

/* Without a setting, a password is sent no less safely than AMQP_URL sends it. */
static void guess(struct api *api)
{
    const struct doctor *doctor = api->doctor;
    bool is_tls = strncmp(doctor->url ? doctor->url : "", "amqps", 5) == 0;
    bool is_ipv6 = strchr(doctor->broker.host, ':') != NULL;
    snprintf(api->base, sizeof api->base, "%s://%s%.255s%s:%u", is_tls ? "https" : "http", is_ipv6 ? "[" : "",
             doctor->broker.host, is_ipv6 ? "]" : "", is_tls ? 15671u : 15672u);
    api->is_guessed = true;
}

/* "http://user:password@host:15672/prefix" without user and password. */
static bool take_setting(struct api *api, const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end ? scheme_end + 3 : NULL;
    bool is_http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
    if (!host || !is_http || !web_url_read(&api->parts, url))
        return false;
    size_t authority = strcspn(host, "/?#");
    for (size_t i = authority; i > 0; i--) {
        if (host[i - 1] != '@')
            continue;
        host += i;
        break;
    }
    size_t length = strlen(host);
    while (length > 0 && host[length - 1] == '/')
        length--;
    snprintf(api->base, sizeof api->base, "%.*s://%.*s", (int)(scheme_end - url), url, (int)length, host);
    if (api->parts.user[0]) {
        api->user = api->parts.user;
        api->password = api->parts.password;
    }
    return true;
}

static bool begin(struct api *api)
{
    const char *url = settings_value(api->doctor->settings, SETTING_MANAGEMENT_URL)->text;
    api->user = api->doctor->broker.user[0] ? api->doctor->broker.user : "guest";
    api->password = api->doctor->broker.user[0] ? api->doctor->broker.password : "guest";
    api->vhost = web_encode(api->doctor->vhost);
    if (!api->vhost || spectacles_document_new(&api->document) != SPECTACLES_OK)
        return false;
    if (!url)
        guess(api);
    return !url || take_setting(api, url);
}

/* ---- Alarms ---- */

static void tell_alarm(struct doctor *doctor, const char *node, const char *what, const char *mend)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_MAY_PASS, "alarm", "the node %s has a %s alarm", node, what);
    finding_why(
        finding,
        "RabbitMQ takes no messages on any node of the cluster: events wait at Discord, for minutes at most");
    finding_mend(finding, "%s", mend);
}

static void tell_partition(struct doctor *doctor, const char *node)
{
    struct finding *finding = findings_add(doctor->findings, FINDING_IS_FINAL, "nodes",
                                           "the node %s sees a partition of the cluster", node);
    finding_why(finding, "each side goes on with queues of its own: what one side confirms, the other side "
                         "throws away when they meet again");
    finding_mend(finding, "rabbitmqctl cluster_status; then restart the nodes of the smaller side");
}

static void tell_node(struct doctor *doctor, const char *node)
{
    struct finding *finding =
        findings_add(doctor->findings, FINDING_IS_WARNING, "nodes", "the node %s does not run", node);
    finding_why(finding, "classic queues whose home it is cannot be used; quorum queues need more than half "
                         "of their nodes");
    finding_mend(finding, "start it; or, when it is gone for good: rabbitmqctl forget_cluster_node '%s'",
                 node);
}

static void tell_down(struct doctor *doctor, const char *queue, const char *state, const char *node)
{
    struct finding *finding = findings_add(doctor->findings, FINDING_MAY_PASS, "queues",
                                           "the queue '%s' is %s; its home is %s", queue, state, node);
    finding_why(finding, "nobody can publish to it or consume it: its events are held back, or it gets no "
                         "commands");
    finding_mend(finding, "start the node %s", node);
}

static void note_ticktime(struct doctor *doctor, const spectacles_value *node)
{
    uint64_t seconds;
    if (!spectacles_value_uint64(spectacles_value_get(node, "net_ticktime"), &seconds))
        doctor->ticktime = seconds > doctor->ticktime ? seconds : doctor->ticktime;
}

static void look_at_nodes(struct api *api, struct doctor *doctor)
{
    struct web_answer answer;
    const spectacles_value *nodes = get(api, &answer, "nodes");
    for (const spectacles_value *each = spectacles_value_first(nodes); each;
         each = spectacles_value_next(each)) {
        const char *name = text_of(each, "name");
        if (spectacles_value_is_true(spectacles_value_get(each, "mem_alarm")))
            tell_alarm(doctor, name, "memory",
                       "rabbitmq-diagnostics memory_breakdown; then start workers, or purge a queue");
        if (spectacles_value_is_true(spectacles_value_get(each, "disk_free_alarm")))
            tell_alarm(doctor, name, "disk", "df -h; make room under /var/lib/rabbitmq");
        if (spectacles_value_count(spectacles_value_get(each, "partitions")) > 0)
            tell_partition(doctor, name);
        note_ticktime(doctor, each);
        if (spectacles_value_is_true(spectacles_value_get(each, "running")))
            doctor->node_count++;
        else
            tell_node(doctor, name);
    }
    if (nodes)
        findings_add(doctor->findings, FINDING_IS_FINE, "nodes", "%zu of %zu nodes run", doctor->node_count,
                     spectacles_value_count(nodes));
    web_answer_free(&answer);
}

/* ---- Queues ---- */

/* A queue of events or commands. Those of a doctor and of the roll call are neither. */
static bool is_of_group(const struct doctor *doctor, const char *name)
{
    size_t length = strlen(doctor->engines.broker.group);
    return strncmp(name, doctor->engines.broker.group, length) == 0 && name[length] == ':' &&
           !strstr(name + length, ":doctor-") && !strstr(name + length, ":" ROLL_CALL_KEY);
}

/* "SEND" or the number of a shard. */
static bool is_command(const char *event)
{
    uint32_t shard;
    return strcmp(event, "SEND") == 0 ||
           spectacles_route_parse_shard_key(&shard, event, strlen(event)) == SPECTACLES_OK;
}

static void tell_limit(struct doctor *doctor, const char *queue, const char *from, const char *key,
                       bool commands)
{
    struct finding *finding;
    if (commands && strcmp(key, "message-ttl") == 0)
        return; /* an age limit for commands is a good thing */
    finding = findings_add(doctor->findings, FINDING_IS_WARNING, "policies", "%s of the queue '%s' has %s",
                           from, queue, key);
    finding_why(
        finding,
        strcmp(key, "expires") == 0
            ? "RabbitMQ deletes the queue with its messages while nobody consumes it"
            : "RabbitMQ drops messages that it has confirmed: events are lost, and no gap record tells");
    finding_mend(finding, "rabbitmqctl list_policies -p '%s'; then clear_policy, or set_policy without %s",
                 doctor->vhost, key);
}

static void look_for_limits(struct doctor *doctor, const char *queue, const char *from,
                            const spectacles_value *definition, bool commands)
{
    static const char *const keys[] = {"message-ttl", "max-length", "max-length-bytes", "expires"};
    static const char *const arguments[] = {"x-message-ttl", "x-max-length", "x-max-length-bytes",
                                            "x-expires"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (spectacles_value_get(definition, keys[i]) || spectacles_value_get(definition, arguments[i]))
            tell_limit(doctor, queue, from, keys[i], commands);
    }
}

/* A queue of the gateway, or of one of its workers. */
static void look_at_queue(struct doctor *doctor, const spectacles_value *queue)
{
    const char *name = text_of(queue, "name");
    const char *state = text_of(queue, "state");
    const char *event = name + strlen(doctor->engines.broker.group) + 1;
    bool commands = is_command(event);
    look_for_limits(doctor, name, "the policy", spectacles_value_get(queue, "effective_policy_definition"),
                    commands);
    look_for_limits(doctor, name, "the declaration", spectacles_value_get(queue, "arguments"), commands);
    if (strcmp(state, "down") == 0 || strcmp(state, "stopped") == 0 || strcmp(state, "minority") == 0)
        tell_down(doctor, name, state, text_of(queue, "node"));
}

/* ---- Quorum queues that give messages up ---- */

/* Those that drop a message which came back too often: one finding for all of them. */
struct limits {
    uint64_t default_limit; /* of a queue that nobody has set one for; UINT64_MAX: none */
    uint64_t lowest;
    size_t count;
    char queue[256]; /* that has the lowest one */
    char policy[128];
    bool is_declared; /* by an argument of the declaration, which no policy can raise */
};

/* -1, or another number below 0, is none. */
static uint64_t limit_of(const spectacles_value *object, const char *key)
{
    uint64_t limit = UINT64_MAX;
    spectacles_value_uint64(spectacles_value_get(object, key), &limit);
    return limit;
}

static void count_limit(struct limits *limits, const spectacles_value *queue)
{
    const spectacles_value *policy = spectacles_value_get(queue, "effective_policy_definition");
    const spectacles_value *arguments = spectacles_value_get(queue, "arguments");
    bool is_set =
        spectacles_value_get(policy, "delivery-limit") || spectacles_value_get(arguments, "x-delivery-limit");
    uint64_t declared = limit_of(arguments, "x-delivery-limit");
    uint64_t limit = is_set ? limit_of(policy, "delivery-limit") : limits->default_limit;
    if (declared < limit)
        limit = declared;
    if (strcmp(text_of(queue, "type"), "quorum") != 0 || limit >= LOW_DELIVERY_LIMIT)
        return;
    limits->count++;
    if (limit >= limits->lowest)
        return;
    limits->lowest = limit;
    limits->is_declared = limit == declared;
    snprintf(limits->queue, sizeof limits->queue, "%s", text_of(queue, "name"));
    snprintf(limits->policy, sizeof limits->policy, "%s", text_of(queue, "policy"));
}

static void tell_limits(struct doctor *doctor, const struct limits *limits)
{
    struct finding *finding;
    if (limits->count == 0)
        return;
    finding = findings_add(doctor->findings, FINDING_IS_WARNING, "queues",
                           "%zu quorum queues drop a message that came back too often: '%s' after %llu times",
                           limits->count, limits->queue, (unsigned long long)limits->lowest);
    finding_why(finding,
                "a command comes back each time when a gateway ends that holds it, and an event when a "
                "worker does. Whatever restarts so often loses it, and nobody tells");
    if (limits->is_declared)
        finding_mend(finding,
                     "take x-delivery-limit out of the declaration of '%s', and delete the queue when "
                     "it is empty",
                     limits->queue);
    else if (limits->policy[0])
        finding_mend(finding,
                     "put \"delivery-limit\":1000000 into the policy '%s': rabbitmqctl list_policies -p '%s'",
                     limits->policy, doctor->vhost);
    else
        finding_mend(finding,
                     "rabbitmqctl set_policy -p '%s' --apply-to queues delivery-limit '^%s:' "
                     "'{\"delivery-limit\":1000000}'",
                     doctor->vhost, doctor->engines.broker.group);
}

/* RabbitMQ 3.x has no limit of its own. */
static uint64_t default_limit(struct api *api)
{
    struct web_answer answer;
    const char *version = text_of(get(api, &answer, "overview"), "rabbitmq_version");
    unsigned long major = strtoul(version, NULL, 10);
    web_answer_free(&answer);
    return major >= 4 ? DEFAULT_DELIVERY_LIMIT : UINT64_MAX;
}

/* ---- Homes ---- */

/* "2 classic on rabbit@a", one line for each type and node. */
struct homes {
    struct {
        char type[24];
        char node[80];
        size_t count;
    } homes[16];
    size_t count;
};

static void count_home(struct homes *homes, const spectacles_value *queue)
{
    const char *type = text_of(queue, "type");
    const char *node = text_of(queue, "node");
    size_t i = 0;
    while (i < homes->count &&
           (strcmp(homes->homes[i].type, type) != 0 || strcmp(homes->homes[i].node, node) != 0))
        i++;
    if (i == sizeof homes->homes / sizeof homes->homes[0])
        return;
    if (i == homes->count) {
        snprintf(homes->homes[i].type, sizeof homes->homes[i].type, "%s", type);
        snprintf(homes->homes[i].node, sizeof homes->homes[i].node, "%s", node);
        homes->count++;
    }
    homes->homes[i].count++;
}

static void look_at_queues(struct api *api, struct doctor *doctor)
{
    char path[PATH_SIZE];
    struct web_answer answer;
    struct homes homes = {.count = 0};
    struct limits limits = {.default_limit = default_limit(api), .lowest = UINT64_MAX};
    snprintf(path, sizeof path,
             "queues/%.600s?columns=name,node,type,state,arguments,policy,effective_policy_definition",
             api->vhost);
    const spectacles_value *queues = get(api, &answer, path);
    for (const spectacles_value *each = spectacles_value_first(queues); each;
         each = spectacles_value_next(each)) {
        if (!is_of_group(doctor, text_of(each, "name")))
            continue;
        count_home(&homes, each);
        count_limit(&limits, each);
        look_at_queue(doctor, each);
    }
    for (size_t i = 0; i < homes.count; i++)
        findings_add(doctor->findings, FINDING_IS_FINE, "queues",
                     "%zu %s queues of the group have their home on %s", homes.homes[i].count,
                     homes.homes[i].type, homes.homes[i].node);
    tell_limits(doctor, &limits);
    web_answer_free(&answer);
}

/* ---- Policies ---- */

static bool begins_with_ha(const spectacles_value *definition)
{
    for (const spectacles_value *each = spectacles_value_first(definition); each;
         each = spectacles_value_next(each)) {
        const char *key = spectacles_value_key(each, NULL);
        if (strncmp(key ? key : "", "ha-", 3) == 0)
            return true;
    }
    return false;
}

static void look_at_policies(struct api *api, struct doctor *doctor)
{
    char path[PATH_SIZE];
    struct web_answer answer;
    snprintf(path, sizeof path, "policies/%.600s", api->vhost);
    const spectacles_value *policies = get(api, &answer, path);
    for (const spectacles_value *each = spectacles_value_first(policies); each;
         each = spectacles_value_next(each)) {
        if (!begins_with_ha(spectacles_value_get(each, "definition")))
            continue;
        struct finding *finding = findings_add(doctor->findings, FINDING_IS_WARNING, "policies",
                                               "the policy '%s' mirrors queues (ha-)", text_of(each, "name"));
        finding_why(finding, "RabbitMQ 4 ignores it, and a queue that was mirrored is on one node there: a "
                             "lost disk loses it");
        finding_mend(finding, "rabbitmqctl clear_policy -p '%s' '%s'; BROKER_QUEUE_TYPE=quorum replicates",
                     doctor->vhost, text_of(each, "name"));
    }
    web_answer_free(&answer);
}

/* ---- Bindings ---- */

static bool is_bound(const spectacles_value *bindings, const char *key)
{
    for (const spectacles_value *each = spectacles_value_first(bindings); each;
         each = spectacles_value_next(each)) {
        if (strcmp(text_of(each, "routing_key"), key) == 0)
            return true;
    }
    return false;
}

/* The events that no queue takes, whatever the names of queues are. */
static void look_at_bindings(struct api *api, struct doctor *doctor)
{
    char path[PATH_SIZE];
    char shown[400] = "";
    size_t count = 0;
    struct web_answer answer;
    char *group = web_encode(doctor->engines.broker.group);
    snprintf(path, sizeof path, "exchanges/%.400s/%.400s/bindings/source", api->vhost, group ? group : "");
    const spectacles_value *bindings = doctor->has_exchange ? get(api, &answer, path) : NULL;
    for (size_t i = 0; bindings && i < doctor->settings->event_count; i++) {
        const char *event = doctor->settings->events[i];
        size_t length = strlen(shown);
        if (is_bound(bindings, event))
            continue;
        count++;
        if (length + strlen(event) + 8 < sizeof shown)
            snprintf(shown + length, sizeof shown - length, "%s%s", length ? ", " : "", event);
    }
    if (count > 0) {
        struct finding *finding =
            findings_add(doctor->findings, FINDING_IS_WARNING, "queues", "no queue takes %s", shown);
        finding_why(finding, "RabbitMQ takes and drops events without a queue");
        finding_mend(finding, "start the workers, or take the events out of DISCORD_EVENTS");
    }
    if (doctor->has_exchange)
        web_answer_free(&answer);
    web_text_free(group);
}

/* ---- The whole ---- */

static void tell_not_asked(const struct api *api, struct doctor *doctor, const struct web_answer *answer)
{
    struct finding *finding;
    char status[32];
    snprintf(status, sizeof status, "status %u", answer->status);
    finding =
        findings_add(doctor->findings, api->is_guessed ? FINDING_IS_NOTE : FINDING_IS_WARNING, field,
                     "%s cannot be asked (%s): alarms, policies, types and nodes of queues are not looked at",
                     api->base, answer->status ? status : answer->error);
    finding_why(finding, "AMQP does not tell of them, and some of them lose events");
    if (answer->status == 401 || answer->status == 403)
        finding_mend(finding, "rabbitmqctl set_user_tags '%s' monitoring", api->user);
    else
        finding_mend(
            finding,
            "rabbitmq-plugins enable rabbitmq_management; or RABBITMQ_MANAGEMENT_URL=http://HOST:15672");
}

void doctor_management(struct doctor *doctor)
{
    struct api api = {.doctor = doctor};
    struct web_answer answer = {0};
    if (!doctor->has_broker)
        return;
    if (!begin(&api)) {
        finding_mend(findings_add(doctor->findings, FINDING_IS_FINAL, field,
                                  "RABBITMQ_MANAGEMENT_URL is no URL as http://HOST:15672"),
                     "RABBITMQ_MANAGEMENT_URL=http://USER:PASSWORD@HOST:15672");
    } else if (!get(&api, &answer, "whoami")) {
        tell_not_asked(&api, doctor, &answer);
    } else {
        look_at_nodes(&api, doctor);
        look_at_queues(&api, doctor);
        look_at_policies(&api, doctor);
        look_at_bindings(&api, doctor);
    }
    web_answer_free(&answer);
    spectacles_document_free(api.document);
    web_text_free(api.vhost);
    web_url_free(&api.parts);
}
