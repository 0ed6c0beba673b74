/*
 * The values of all settings: it owns them. Checks, reports and the daemon call it.
 */
#include "settings.h"

#include <spectacles/spectacles.h>
#include <string.h>

bool settings_is_set(const struct settings *settings, enum setting_id id)
{
    return settings->values[id].origin != VALUE_IS_DEFAULT;
}

const struct value *settings_value(const struct settings *settings, enum setting_id id)
{
    return &settings->values[id];
}

const char *settings_where(const struct settings *settings, enum setting_id id)
{
    const char *where = settings->values[id].where;
    return where ? where : setting_of(id)->name;
}

uint64_t settings_intents(const struct settings *settings)
{
    const struct value *names = settings_value(settings, SETTING_INTENTS);
    uint64_t intents = settings_value(settings, SETTING_RAW_INTENTS)->number;
    for (size_t i = 0; i < names->text_count; i++) {
        uint64_t intent;
        if (spectacles_intent_parse(&intent, names->texts[i], strlen(names->texts[i])) == SPECTACLES_OK)
            intents |= intent;
    }
    return intents;
}

void settings_free(struct settings *settings)
{
    arena_free(&settings->arena);
    *settings = (struct settings){.config = NULL};
}
