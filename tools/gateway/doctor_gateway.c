/*
 * The doctor's look at Discord's gateway: a shard of the library connects until it asks whether it may identify, and
 * is then freed. So host name, TCP, TLS, proxy, upgrade and compression are tried, and no identify is spent. doctor.c
 * calls it.
 */
#include "doctor_gateway.h"

#include "connection.h"

#include <string.h>

static const char field[] = "gateway";

/* What came of it. */
enum result {
    RESULT_OPEN,
    RESULT_HELLO,
    RESULT_FAILED
};

static void explain(struct finding *finding)
{
    finding_why(finding, "no shard can connect; the gateway tries again with a back-off");
    finding_mend(finding,
                 "mend the name, the firewall, the proxy (HTTPS_PROXY) or the authorities (SSL_CERT_FILE)");
}

static enum result judge(struct doctor *doctor, const spectacles_shard_event *event)
{
    if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
        return RESULT_HELLO;
    if (event->type != SPECTACLES_SHARD_EVENT_DISCONNECTED && event->type != SPECTACLES_SHARD_EVENT_FATAL)
        return RESULT_OPEN;
    explain(findings_add(doctor->findings,
                         event->error == SPECTACLES_E_TLS ? FINDING_IS_FINAL : FINDING_MAY_PASS, field,
                         "%s: %.*s", doctor->bot.url, (int)event->text_length, event->text));
    return RESULT_FAILED;
}

static enum result pull(struct doctor *doctor, spectacles_shard *shard)
{
    const spectacles_shard_event *event;
    enum result result = RESULT_OPEN;
    while (result == RESULT_OPEN && (event = spectacles_shard_next_event(shard, spectacles_now())))
        result = judge(doctor, event);
    return result;
}

static void drive(struct doctor *doctor, spectacles_shard *shard, struct connection *connection)
{
    uint64_t begin = spectacles_now();
    enum result result = RESULT_OPEN;
    while (result == RESULT_OPEN && spectacles_now() < begin + DOCTOR_TIMEOUT) {
        connection_wait(connection, begin + DOCTOR_TIMEOUT, spectacles_now());
        connection_process(connection, spectacles_now());
        do {
            result = pull(doctor, shard);
        } while (connection_flush(connection, spectacles_now()) && result == RESULT_OPEN);
    }
    if (result == RESULT_HELLO)
        findings_add(doctor->findings, FINDING_IS_FINE, field,
                     "%s says HELLO after %llu ms; nothing was identified", doctor->bot.url,
                     (unsigned long long)(spectacles_now() - begin));
    else if (result == RESULT_OPEN)
        explain(findings_add(doctor->findings, FINDING_MAY_PASS, field, "%s says nothing for %d s",
                             doctor->bot.url, DOCTOR_TIMEOUT / 1000));
}

void doctor_gateway(struct doctor *doctor)
{
    spectacles_shard *shard = NULL;
    struct connection *connection = NULL;
    spectacles_problem problem = {.text = ""};
    spectacles_shard_config config = doctor->engines.shard;
    spectacles_link_config link = doctor->engines.link;
    if (!doctor->has_bot)
        return;
    config.gateway_url = doctor->bot.url;
    config.seed = spectacles_random_seed();
    config.presence = NULL; /* a presence for each shard is not made yet, and none is sent */
    config.shard_id = 0;
    config.shard_count = 1;
    link.tls = doctor->tls;
    link.proxy = doctor->proxies.gateway;
    link.no_proxy = doctor->proxies.no_proxy;
    int error = spectacles_shard_new(&shard, &config, &problem);
    if (error == SPECTACLES_OK)
        error = connection_new(&connection, spectacles_shard_stream(shard), &link, &problem);
    if (error == SPECTACLES_OK)
        drive(doctor, shard, connection);
    else
        explain(findings_add(doctor->findings, FINDING_IS_FINAL, field, "no connection can be made: %s",
                             problem.text));
    connection_free(connection);
    spectacles_shard_free(shard);
}
