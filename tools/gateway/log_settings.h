#ifndef GATEWAY_LOG_SETTINGS_H
#define GATEWAY_LOG_SETTINGS_H

#include "log.h"
#include "settings.h"

/*
 * Makes the log that the settings ask for, and hides their secrets in it. Where LOG_LEVEL or LOG_FORMAT is wrong, the
 * log has the default, so that the mistake can be told through it.
 *
 * Returns 0, or an error of log_new().
 */
int log_settings_new(struct log **out, const struct settings *settings, spectacles_problem *problem);

/* Hides the secrets of settings that were read again: the token, and the passwords in AMQP_URL. */
void log_settings_hide(struct log *log, const struct settings *settings);

#endif
