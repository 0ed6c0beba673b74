/*
 * Names of events and intents: whether Discord has them, and whether an event can arrive with the intents that are
 * set. read.c calls it.
 */
#include "names.h"

#include "event_names.h"
#include "nearest.h"
#include "redact.h"
#include "retired.h"

#include <ctype.h>
#include <spectacles/routing.h>
#include <spectacles/types.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    SHOWN_SIZE = 64,
    INTENTS_SIZE = 256
};

static const char *nearest_of(const char *(*name)(size_t index), const char *written)
{
    struct nearest nearest = {0};
    for (size_t i = 0; name(i); i++)
        nearest_look(&nearest, name(i), written, strlen(written));
    return nearest.name;
}

/* ---- Intents ---- */

static void check_intent(const char *written, const char *where, struct problems *problems)
{
    uint64_t intent;
    char shown[SHOWN_SIZE];
    const char *now = retired_intent(written, strlen(written));
    if (spectacles_intent_parse(&intent, written, strlen(written)) == SPECTACLES_OK)
        return;
    const char *meant = now ? now : nearest_of(intent_name, written);
    redact(shown, sizeof shown, written, strlen(written));
    if (now)
        problems_add(problems, PROBLEM_IS_FINAL, where, "the intent '%s' is called %s now: write that", shown,
                     now);
    else if (meant)
        problems_add(problems, PROBLEM_IS_FINAL, where, "there is no intent '%s': did you mean %s?", shown,
                     meant);
    else
        problems_add(problems, PROBLEM_IS_FINAL, where,
                     "there is no intent '%s': Discord's page \"Gateway Intents\" names them, and "
                     "DISCORD_RAW_INTENTS takes "
                     "numbers",
                     shown);
}

static void note_privileged(const struct settings *settings, struct problems *problems)
{
    uint64_t privileged = spectacles_intents_privileged(settings_intents(settings));
    for (uint64_t bit = 1; bit && bit <= privileged; bit <<= 1) {
        if (privileged & bit)
            problems_add(problems, PROBLEM_NOTE, settings_where(settings, SETTING_INTENTS),
                         "%s is privileged: it has to be switched on in Discord's developer portal, or "
                         "Discord refuses the "
                         "bot",
                         spectacles_intent_name(bit));
    }
}

/* ---- Events ---- */

static bool is_event(const char *written)
{
    for (size_t i = 0; event_name(i); i++) {
        if (strcmp(event_name(i), written) == 0)
            return true;
    }
    return spectacles_intents_for_event(written, strlen(written)) != 0;
}

static void refuse_event(const char *written, const char *where, struct problems *problems)
{
    char shown[SHOWN_SIZE];
    const char *meant = nearest_of(event_name, written);
    redact(shown, sizeof shown, written, strlen(written));
    if (meant)
        problems_add(problems, PROBLEM_IS_FINAL, where, "Discord has no event '%s': did you mean %s?", shown,
                     meant);
    else
        problems_add(problems, PROBLEM_IS_FINAL, where,
                     "Discord has no event '%s' that this version knows: if it is a new one, name it in "
                     "DISCORD_MORE_EVENTS",
                     shown);
}

static void list_intents(uint64_t mask, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint64_t bit = 1; bit && bit <= mask && used < size; bit <<= 1) {
        if (mask & bit)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " or " : "",
                                     spectacles_intent_name(bit));
    }
}

/* Discord sends GUILD_MEMBER_UPDATE for the bot itself without any intent. */
static bool comes_anyway(const char *event)
{
    return strcmp(event, "GUILD_MEMBER_UPDATE") == 0;
}

static void check_event(const struct settings *settings, const char *event, struct problems *problems)
{
    char intents[INTENTS_SIZE];
    const char *where = settings_where(settings, SETTING_EVENTS);
    uint64_t wanted = spectacles_intents_for_event(event, strlen(event));
    bool known = !settings_value(settings, SETTING_INTENTS)->is_wrong &&
                 !settings_value(settings, SETTING_RAW_INTENTS)->is_wrong;
    if (!is_event(event)) {
        refuse_event(event, where, problems);
    } else if (known && wanted && !(wanted & settings_intents(settings)) && !comes_anyway(event)) {
        list_intents(wanted, intents, sizeof intents);
        problems_add(problems, PROBLEM_IS_FINAL, where,
                     "%s never comes without the intent %s: add it to DISCORD_INTENTS, or take the event out",
                     event, intents);
    }
}

static bool is_there_before(const struct value *events, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(events->texts[i], events->texts[index]) == 0)
            return true;
    }
    return false;
}

static void note_twice(const struct value *events, const char *where, struct problems *problems)
{
    char shown[SHOWN_SIZE];
    for (size_t i = 0; i < events->text_count; i++) {
        redact(shown, sizeof shown, events->texts[i], strlen(events->texts[i]));
        if (is_there_before(events, i))
            problems_add(problems, PROBLEM_NOTE, where, "%s is in the list twice", shown);
    }
}

void names_check(const struct settings *settings, struct problems *problems)
{
    const struct value *intents = settings_value(settings, SETTING_INTENTS);
    const struct value *events = settings_value(settings, SETTING_EVENTS);
    for (size_t i = 0; i < intents->text_count; i++)
        check_intent(intents->texts[i], settings_where(settings, SETTING_INTENTS), problems);
    for (size_t i = 0; i < events->text_count; i++)
        check_event(settings, events->texts[i], problems);
    note_twice(events, settings_where(settings, SETTING_EVENTS), problems);
    note_privileged(settings, problems);
}
