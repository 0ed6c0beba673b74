#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void memory_begin(struct memory *memory)
{
    *memory = (struct memory){.environ = {"DISCORD_TOKEN=" MEMORY_TOKEN, "SESSION_FILE=/var/lib/sessions",
                                          "AMQP_URL=amqp://me:" MEMORY_PASSWORD "@rabbit/vhost"},
                              .environ_count = 3};
}

void memory_set(struct memory *memory, const char *entry)
{
    size_t name = strcspn(entry, "=");
    size_t kept = 0;
    for (size_t i = 0; i < memory->environ_count; i++) {
        if (strncmp(memory->environ[i], entry, name) != 0 || memory->environ[i][name] != '=')
            memory->environ[kept++] = memory->environ[i];
    }
    if (entry[name])
        memory->environ[kept++] = entry;
    memory->environ_count = kept;
    memory->environ[kept] = NULL;
}

void memory_add_file(struct memory *memory, const char *path, const char *content, int error)
{
    memory->files[memory->file_count++] = (struct memory_file){path, content, error};
}

static int read_file(void *context, const char *path, size_t max, char **bytes, size_t *length)
{
    const struct memory *memory = context;
    for (size_t i = 0; i < memory->file_count; i++) {
        const struct memory_file *file = &memory->files[i];
        if (strcmp(file->path, path) != 0)
            continue;
        if (file->error)
            return file->error;
        if (strlen(file->content) > max)
            return EFBIG;
        *length = strlen(file->content);
        *bytes = malloc(*length + 1);
        if (!*bytes)
            return ENOMEM;
        memcpy(*bytes, file->content, *length);
        return 0;
    }
    return ENOENT;
}

struct settings_input memory_input(struct memory *memory)
{
    return (struct settings_input){
        .environ = memory->environ, .config = memory->config, .read_file = read_file, .context = memory};
}

int memory_read(const struct memory *memory, struct settings *settings, struct problems *problems)
{
    struct memory copy = *memory;
    struct settings_input input = memory_input(&copy);
    return settings_read(settings, &input, problems);
}
