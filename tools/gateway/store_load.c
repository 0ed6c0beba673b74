/*
 * A store at the start of the gateway: the file is locked and read, its content becomes a state, and the file is
 * written once to prove that it can be. It owns the store. The daemon calls it; store.c goes on from here.
 */
#include "store_load.h"

#include "session_disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What was read ---- */

static void note_missing(struct store *store, enum setting_missing missing, struct problems *problems)
{
    store->is_lost = missing == MISSING_GAP;
    if (missing == MISSING_FAIL)
        problems_add(problems, PROBLEM_IS_FINAL, store->where,
                     "'%.120s' is not there, and SESSION_FILE_MISSING is fail: bring it back, or set "
                     "SESSION_FILE_MISSING to new or gap",
                     store->path);
    else if (missing == MISSING_GAP)
        problems_add(problems, PROBLEM_NOTE, store->where,
                     "'%.120s' is not there: shards identify anew, and declare that something is missing",
                     store->path);
    else
        problems_add(problems, PROBLEM_NOTE, store->where,
                     "'%.120s' is not there yet: shards identify anew, and what came before is not known",
                     store->path);
}

/* Returns false when the gateway must not run. */
static bool note_read(struct store *store, int error, enum setting_missing missing, struct problems *problems)
{
    char why[DISK_TEXT_SIZE];
    if (error == ENOENT) {
        note_missing(store, missing, problems);
        return missing != MISSING_FAIL;
    }
    if (error == EIO || error == EFBIG) {
        store->is_lost = true;
        problems_add(
            problems, PROBLEM_NOTE, store->where,
            "'%.120s' cannot be read (%s): shards identify anew, and declare that something is missing",
            store->path, error == EIO ? "the disk fails" : "it is larger than 64 MiB");
        return true;
    }
    if (error)
        problems_add(problems, disk_code(error), store->where, "'%.120s' cannot be read: %s", store->path,
                     disk_explain(error, why));
    return error == 0;
}

/* ---- Where it comes from ---- */

static bool is_elsewhere(const struct session_holder *writer, const struct session_holder *self)
{
    return strcmp(writer->host, self->host) != 0 && strcmp(writer->boot, self->boot) != 0;
}

/*
 * Sessions that were copied to another host while their gateway runs on: both take each other's sessions, and no lock
 * knows. The file says who wrote it, and the lock file beside it who wrote here last.
 */
static void note_origin(const struct store *store, const char *text, struct problems *problems)
{
    char shown[HOLDER_TEXT_SIZE];
    struct session_holder writer;
    const struct session_lock *lock = session_file_lock(store->file);
    session_holder_read(&writer, text ? text : "", text ? strlen(text) : 0);
    if (!writer.is_known)
        return;
    bool is_copy = !session_holder_equals(&writer, &lock->writer);
    bool has_moved = is_elsewhere(&writer, &lock->self) && !lock->former.has_ended;
    session_holder_show(&writer, shown);
    if (is_copy || has_moved)
        problems_add(
            problems, PROBLEM_NOTE, store->where,
            "'%.120s' %s written by %s: if that gateway still runs, both lose their sessions to each other: "
            "end one of them",
            store->path, is_copy ? "is a copy of a file that was" : "was last", shown);
}

/* What can be known without the token. Bytes that say nothing are told of by store_load(). */
static void look_into(struct store *store, struct problems *problems)
{
    spectacles_state *opened = NULL;
    if (spectacles_state_open(&opened, store->bytes, store->length, NULL, NULL) != SPECTACLES_OK)
        return;
    store->stored_count = spectacles_state_shard_count(opened);
    note_origin(store, spectacles_state_read_writer(opened), problems);
    spectacles_state_free(opened);
}

struct store *store_open(const char *path, const char *where, enum setting_missing missing,
                         struct problems *problems)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        problems->out_of_memory = true;
        return NULL;
    }
    snprintf(store->where, sizeof store->where, "%s", where);
    store->due = store->again = SPECTACLES_NEVER;
    store->file = session_file_open(path, where, problems);
    if (!store->file) {
        store_free(store);
        return NULL;
    }
    snprintf(store->path, sizeof store->path, "%s", session_file_path(store->file));
    int error = session_file_read(store->file, SPECTACLES_STATE_MAX, &store->bytes, &store->length);
    if (!note_read(store, error, missing, problems)) {
        store_free(store);
        return NULL;
    }
    if (store->bytes)
        look_into(store, problems);
    return store;
}

/* ---- The number of shards ---- */

uint32_t store_choose_count(const struct store *store, uint32_t told, uint32_t recommended,
                            struct problems *problems)
{
    uint32_t stored = store ? store->stored_count : 0;
    if (told > 0 && stored > 0 && told != stored)
        problems_add(problems, PROBLEM_NOTE, "DISCORD_SHARD_COUNT",
                     "it is %" PRIu32 ", and the stored sessions are of %" PRIu32
                     " shards: shards identify anew, and declare that something is missing",
                     told, stored);
    if (told > 0)
        return told;
    if (stored > 0 && recommended > 0 && recommended != stored)
        problems_add(problems, PROBLEM_NOTE, "DISCORD_SHARD_COUNT",
                     "Discord recommends %" PRIu32 " shards, and the stored sessions are of %" PRIu32
                     ": it stays at %" PRIu32 " until DISCORD_SHARD_COUNT is set",
                     recommended, stored, stored);
    return stored > 0 ? stored : recommended;
}

/* ---- The state ---- */

/* The old content stays beside the file: it may be of another bot, whose token was set by mistake. */
static void set_aside(struct store *store, const char *what, struct problems *problems)
{
    bool is_kept = session_file_set_aside(store->file) == 0;
    problems_add(
        problems, PROBLEM_NOTE, store->where,
        "the sessions of '%.120s' are not used, because %s: shards identify anew, and declare that something "
        "is missing%s%.120s%s",
        store->path, what, is_kept ? ". The old file is kept as '" : "", is_kept ? store->path : "",
        is_kept ? ".unused'" : "");
}

static bool read_state(struct store *store, struct problems *problems)
{
    spectacles_problem problem = {.text = ""};
    uint64_t now = spectacles_unix_time();
    if (store->is_lost)
        spectacles_state_lost(store->loaded, now);
    if (!store->bytes)
        return true;
    int error = spectacles_state_read(store->loaded, store->bytes, store->length, now, &problem);
    if (error == SPECTACLES_E_NOMEM)
        problems->out_of_memory = true;
    else if (error)
        set_aside(store, problem.text, problems);
    free(store->bytes);
    store->bytes = NULL;
    return error != SPECTACLES_E_NOMEM;
}

/* The file is written before anything is connected: rights and mounts show now, and not after an identify. */
static bool prove(struct store *store, struct problems *problems)
{
    char why[DISK_TEXT_SIZE];
    spectacles_bytes *bytes = NULL;
    int error = spectacles_bytes_new(&bytes);
    if (!error)
        error = spectacles_state_write(store->loaded, bytes);
    if (error) {
        problems->out_of_memory = true;
        spectacles_bytes_free(bytes);
        return false;
    }
    struct session_file_result result =
        session_file_replace(store->file, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes));
    spectacles_bytes_free(bytes);
    if (!result.error)
        return true;
    bool may_pass = disk_code(result.error) == PROBLEM_MAY_PASS;
    store->is_unwritten = true;
    problems_add(problems, may_pass ? PROBLEM_NOTE : PROBLEM_IS_FINAL, store->where,
                 "sessions cannot be stored in '%.120s': %s", store->path, disk_explain(result.error, why));
    return may_pass;
}

static bool start_writer(struct store *store, struct problems *problems)
{
    store->writer = session_writer_new(store->file);
    store->file = NULL;
    if (!store->writer)
        problems_add(
            problems, PROBLEM_MAY_PASS, store->where,
            "the thread that stores sessions cannot be started: memory, threads or descriptors are short");
    return store->writer != NULL;
}

bool store_load(struct store *store, const spectacles_state_config *config, struct problems *problems)
{
    char writer[HOLDER_TEXT_SIZE];
    spectacles_problem problem = {.text = ""};
    spectacles_state_config own = *config;
    if (!store)
        return true;
    session_holder_write(&session_file_lock(store->file)->self, writer);
    own.writer = writer;
    if (spectacles_state_new(&store->loaded, &own, &problem) != SPECTACLES_OK) {
        problems_add(problems, PROBLEM_IS_FINAL, store->where, "%s", problem.text);
        return false;
    }
    if (!read_state(store, problems) || !prove(store, problems) || !start_writer(store, problems))
        return false;
    if (store->is_unwritten) {
        store->state = STORE_DUE;
        store->due = 0;
    }
    return true;
}

const spectacles_state *store_state(const struct store *store)
{
    return store ? store->loaded : NULL;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    session_writer_free(store->writer);
    session_file_close(store->file);
    spectacles_state_free(store->loaded);
    free(store->bytes);
    free(store);
}
