/*
 * What the settings mean on this machine: it reads files, and checks rights, certificates and limits. main.c calls it
 * for `check` and `doctor`, and the daemon at its start.
 */
#include "files.h"

#include "engines.h"
#include "session_disk.h"
#include "session_file.h"
#include "wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST_ROOM = 4096,
    SPARE_DESCRIPTORS = 32 /* log, files, HTTP, signals */
};

/* ---- Reading ---- */

/* A file while it is read. */
struct content {
    char *bytes;
    size_t length;
    size_t room;
};

/* A new block in the place of realloc(3), which would leave a copy of a secret behind. */
static int grow(struct content *content)
{
    size_t room = content->room ? content->room * 2 : FIRST_ROOM;
    char *bytes = malloc(room);
    if (!bytes)
        return ENOMEM;
    if (content->length > 0)
        memcpy(bytes, content->bytes, content->length);
    if (content->bytes)
        wipe(content->bytes, content->length);
    free(content->bytes);
    content->bytes = bytes;
    content->room = room;
    return 0;
}

static int read_all(int fd, size_t max, struct content *content)
{
    for (;;) {
        int error = content->length == content->room ? grow(content) : 0;
        if (error)
            return error;
        ssize_t got = read(fd, content->bytes + content->length, content->room - content->length);
        if (got < 0 && errno != EINTR)
            return errno;
        if (got == 0)
            return 0;
        content->length += got > 0 ? (size_t)got : 0;
        if (content->length > max)
            return EFBIG;
    }
}

int files_read(void *context, const char *path, size_t max, char **bytes, size_t *length)
{
    struct content content = {0};
    (void)context;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return errno;
    int error = read_all(fd, max, &content);
    close(fd);
    if (error) {
        if (content.bytes)
            wipe(content.bytes, content.length);
        free(content.bytes);
        return error;
    }
    *bytes = content.bytes;
    *length = content.length;
    return 0;
}

/* ---- Checking ---- */

/* Whether a path can be written: the file behind symlinks if it is there, else its folder. Returns an errno. */
static int writable(const char *given)
{
    char path[PATH_MAX];
    char folder[PATH_MAX];
    struct stat about;
    int error = disk_follow(given, path);
    if (error)
        return error;
    disk_folder(path, folder);
    if (access(folder, W_OK | X_OK) != 0)
        return errno;
    if (stat(path, &about) != 0)
        return errno == ENOENT ? 0 : errno;
    if (!S_ISREG(about.st_mode))
        return S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    return access(path, R_OK | W_OK) == 0 ? 0 : errno;
}

static void check_session_file(const struct settings *settings, struct problems *problems)
{
    const struct value *file = settings_value(settings, SETTING_SESSION_FILE);
    const char *where = settings_where(settings, SETTING_SESSION_FILE);
    struct stat about;
    int error = file->text ? writable(file->text) : 0;
    if (error)
        problems_add(problems, error == EIO || error == ENOMEM ? PROBLEM_MAY_PASS : PROBLEM_IS_FINAL, where,
                     "'%.120s' cannot be written (%s): the file and its folder have to be there for the user "
                     "of the gateway "
                     "to write",
                     file->text, error == EINVAL ? "it is no file" : strerror(error));
    else if (file->text && settings_value(settings, SETTING_SESSION_FILE_MISSING)->number == MISSING_FAIL &&
             stat(file->text, &about) != 0)
        problems_add(problems, PROBLEM_IS_FINAL, where,
                     "'%.120s' is not there, and SESSION_FILE_MISSING is fail: bring it back, or set "
                     "SESSION_FILE_MISSING to "
                     "new or gap",
                     file->text);
}

static void check_descriptors(const struct settings *settings, struct problems *problems)
{
    const struct value *ids = settings_value(settings, SETTING_SHARD_IDS);
    const struct value *count = settings_value(settings, SETTING_SHARD_COUNT);
    size_t shards = ids->number_count ? ids->number_count : (size_t)count->number;
    spectacles_problem problem = {.text = ""};
    size_t needed = engines_descriptors(shards ? shards : 1) + SPARE_DESCRIPTORS;
    if (spectacles_raise_descriptors(needed, &problem) != SPECTACLES_OK)
        problems_add(problems, PROBLEM_IS_FINAL,
                     settings_where(settings, ids->number_count ? SETTING_SHARD_IDS : SETTING_SHARD_COUNT),
                     "%zu shards: %s", shards, problem.text);
}

/* Reads certificates as a link will. */
static void check_tls(const spectacles_tls_config *config, const char *where, struct problems *problems)
{
    spectacles_tls *tls = NULL;
    spectacles_problem problem = {.text = ""};
    int error = spectacles_tls_new(&tls, config, &problem);
    spectacles_tls_free(tls);
    if (error == SPECTACLES_E_NOMEM)
        problems->out_of_memory = true;
    else if (error)
        problems_add(problems, PROBLEM_IS_FINAL, where, "%s%s%s", problem.text, problem.word[0] ? ": " : "",
                     problem.word);
}

static void check_authorities(const struct settings *settings, struct problems *problems)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = settings_value(settings, SETTING_CA_FILE)->text;
    check_tls(&config, settings_where(settings, SETTING_CA_FILE), problems);
}

/* The certificates that the endpoint of a broker names. */
static void check_endpoint(spectacles_broker *broker, const char *where, struct problems *problems)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    spectacles_stream_expire(spectacles_broker_stream(broker), 1);
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(spectacles_broker_stream(broker));
    if (!endpoint || !(endpoint->ca_file || endpoint->cert_file))
        return;
    config.ca_file = endpoint->ca_file;
    config.cert_file = endpoint->cert_file;
    config.key_file = endpoint->key_file;
    check_tls(&config, where, problems);
}

/* cacertfile, certfile and keyfile of each URL. A broker is made to read the URL; it connects nothing by itself. */
static void check_certificates_of_urls(const struct settings *settings, struct problems *problems)
{
    const struct value *urls = settings_value(settings, SETTING_AMQP_URL);
    for (size_t i = 0; i < urls->text_count; i++) {
        spectacles_broker *broker = NULL;
        spectacles_broker_config config;
        spectacles_broker_config_init(&config, sizeof config);
        config.urls = &urls->texts[i];
        config.url_count = 1;
        config.seed = 1;
        if (spectacles_broker_new(&broker, &config, NULL) == SPECTACLES_OK)
            check_endpoint(broker, settings_where(settings, SETTING_AMQP_URL), problems);
        else
            problems->out_of_memory = true; /* the URL itself was checked before */
        spectacles_broker_free(broker);
    }
}

void files_check(const struct settings *settings, struct problems *problems)
{
    check_session_file(settings, problems);
    check_descriptors(settings, problems);
    check_authorities(settings, problems);
    if (!settings_value(settings, SETTING_AMQP_URL)->is_wrong &&
        !settings_value(settings, SETTING_GROUP)->is_wrong)
        check_certificates_of_urls(settings, problems);
}

/* While the gateway runs, its own lock is there: that is no mistake in the settings. */
static void tell_holder(const char *path, const char *where, struct problems *problems)
{
    char followed[PATH_MAX];
    char shown[HOLDER_TEXT_SIZE];
    struct session_holder holder = {.is_known = false};
    if (disk_follow(path, followed) != 0 || !session_lock_look(followed, &holder))
        return;
    session_holder_show(&holder, shown);
    problems_add(problems, PROBLEM_NOTE, where,
                 "'%.120s' is in use by %s: one more gateway with this SESSION_FILE would not start", path,
                 holder.is_known ? shown : "another process");
}

void files_check_sessions(const struct settings *settings, struct problems *problems)
{
    char wrong[PATH_MAX];
    char why[DISK_TEXT_SIZE];
    const char *path = settings_value(settings, SETTING_SESSION_FILE)->text;
    const char *where = settings_where(settings, SETTING_SESSION_FILE);
    if (!path || writable(path) != 0)
        return; /* files_check() has told it */
    int error = session_file_inspect(path, wrong);
    if (error)
        problems_add(problems, disk_code(error), where, "'%.120s' cannot be used: %s", wrong,
                     disk_explain(error, why));
    tell_holder(path, where, problems);
}
