/*
 * Settings in a file of TOML: which key is which setting, and keys that nobody knows. read.c calls it.
 *
 * Keys are compared without regard to case, as the Go daemon does it. A table is either the value of a setting
 * (presence) or holds settings.
 */
#include "nearest.h"
#include "redact.h"
#include "retired.h"
#include "sources.h"
#include "wipe.h"

#include <errno.h>
#include <spectacles/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PATH_SIZE = 160
};

static const char default_file[] = "gateway.toml";

/* A file while its keys are looked at. */
struct file {
    struct settings *settings;
    const struct settings_input *input;
    const struct reading *reading;
    const char *name;
};

static const char *place(const struct file *file, const struct toml_value *value, const char *path)
{
    return source_where(file->reading, "%s:%u:%u: %s", file->name, value->place.line, value->place.column,
                        path);
}

/* ---- Which setting a key is ---- */

static bool find_setting(const char *path, enum setting_id *out)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (strcasecmp(setting_of((enum setting_id)id)->key, path) == 0) {
            *out = (enum setting_id)id;
            return true;
        }
    }
    return false;
}

/* token_file and amqp.url_file: the file of a secret. */
static bool find_secret_file(const char *path, enum setting_id *out)
{
    char key[PATH_SIZE];
    size_t length = strlen(path);
    if (length < 5 || strcasecmp(path + length - 5, "_file") != 0)
        return false;
    snprintf(key, sizeof key, "%.*s", (int)(length - 5), path);
    return find_setting(key, out) && setting_of(*out)->flags & SETTING_IS_SECRET;
}

/* Whether there are settings in a table with this path. */
static bool holds_settings(const char *path)
{
    size_t length = strlen(path);
    for (int id = 0; id < SETTING_COUNT; id++) {
        const char *key = setting_of((enum setting_id)id)->key;
        if (strncasecmp(key, path, length) == 0 && key[length] == '.')
            return true;
    }
    return false;
}

static const char *key_of_name(const char *name)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (strcasecmp(setting_of((enum setting_id)id)->name, name) == 0)
            return setting_of((enum setting_id)id)->key;
    }
    return NULL;
}

/* ---- Keys ---- */

static const char *nearest_key(const char *path)
{
    struct nearest nearest = {0};
    for (int id = 0; id < SETTING_COUNT; id++)
        nearest_look(&nearest, setting_of((enum setting_id)id)->key, path, strlen(path));
    return nearest.name;
}

/* A key in the wrong table: the setting whose key ends with it. */
static const char *elsewhere_key(const char *path)
{
    const char *last = strrchr(path, '.');
    last = last ? last + 1 : path;
    for (int id = 0; id < SETTING_COUNT; id++) {
        const char *key = setting_of((enum setting_id)id)->key;
        const char *end = strrchr(key, '.');
        if (strcasecmp(end ? end + 1 : key, last) == 0)
            return key;
    }
    return NULL;
}

static void refuse_unknown(const struct file *file, const struct toml_value *value, const char *path)
{
    const char *where = place(file, value, path);
    const struct retired *retired = retired_key(path);
    const char *key = key_of_name(path);
    const char *near = nearest_key(path);
    const char *elsewhere = elsewhere_key(path);
    if (!where)
        return;
    if (retired)
        problems_add(file->reading->problems, PROBLEM_IS_FINAL, where, "%s", retired->advice);
    else if (key)
        problems_add(file->reading->problems, PROBLEM_IS_FINAL, where,
                     "this is the name in the environment: in a file it is %s", key);
    else if (near || elsewhere)
        problems_add(file->reading->problems, PROBLEM_IS_FINAL, where,
                     "there is no such key: did you mean %s?", near ? near : elsewhere);
    else
        problems_add(file->reading->problems, PROBLEM_IS_FINAL, where,
                     "there is no such key: `spectacles-gateway settings` lists all");
}

static bool is_read_already(const struct file *file, enum setting_id id, const char *where)
{
    const struct value *value = &file->settings->values[id];
    if (!value->where)
        return false;
    problems_add(file->reading->problems, PROBLEM_IS_FINAL, where,
                 "it is in the file twice (%s): take one out", value->where);
    return true;
}

static void read_key(const struct file *file, const struct toml_value *value, enum setting_id id,
                     const char *path)
{
    struct given given = {.setting = setting_of(id), .where = place(file, value, path), .toml = value};
    if (!given.where || is_read_already(file, id, given.where))
        return;
    value_read(file->reading, &given, &file->settings->values[id]);
    file->settings->values[id].origin = VALUE_FROM_FILE;
}

static void read_secret_file(const struct file *file, const struct toml_value *value, enum setting_id id,
                             const char *path)
{
    const char *where = place(file, value, path);
    if (!where || is_read_already(file, id, where))
        return;
    if (value->type != TOML_STRING || value->text_length == 0) {
        file->settings->values[id] =
            (struct value){.where = where, .origin = VALUE_FROM_FILE, .is_wrong = true};
        problems_add(file->reading->problems, PROBLEM_IS_FINAL, where, "the path of a file is expected");
    } else {
        source_secret_file(file->settings, file->input, file->reading, id, where, value->text,
                           VALUE_FROM_SECRET_FILE);
    }
}

static void refuse_table(const struct file *file, const struct toml_value *value, const char *path)
{
    const char *where = place(file, value, path);
    if (where)
        problems_add(file->reading->problems, PROBLEM_IS_FINAL, where,
                     "this is %s, and a table is expected: [%s], and its settings in the lines behind it",
                     toml_type_name(value->type), path);
}

static void read_table(const struct file *file, const struct toml_value *table, const char *path);

static void read_pair(const struct file *file, const struct toml_value *value, const char *path)
{
    enum setting_id id;
    if (find_setting(path, &id))
        read_key(file, value, id, path);
    else if (find_secret_file(path, &id))
        read_secret_file(file, value, id, path);
    else if (value->type == TOML_TABLE)
        read_table(file, value, path);
    else if (holds_settings(path))
        refuse_table(file, value, path);
    else
        refuse_unknown(file, value, path);
}

/* The table of a retired or unknown setting is told key by key; an empty one by itself. */
static void read_table(const struct file *file, const struct toml_value *table, const char *path)
{
    char longer[2 * PATH_SIZE + 2];
    if (!table->first && table->key && !holds_settings(path))
        refuse_unknown(file, table, path);
    for (const struct toml_value *each = table->first; each; each = each->next) {
        char key[PATH_SIZE];
        redact(key, sizeof key, each->key, each->key_length);
        snprintf(longer, sizeof longer, "%.*s%s%s", PATH_SIZE, path, *path ? "." : "", key);
        read_pair(file, each, longer);
    }
}

/* ---- The file ---- */

static void read_document(const struct file *file, const char *bytes, size_t length)
{
    struct toml *toml = NULL;
    struct toml_problem problem = {.text = ""};
    int error = toml_read(&toml, bytes, length, &problem);
    if (error == SPECTACLES_E_NOMEM) {
        given_out_of_memory(file->reading);
    } else if (error) {
        const char *where =
            source_where(file->reading, "%s:%u:%u", file->name, problem.place.line, problem.place.column);
        if (where)
            problems_add(file->reading->problems, PROBLEM_IS_FINAL, where, "%s", problem.text);
    } else {
        read_table(file, toml_root(toml), "");
    }
    toml_free(toml);
}

void source_file(struct settings *settings, const struct settings_input *input, const struct reading *reading)
{
    char *bytes = NULL;
    size_t length = 0;
    struct file file = {.settings = settings, .input = input, .reading = reading};
    file.name = input->config ? input->config : default_file;
    int error = input->read_file(input->context, file.name, SETTINGS_FILE_MAX, &bytes, &length);
    if (error == 0) {
        settings->config = source_where(reading, "%s", file.name);
        read_document(&file, bytes, length);
    } else if (input->config || error != ENOENT) {
        source_refuse_file(reading, input->config ? "--config" : file.name, file.name, error);
    }
    if (bytes)
        wipe(bytes, length);
    free(bytes);
}
