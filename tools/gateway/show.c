/*
 * Values of settings as texts, without secrets. check.c and reload.c call it.
 */
#include "show.h"

#include "quantity.h"
#include "redact.h"

#include <spectacles/proxy.h>
#include <spectacles/types.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TEXT_SIZE = 512
};

static void show_text(FILE *out, const char *text)
{
    char shown[TEXT_SIZE];
    redact(shown, sizeof shown, text, strlen(text));
    fputs(shown, out);
}

/* A URL without its user and password, and without parameters. */
static void show_url(FILE *out, const char *url)
{
    const char *host = strrchr(url, '@');
    size_t scheme = strncasecmp(url, "amqps", 5) == 0 ? 5 : 4;
    char shown[TEXT_SIZE];
    host = host ? host + 1 : url + scheme + 3;
    spectacles_printable(shown, sizeof shown, host, strcspn(host, "?"));
    fprintf(out, "%.*s://%s", (int)scheme, url, shown);
}

/* Without user and password. */
static void show_proxy(FILE *out, const char *text)
{
    char shown[TEXT_SIZE];
    fputs(spectacles_proxy_describe(shown, sizeof shown, text, NULL) < 0 ? "none" : shown, out);
}

static void show_urls(FILE *out, const struct value *value)
{
    for (size_t i = 0; i < value->text_count; i++) {
        fputs(i ? "," : "", out);
        show_url(out, value->texts[i]);
    }
}

static void show_names(FILE *out, const struct value *value)
{
    for (size_t i = 0; i < value->text_count; i++) {
        fputs(i ? "," : "", out);
        show_text(out, value->texts[i]);
    }
}

static size_t end_of_range(const struct value *value, size_t from)
{
    size_t to = from;
    while (to + 1 < value->number_count && value->numbers[to + 1] == value->numbers[to] + 1)
        to++;
    return to;
}

static void show_numbers(FILE *out, const struct value *value)
{
    size_t to;
    for (size_t from = 0; from < value->number_count; from = to + 1) {
        to = end_of_range(value, from);
        fprintf(out, "%s%u", from ? "," : "", value->numbers[from]);
        if (to > from)
            fprintf(out, "%c%u", to == from + 1 ? ',' : '-', value->numbers[to]);
    }
}

static void show_quantity(FILE *out, enum setting_kind kind, uint64_t number)
{
    char text[QUANTITY_TEXT_SIZE];
    if (kind == SETTING_IS_SIZE)
        quantity_write_size(text, number);
    else
        quantity_write_duration(text, number);
    fputs(text, out);
}

static bool is_empty(const struct setting *setting, const struct value *value)
{
    bool has_fallback = setting->fallback || setting->kind == SETTING_IS_CHOICE;
    return !value->text && value->text_count == 0 && value->number_count == 0 &&
           (value->origin == VALUE_IS_DEFAULT ? !has_fallback : value->is_wrong);
}

void show_value(FILE *out, const struct settings *settings, enum setting_id id)
{
    const struct setting *setting = setting_of(id);
    const struct value *value = settings_value(settings, id);
    if (value->is_wrong)
        fputs("(wrong)", out);
    else if (is_empty(setting, value))
        fputs("(not set)", out);
    else if (setting->kind == SETTING_IS_URLS)
        show_urls(out, value);
    else if (setting->kind == SETTING_IS_PROXY)
        show_proxy(out, value->text);
    else if (setting->flags & SETTING_IS_SECRET)
        fputs("(set)", out);
    else if (setting->kind == SETTING_IS_NAMES)
        show_names(out, value);
    else if (setting->kind == SETTING_IS_NUMBERS)
        show_numbers(out, value);
    else if (setting->kind == SETTING_IS_CHOICE)
        fputs(setting->words[value->number], out);
    else if (setting->kind == SETTING_IS_SIZE || setting->kind == SETTING_IS_DURATION)
        show_quantity(out, setting->kind, value->number);
    else if (setting->kind == SETTING_IS_NUMBER)
        fprintf(out, "%llu", (unsigned long long)value->number);
    else
        show_text(out, value->text);
}

const char *show_origin(const struct settings *settings, enum setting_id id)
{
    const struct value *value = settings_value(settings, id);
    if (value->origin == VALUE_IS_DEFAULT)
        return "default";
    return value->origin == VALUE_FROM_ENVIRONMENT ? "environment" : settings_where(settings, id);
}

void show_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char each = (unsigned char)*text;
        if (each < 0x20 || each == 0x7f)
            fprintf(out, "\\u%04x", each);
        else
            fprintf(out, each == '"' || each == '\\' ? "\\%c" : "%c", each);
    }
    fputc('"', out);
}
