/*
 * Reads the settings of a gateway: all sources from the weakest to the strongest, the defaults of the rest, and all
 * checks. main.c calls it, and so does the daemon, at its start and on SIGHUP.
 */
#include "read.h"

#include "engines.h"
#include "names.h"
#include "proxies.h"
#include "rules.h"
#include "sources.h"

#include <string.h>

static void set_default(struct settings *settings, const struct reading *reading, enum setting_id id)
{
    const struct setting *setting = setting_of(id);
    struct given given = {.setting = setting, .where = setting->name, .text = setting->fallback};
    if (settings_is_set(settings, id) || settings->values[id].is_wrong || !setting->fallback)
        return;
    given.length = strlen(setting->fallback);
    value_read(reading, &given, &settings->values[id]);
    settings->values[id].where = NULL;
}

/* Its default depends on how the library was built. */
static void set_default_compression(struct settings *settings)
{
    spectacles_shard_config defaults;
    spectacles_shard_config_init(&defaults, sizeof defaults);
    if (!settings_is_set(settings, SETTING_COMPRESSION))
        settings->values[SETTING_COMPRESSION].number = defaults.compression;
}

/* The names of both lists of events. */
static void join_events(struct settings *settings, const struct reading *reading)
{
    const struct value *lists[] = {settings_value(settings, SETTING_EVENTS),
                                   settings_value(settings, SETTING_MORE_EVENTS)};
    size_t count = lists[0]->text_count + lists[1]->text_count;
    settings->events = arena_take(&settings->arena, (count + 1) * sizeof *settings->events);
    if (!settings->events) {
        given_out_of_memory(reading);
        return;
    }
    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i < lists[list]->text_count; i++)
            settings->events[settings->event_count++] = lists[list]->texts[i];
    }
}

int settings_read(struct settings *settings, const struct settings_input *input, struct problems *problems)
{
    *settings = (struct settings){.config = NULL};
    struct reading reading = {&settings->arena, problems};
    source_file(settings, input, &reading);
    source_secrets(settings, input, &reading);
    source_environment(settings, input, &reading);
    for (int id = 0; id < SETTING_COUNT; id++)
        set_default(settings, &reading, (enum setting_id)id);
    set_default_compression(settings);
    join_events(settings, &reading);
    if (problems->out_of_memory)
        return problems_exit_code(problems);
    rules_check(settings, input, problems);
    names_check(settings, problems);
    proxies_check(settings, input, problems);
    engines_check(settings, problems);
    return problems_exit_code(problems);
}
