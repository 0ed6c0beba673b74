#include "logged.h"

#include "unit.h"

#include <unistd.h>

enum {
    PATIENCE = 60000
};

void logged_begin(struct logged *logged, enum setting_log_level level)
{
    struct log_config config;
    spectacles_problem problem;
    *logged = (struct logged){.log = NULL};
    assert_int_equal(pipe(logged->ends), 0);
    log_config_init(&config);
    config.level = level;
    config.fd = logged->ends[1];
    config.journal_stream = NULL;
    assert_int_equal(log_new(&logged->log, &config, &problem), SPECTACLES_OK);
}

const char *logged_end(struct logged *logged)
{
    size_t length = 0;
    ssize_t got;
    log_free(logged->log, PATIENCE);
    close(logged->ends[1]);
    while ((got = read(logged->ends[0], logged->text + length, sizeof logged->text - 1 - length)) > 0)
        length += (size_t)got;
    logged->text[length] = '\0';
    close(logged->ends[0]);
    return logged->text;
}

bool logged_has(const struct logged *logged, const char *text)
{
    return strstr(logged->text, text) != NULL;
}
