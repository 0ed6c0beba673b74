/*
 * Credentials: token, broker URLs and certificates of the settings, and who of the daemon logs in with them. It owns
 * nothing. follow.c calls it with what was read again.
 */
#include "credentials.h"

#include "engines.h"

#include <stdio.h>

static int of_gateway(const spectacles_gateway *gateway, int error, spectacles_problem *problem)
{
    if (error != SPECTACLES_OK)
        snprintf(problem->text, sizeof problem->text, "%s", spectacles_gateway_last_error(gateway));
    return error;
}

int credentials_hand_token(const struct credentials_users *users, const struct settings *settings,
                           spectacles_problem *problem)
{
    const char *token = settings_value(settings, SETTING_TOKEN)->text;
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < users->gateways->count && error == SPECTACLES_OK; i++) {
        spectacles_gateway *each = users->gateways->items[i].handle;
        error = of_gateway(each, spectacles_gateway_set_token(each, token), problem);
    }
    return error;
}

int credentials_hand_urls(const struct credentials_users *users, const struct settings *settings,
                          uint64_t now, spectacles_problem *problem)
{
    const struct value *urls = settings_value(settings, SETTING_AMQP_URL);
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < users->gateways->count && error == SPECTACLES_OK; i++) {
        spectacles_gateway *each = users->gateways->items[i].handle;
        error = of_gateway(each, spectacles_gateway_set_broker_urls(each, urls->texts, urls->text_count, now),
                           problem);
    }
    if (error == SPECTACLES_OK)
        error = group_set_urls(users->group, urls->texts, urls->text_count, now, problem);
    if (error == SPECTACLES_OK)
        error = member_set_urls(users->member, urls->texts, urls->text_count, now, problem);
    return error;
}

int credentials_hand_tls(const struct credentials_users *users, const struct settings *settings,
                         spectacles_problem *problem)
{
    spectacles_tls *tls = NULL;
    int error = engines_tls(&tls, settings, problem);
    if (error != SPECTACLES_OK)
        return error;
    for (size_t i = 0; i < users->gateways->count; i++) {
        spectacles_gateway_set_tls(users->gateways->items[i].handle, tls);
        spectacles_gateway_set_broker_tls(users->gateways->items[i].handle, tls);
    }
    group_set_tls(users->group, tls);
    member_set_tls(users->member, tls);
    spectacles_tls_free(tls); /* the links hold it */
    return SPECTACLES_OK;
}
