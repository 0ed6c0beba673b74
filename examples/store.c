#include "store.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EVERY = 250,
    RETRY = 1000, /* after a write that failed */
    LINE_MOST = 1024,
    FILE_MOST = 64 * 1024 * 1024
};

static const char magic[] = "spectacles-sessions 1";

struct entry {
    spectacles_session session;
    char id[256];
    char url[512];
};

/* A gap that waits to be declared. */
struct hole {
    spectacles_gap gap;
    char old_session[256];
    char new_session[256];
};

struct store {
    char *path;
    char *temporary;
    uint64_t bot;     /* a hash of the token and the intents */
    uint64_t written; /* a hash of what the file holds */
    uint64_t due;
    bool failed; /* the last write did: said once */
    bool broken;
    struct entry *entries;
    size_t count;
    struct hole *holes;
    spectacles_gap *gaps; /* the same, for the relay */
    size_t gap_count;
};

/* FNV-1a: tells an accident apart, and keeps the token out of the file. */
static uint64_t hash(uint64_t start, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        start = (start ^ at[i]) * UINT64_C(1099511628211);
    return start;
}

static const uint64_t basis = UINT64_C(14695981039346656037);

static void *must(void *memory)
{
    if (!memory)
        errx(1, "out of memory");
    return memory;
}

/* ---- Reading ---- */

static char *read_all(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        int why = errno;
        if (why == ENOENT)
            warnx("%s is not there yet: shards identify anew, and what came before that is not known", path);
        else
            warn("%s: sessions cannot be read, so shards identify anew", path);
        errno = why;
        return NULL;
    }
    char *text = NULL;
    *length = 0;
    for (size_t got = 1; got > 0 && *length < FILE_MOST; *length += got) {
        text = must(realloc(text, *length + 65536 + 1));
        got = fread(text + *length, 1, 65536, file);
    }
    fclose(file);
    text[*length] = '\0';
    return text;
}

static bool read_entry(struct store *store, const char *line)
{
    struct entry *entry;
    store->entries = must(realloc(store->entries, (store->count + 1) * sizeof *entry));
    entry = &store->entries[store->count];
    memset(entry, 0, sizeof *entry);
    int used = 0;
    int got =
        sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu64 " %255s %n", &entry->session.shard_id,
               &entry->session.shard_count, &entry->session.encoding, &entry->session.seq, entry->id, &used);
    if (got != 5 || used == 0 || strlen(line + used) >= sizeof entry->url)
        return false;
    strcpy(entry->url, line + used);
    store->count++;
    return true;
}

static bool read_gap(struct store *store, const char *line)
{
    struct hole *hole;
    store->holes = must(realloc(store->holes, (store->gap_count + 1) * sizeof *hole));
    hole = &store->holes[store->gap_count];
    memset(hole, 0, sizeof *hole);
    if (sscanf(line, "gap %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %255s %255s", &hole->gap.shard_id,
               &hole->gap.seq, &hole->gap.next, &hole->gap.time, hole->old_session, hole->new_session) != 6)
        return false;
    store->gap_count++;
    return true;
}

static bool read_line(struct store *store, const char *line)
{
    return strncmp(line, "gap ", 4) == 0 ? read_gap(store, line) : read_entry(store, line);
}

/* The head names the version, the bot and a hash of all lines behind it. */
static const char *parse(struct store *store, char *text, size_t length)
{
    uint64_t bot;
    uint64_t sum;
    int used = 0;
    char *body = memchr(text, '\n', length);
    if (!body || strncmp(text, magic, strlen(magic)) != 0 ||
        sscanf(text + strlen(magic), " %" SCNx64 " %" SCNx64 "%n", &bot, &sum, &used) != 2)
        return "it is no file of sessions, or one of another version";
    body++;
    if (hash(basis, body, length - (size_t)(body - text)) != sum)
        return "it is torn: its checksum is wrong";
    if (bot != store->bot)
        return "it is of another token or other intents";
    for (char *line = strtok(body, "\n"); line; line = strtok(NULL, "\n")) {
        if (!read_line(store, line))
            return "a line in it is malformed";
    }
    return NULL;
}

/* The texts stand in the entries themselves, which do not move any more. */
static void join_texts(struct store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        store->entries[i].session.size = sizeof(spectacles_session);
        store->entries[i].session.session_id = store->entries[i].id;
        store->entries[i].session.resume_url = store->entries[i].url;
    }
    store->gaps = must(calloc(store->gap_count + 1, sizeof *store->gaps));
    for (size_t i = 0; i < store->gap_count; i++) {
        struct hole *hole = &store->holes[i];
        hole->gap.size = sizeof hole->gap;
        hole->gap.old_session = strcmp(hole->old_session, "-") ? hole->old_session : NULL;
        hole->gap.new_session = strcmp(hole->new_session, "-") ? hole->new_session : NULL;
        store->gaps[i] = hole->gap;
    }
}

struct store *store_open(const char *path, const char *token, uint64_t intents)
{
    struct store *store = must(calloc(1, sizeof *store));
    size_t length;
    size_t room = strlen(path) + sizeof ".new";
    store->path = must(strdup(path));
    store->temporary = must(malloc(room));
    snprintf(store->temporary, room, "%s.new", path);
    store->bot = hash(hash(basis, token, strlen(token)), &intents, sizeof intents);
    store->due = SPECTACLES_NEVER;
    char *text = read_all(path, &length);
    const char *why = text ? parse(store, text, length) : NULL;
    if (why) {
        warnx("%s: %s: its sessions are not used, and what they missed is not replayed", path, why);
        store->count = store->gap_count = 0;
    }
    store->broken = why || (!text && errno != ENOENT);
    free(text);
    join_texts(store);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    free(store->path);
    free(store->temporary);
    free(store->entries);
    free(store->holes);
    free(store->gaps);
    free(store);
}

const spectacles_session *store_find(const struct store *store, uint32_t shard_id)
{
    for (size_t i = 0; store && i < store->count; i++) {
        if (store->entries[i].session.shard_id == shard_id)
            return &store->entries[i].session;
    }
    return NULL;
}

const spectacles_gap *store_gaps(const struct store *store, size_t *count)
{
    *count = store ? store->gap_count : 0;
    return store ? store->gaps : NULL;
}

static bool is_of_another_count(const struct store *store, uint32_t shard_count)
{
    for (size_t i = 0; i < store->count; i++) {
        if (store->entries[i].session.shard_count != shard_count)
            return true;
    }
    return false;
}

/* Its shard is no more: it is nobody's to declare. */
static bool has_orphaned_gap(const struct store *store, uint32_t shard_count)
{
    for (size_t i = 0; i < store->gap_count; i++) {
        if (store->gaps[i].shard_id >= shard_count)
            return true;
    }
    return false;
}

bool store_knows(const struct store *store, uint32_t shard_id, uint32_t shard_count)
{
    if (!store)
        return true;
    if (store->broken || has_orphaned_gap(store, shard_count))
        return false;
    return store_find(store, shard_id) || !is_of_another_count(store, shard_count);
}

/* ---- Writing ---- */

static size_t write_session(char *out, const spectacles_session *session)
{
    return (size_t)snprintf(out, LINE_MOST, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %s %s\n",
                            session->shard_id, session->shard_count, session->encoding, session->seq,
                            session->session_id, session->resume_url);
}

static size_t write_gap(char *out, const spectacles_gap *gap)
{
    return (size_t)snprintf(out, LINE_MOST, "gap %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n",
                            gap->shard_id, gap->seq, gap->next, gap->time,
                            gap->old_session ? gap->old_session : "-",
                            gap->new_session ? gap->new_session : "-");
}

static bool is_served(spectacles_shard *const *shards, size_t count, uint32_t shard_id)
{
    for (size_t i = 0; i < count; i++) {
        if (spectacles_shard_id(shards[i]) == shard_id)
            return true;
    }
    return false;
}

/* Of shards that another process serves, or none, for now: should they come back, they go on from here. */
static size_t write_others(const struct store *store, spectacles_shard *const *shards, size_t count,
                           char *out)
{
    size_t length = 0;
    uint32_t shard_count = spectacles_shard_count(shards[0]);
    if (is_of_another_count(store, shard_count))
        return 0;
    for (size_t i = 0; i < store->count; i++) {
        if (!is_served(shards, count, store->entries[i].session.shard_id))
            length += write_session(out + length, &store->entries[i].session);
    }
    for (size_t i = 0; i < store->gap_count; i++) {
        if (!is_served(shards, count, store->gaps[i].shard_id) && store->gaps[i].shard_id < shard_count)
            length += write_gap(out + length, &store->gaps[i]);
    }
    return length;
}

static char *compose(const struct store *store, spectacles_shard *const *shards, size_t count,
                     const spectacles_relay *relay, size_t *length)
{
    spectacles_gap gap = {.size = sizeof gap};
    size_t gaps = 0;
    while (spectacles_relay_gap(relay, gaps, &gap) == 1)
        gaps++;
    char *text = must(malloc((count + gaps + store->count + store->gap_count) * LINE_MOST + 1));
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        spectacles_session session = {.size = sizeof session};
        if (spectacles_shard_session(shards[i], &session) == SPECTACLES_OK)
            *length += write_session(text + *length, &session);
    }
    for (size_t i = 0; i < gaps && spectacles_relay_gap(relay, i, &gap) == 1; i++)
        *length += write_gap(text + *length, &gap);
    *length += write_others(store, shards, count, text + *length);
    return text;
}

static bool write_all(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t took = write(file, text, length);
        if (took < 0 && errno == EINTR)
            continue;
        if (took <= 0)
            return false;
        text += took;
        length -= (size_t)took;
    }
    return true;
}

/* The name is safe on the disk only when its folder is. Where folders cannot be synced (EINVAL) there is nothing to be done. */
static bool sync_folder(const char *path)
{
    char *copy = must(strdup(path));
    int folder = open(dirname(copy), O_RDONLY | O_CLOEXEC);
    bool fine = folder >= 0 && (fsync(folder) == 0 || errno == EINVAL);
    int why = errno;
    if (folder >= 0)
        close(folder);
    free(copy);
    errno = why;
    return fine;
}

static bool write_file(const struct store *store, const char *body, size_t length)
{
    char head[128];
    int size = snprintf(head, sizeof head, "%s %016" PRIx64 " %016" PRIx64 "\n", magic, store->bot,
                        hash(basis, body, length));
    unlink(store->temporary);
    int file = open(store->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    bool fine = write_all(file, head, (size_t)size) && write_all(file, body, length) && fsync(file) == 0;
    fine = close(file) == 0 && fine;
    if (!fine || rename(store->temporary, store->path) < 0) {
        int why = errno;
        unlink(store->temporary);
        errno = why;
        return false;
    }
    return sync_folder(store->path);
}

static void note_result(struct store *store, bool fine)
{
    if (!fine && !store->failed)
        warn("%s: sessions cannot be stored, so a restart would replay more, or identify; trying again",
             store->path);
    if (fine && store->failed)
        warnx("%s: sessions are stored again", store->path);
    store->failed = !fine;
}

void store_write(struct store *store, spectacles_shard *const *shards, size_t count,
                 const spectacles_relay *relay, uint64_t now)
{
    size_t length;
    if (!store)
        return;
    char *body = compose(store, shards, count, relay, &length);
    uint64_t sum = hash(basis, body, length);
    if (sum != store->written || store->failed || access(store->path, F_OK) < 0)
        note_result(store, write_file(store, body, length));
    store->written = sum;
    /* A full disk may have room again without anything else happening. */
    store->due = store->failed ? now + RETRY : SPECTACLES_NEVER;
    free(body);
}

void store_touch(struct store *store, uint64_t now)
{
    if (store && store->due == SPECTACLES_NEVER)
        store->due = now + EVERY;
}

uint64_t store_deadline(const struct store *store)
{
    return store ? store->due : SPECTACLES_NEVER;
}
