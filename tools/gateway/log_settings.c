/*
 * The log as the settings have it. It owns nothing. daemon.c calls it.
 */
#include "log_settings.h"

#include <string.h>

static uint64_t choice_of(const struct settings *settings, enum setting_id id, uint64_t fallback)
{
    const struct value *value = settings_value(settings, id);
    return value->is_wrong ? fallback : value->number;
}

/* What stands between the first colon behind the scheme and the last "@" of the authority. */
static void hide_password(struct log *log, const char *url)
{
    const char *begin = strstr(url, "://");
    begin = begin ? begin + 3 : url;
    size_t authority = strcspn(begin, "/?#");
    const char *colon = memchr(begin, ':', authority);
    const char *end = begin + authority;
    while (colon && end > colon && *end != '@')
        end--;
    if (colon && end > colon)
        log_hide(log, colon + 1, (size_t)(end - colon - 1));
}

void log_settings_hide(struct log *log, const struct settings *settings)
{
    const char *token = settings_value(settings, SETTING_TOKEN)->text;
    const struct value *urls = settings_value(settings, SETTING_AMQP_URL);
    if (token)
        log_hide(log, token, strlen(token));
    for (size_t i = 0; i < urls->text_count; i++)
        hide_password(log, urls->texts[i]);
}

int log_settings_new(struct log **out, const struct settings *settings, spectacles_problem *problem)
{
    struct log_config config;
    log_config_init(&config);
    config.level = (enum setting_log_level)choice_of(settings, SETTING_LOG_LEVEL, config.level);
    config.format = (enum setting_log_format)choice_of(settings, SETTING_LOG_FORMAT, config.format);
    int error = log_new(out, &config, problem);
    if (error == SPECTACLES_OK)
        log_settings_hide(*out, settings);
    return error;
}
