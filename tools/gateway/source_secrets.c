/*
 * Secrets in files: DISCORD_TOKEN_FILE and its like, and the credentials of systemd. read.c and source_file.c
 * call it.
 */
#include "sources.h"
#include "wipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_SIZE = 64,
    PATH_SIZE = 4096
};

/* The line end that an editor puts behind the last line is not part of a secret. */
static size_t without_line_end(const char *bytes, size_t length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    return length > 0 && bytes[length - 1] == '\r' ? length - 1 : length;
}

static void take_secret(struct settings *settings, const struct reading *reading, enum setting_id id,
                        const char *where, const char *bytes, size_t length)
{
    struct given given = {.setting = setting_of(id), .where = where, .text = bytes};
    given.length = without_line_end(bytes, length);
    if (given.length == 0) {
        settings->values[id] = (struct value){.where = where, .is_wrong = true};
        given_refuse(reading, &given, "the file is empty: put the secret into it");
        return;
    }
    value_read(reading, &given, &settings->values[id]);
}

static void refuse_secret(struct settings *settings, const struct reading *reading, enum setting_id id,
                          const char *where, const char *path, int error)
{
    settings->values[id] = (struct value){.where = where, .origin = VALUE_FROM_CREDENTIAL, .is_wrong = true};
    source_refuse_file(reading, where, path, error);
}

void source_secret_file(struct settings *settings, const struct settings_input *input,
                        const struct reading *reading, enum setting_id id, const char *where,
                        const char *path, enum value_origin origin)
{
    char *bytes = NULL;
    size_t length = 0;
    int error = input->read_file(input->context, path, SETTINGS_SECRET_MAX, &bytes, &length);
    if (error)
        refuse_secret(settings, reading, id, where, path, error);
    else
        take_secret(settings, reading, id, where, bytes, length);
    settings->values[id].origin = origin;
    if (bytes)
        wipe(bytes, length);
    free(bytes);
}

static void take_credential(struct settings *settings, const struct reading *reading, enum setting_id id,
                            const char *where, const char *bytes, size_t length)
{
    take_secret(settings, reading, id, where, bytes, length);
    settings->values[id].origin = VALUE_FROM_CREDENTIAL;
}

/* A credential that is not there is no problem: systemd has made the folder for others. */
static void read_credential(struct settings *settings, const struct settings_input *input,
                            const struct reading *reading, enum setting_id id, const char *folder)
{
    char name[NAME_SIZE];
    char path[PATH_SIZE];
    char *bytes = NULL;
    size_t length = 0;
    setting_credential(setting_of(id), name, sizeof name);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return;
    int error = input->read_file(input->context, path, SETTINGS_SECRET_MAX, &bytes, &length);
    const char *where = error == ENOENT ? NULL : source_where(reading, "the credential %s", name);
    if (error && where)
        refuse_secret(settings, reading, id, where, path, error);
    else if (where)
        take_credential(settings, reading, id, where, bytes, length);
    if (bytes)
        wipe(bytes, length);
    free(bytes);
}

static void read_named_file(struct settings *settings, const struct settings_input *input,
                            const struct reading *reading, enum setting_id id)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s_FILE", setting_of(id)->name);
    const char *path = source_variable(input->environ, name);
    const char *beside = source_variable(input->environ, setting_of(id)->name);
    const char *where = path && *path ? source_where(reading, "%s", name) : NULL;
    if (!where)
        return;
    if (beside && *beside)
        problems_add(reading->problems, PROBLEM_IS_FINAL, name, "%s is set as well: take one of the two out",
                     setting_of(id)->name);
    source_secret_file(settings, input, reading, id, where, path, VALUE_FROM_SECRET_FILE);
}

void source_secrets(struct settings *settings, const struct settings_input *input,
                    const struct reading *reading)
{
    const char *folder = source_variable(input->environ, "CREDENTIALS_DIRECTORY");
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (!(setting_of((enum setting_id)id)->flags & SETTING_IS_SECRET))
            continue;
        if (folder && *folder)
            read_credential(settings, input, reading, (enum setting_id)id, folder);
        read_named_file(settings, input, reading, (enum setting_id)id);
    }
}
