/* The secrets that no line of the log may have. It owns copies, which it wipes. log.c and log_line.c call it. */
#include "log_secrets.h"

#include "wipe.h"

#include <stdlib.h>
#include <string.h>

static bool is_there(const struct log_secrets *secrets, const char *text, size_t length)
{
    for (size_t i = 0; i < secrets->count; i++) {
        if (strlen(secrets->texts[i]) == length && memcmp(secrets->texts[i], text, length) == 0)
            return true;
    }
    return false;
}

bool log_secrets_add(struct log_secrets *secrets, const char *text, size_t length)
{
    if (length < LOG_SECRET_MIN || is_there(secrets, text, length))
        return true;
    char *copy = malloc(length + 1);
    char **texts = copy ? realloc(secrets->texts, (secrets->count + 1) * sizeof *texts) : NULL;
    if (!texts) {
        free(copy);
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    secrets->texts = texts;
    secrets->texts[secrets->count++] = copy;
    return true;
}

void log_secrets_hide(const struct log_secrets *secrets, char *text)
{
    for (size_t i = 0; i < secrets->count; i++) {
        char *at = text;
        while ((at = strstr(at, secrets->texts[i])))
            memset(at, '*', strlen(secrets->texts[i]));
    }
}

void log_secrets_clear(struct log_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        wipe_and_free(secrets->texts[i]);
    free(secrets->texts);
    *secrets = (struct log_secrets){0};
}
