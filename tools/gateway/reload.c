/*
 * SIGHUP: what has changed between two readings of the settings, and what of it can be followed without a restart.
 * The daemon calls it.
 */
#include "reload.h"

#include "show.h"

#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_MAX = 80
};

static bool same_text(const char *one, const char *two)
{
    return one && two ? strcmp(one, two) == 0 : one == two;
}

static bool same_texts(const struct value *one, const struct value *two)
{
    if (one->text_count != two->text_count)
        return false;
    for (size_t i = 0; i < one->text_count; i++) {
        if (strcmp(one->texts[i], two->texts[i]) != 0)
            return false;
    }
    return true;
}

static bool same_numbers(const struct value *one, const struct value *two)
{
    return one->number_count == two->number_count &&
           (one->number_count == 0 ||
            memcmp(one->numbers, two->numbers, one->number_count * sizeof *one->numbers) == 0);
}

static bool same(const struct value *one, const struct value *two)
{
    return one->number == two->number && same_text(one->text, two->text) && same_texts(one, two) &&
           same_numbers(one, two);
}

/* The value as a text, to be freed; NULL: memory ran out. */
static char *shown(const struct settings *settings, enum setting_id id)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    show_value(stream, settings, id);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* What a connection is made with counts for the next one. */
static const char *consequence(const struct settings *running, const struct reload_change *change)
{
    bool is_of_connections =
        change->id == SETTING_TOKEN || change->id == SETTING_AMQP_URL || change->id == SETTING_CA_FILE;
    if (change->id == SETTING_SHARD_COUNT && settings_value(running, SETTING_FLEET)->number == FLEET_ON)
        return "`spectacles-gateway fleet reshard` goes there while events flow, and a restart does not";
    if (!change->is_followed)
        return "restart the gateway to follow this";
    return is_of_connections ? "connections that are made from now on follow this" : "this is followed now";
}

static void describe(const struct settings *running, const struct settings *fresh,
                     struct reload_change *change)
{
    const struct setting *setting = setting_of(change->id);
    const char *then = consequence(running, change);
    char *before = setting->flags & SETTING_IS_SECRET ? NULL : shown(running, change->id);
    char *after = setting->flags & SETTING_IS_SECRET ? NULL : shown(fresh, change->id);
    if (before && after)
        snprintf(change->text, sizeof change->text, "%s has changed from %.*s to %.*s: %s", setting->name,
                 SHOWN_MAX, before, SHOWN_MAX, after, then);
    else
        snprintf(change->text, sizeof change->text, "%s has changed: %s", setting->name, then);
    free(before);
    free(after);
}

size_t reload_compare(const struct settings *running, const struct settings *fresh,
                      struct reload_change out[SETTING_COUNT])
{
    size_t count = 0;
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (same(settings_value(running, (enum setting_id)id), settings_value(fresh, (enum setting_id)id)))
            continue;
        struct reload_change *change = &out[count++];
        change->id = (enum setting_id)id;
        change->is_followed = setting_of(change->id)->flags & SETTING_RELOADS;
        describe(running, fresh, change);
    }
    return count;
}
