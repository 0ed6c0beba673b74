/*
 * The doctor's look at the brokers: it logs in at each URL of AMQP_URL, and asks for nothing there. doctor.c calls it.
 */
#include "doctor_broker.h"

#include "doctor_talk.h"

#include <string.h>

static const char field[] = "broker";

/* What a person can do about a refused connection. */
static void tell_mend(const struct doctor *doctor, struct finding *finding, int error)
{
    if (error == SPECTACLES_E_AUTH) {
        finding_why(finding, "nothing can be published before this is mended; no shard identifies meanwhile");
        finding_mend(finding,
                     "rabbitmqctl authenticate_user '%s' PASSWORD; rabbitmqctl list_vhosts; rabbitmqctl "
                     "set_permissions -p "
                     "'%s' '%s' '.*' '.*' '.*'",
                     doctor->broker.user, doctor->vhost, doctor->broker.user);
    } else if (error == SPECTACLES_E_TLS) {
        finding_why(
            finding,
            "the gateway speaks with nobody whose certificate it cannot check: the password would be read on "
            "the way");
        finding_mend(finding,
                     "mend cacertfile in AMQP_URL, SSL_CERT_FILE, the clock, or RabbitMQ's certificate");
    } else {
        finding_why(finding, "the gateway tries again with a back-off, and no shard identifies meanwhile");
        finding_mend(finding, "rabbitmq-diagnostics check_port_connectivity; then AMQP_URL, or the firewall");
    }
}

static void tell_failure(const struct doctor *doctor, const char *host, bool is_only,
                         const spectacles_broker_event *event)
{
    bool is_persons = event->error == SPECTACLES_E_AUTH || event->error == SPECTACLES_E_TLS;
    enum finding_level level = is_persons ? FINDING_IS_FINAL : FINDING_MAY_PASS;
    /* The nodes of a cluster stand in for each other. */
    struct finding *finding =
        findings_add(doctor->findings, is_only || is_persons ? level : FINDING_IS_WARNING, field, "%s: %.*s",
                     host, (int)event->text_length, event->text);
    tell_mend(doctor, finding, event->error);
}

/* Returns whether somebody could log in. */
static bool log_in(struct doctor *doctor, struct talk *talk, const char *host, bool is_only)
{
    const spectacles_broker_event *event;
    while ((event = talk_next(talk))) {
        if (event->type == SPECTACLES_BROKER_EVENT_READY) {
            findings_add(doctor->findings, FINDING_IS_FINE, field,
                         "%s is %.*s; '%s' may use the virtual host '%s'", host, (int)event->text_length,
                         event->text, doctor->broker.user, doctor->vhost);
            return true;
        }
        if (event->type == SPECTACLES_BROKER_EVENT_DISCONNECTED) {
            tell_failure(doctor, host, is_only, event);
            return false;
        }
    }
    tell_mend(doctor,
              findings_add(doctor->findings, FINDING_MAY_PASS, field, "%s says nothing for %d s", host,
                           DOCTOR_TIMEOUT / 1000),
              SPECTACLES_E_UNREACHABLE);
    return false;
}

static void look_at_url(struct doctor *doctor, const char *url, bool is_only)
{
    struct talk talk;
    struct web_url parts;
    char host[300];
    spectacles_problem problem = {.text = ""};
    bool is_known = web_url_read(&parts, url);
    snprintf(host, sizeof host, "%.255s:%u", is_known ? parts.host : "a broker",
             is_known && parts.port          ? parts.port
             : strncmp(url, "amqps", 5) == 0 ? 5671u
                                             : 5672u);
    web_url_free(&parts);
    if (talk_begin(&talk, doctor, url, SPECTACLES_DECLARE_NOTHING, &problem) != SPECTACLES_OK)
        tell_mend(doctor,
                  findings_add(doctor->findings, FINDING_IS_FINAL, field, "%s: %s", host, problem.text),
                  SPECTACLES_E_TLS);
    else if (log_in(doctor, &talk, host, is_only) && !doctor->has_broker) {
        doctor->has_broker = true;
        doctor->url = url;
    }
    talk_end(&talk);
}

static void tell_none(struct doctor *doctor, size_t count)
{
    struct finding *finding = findings_add(doctor->findings, FINDING_MAY_PASS, field,
                                           "none of the %zu brokers takes a connection", count);
    finding_why(finding, "no shard identifies before one of them does");
    finding_mend(finding, "mend what is told above of at least one of them");
}

void doctor_broker(struct doctor *doctor)
{
    const struct value *urls = settings_value(doctor->settings, SETTING_AMQP_URL);
    for (size_t i = 0; i < urls->text_count; i++)
        look_at_url(doctor, urls->texts[i], urls->text_count == 1);
    if (!doctor->has_broker && urls->text_count > 1)
        tell_none(doctor, urls->text_count);
}
