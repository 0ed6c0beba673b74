/*
 * The command `spectacles-gateway sessions`: it finds the file of sessions by the settings, and reads or changes it
 * while no gateway uses it. main.c calls it.
 */
#include "sessions.h"

#include "read.h"
#include "session_disk.h"
#include "session_file.h"
#include "sessions_import.h"
#include "sessions_show.h"
#include "shard_ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One run of the command. */
struct run {
    const struct sessions_command *command;
    struct problems *problems;
    struct problems of_settings; /* what is wrong with settings that not every verb needs */
    struct settings settings;
    const char *path;
    const char *where;
    struct session_file *file;     /* NULL: it is only looked at */
    char writer[HOLDER_TEXT_SIZE]; /* this process */
    uint8_t *bytes;                /* NULL: the file is not there */
    size_t length;
    spectacles_state *state;
};

static bool refuse(struct run *run, const char *text)
{
    problems_add(run->problems, PROBLEM_IS_FINAL, "sessions", "%s", text);
    return false;
}

static bool out_of_memory(struct run *run)
{
    run->problems->out_of_memory = true;
    return false;
}

/* ---- Settings ---- */

static bool has_errors(const struct problems *problems)
{
    return problems_exit_code(problems) != 0;
}

/* Moves the problems of the settings to those that are told. */
static bool tell_settings(struct run *run)
{
    for (const struct problem *each = run->of_settings.first; each; each = each->next) {
        if (each->code != PROBLEM_NOTE)
            problems_add(run->problems, each->code, each->where, "%s", each->text);
    }
    run->problems->out_of_memory |= run->of_settings.out_of_memory;
    return false;
}

static bool find_file(struct run *run)
{
    settings_read(&run->settings, run->command->input, &run->of_settings);
    const struct value *file = settings_value(&run->settings, SETTING_SESSION_FILE);
    run->path = file->text;
    run->where = settings_where(&run->settings, SETTING_SESSION_FILE);
    if (run->path)
        return true;
    if (file->is_wrong)
        return tell_settings(run);
    problems_add(run->problems, PROBLEM_IS_FINAL, "SESSION_FILE",
                 "it is not set: set it as the gateway has it");
    return false;
}

/* ---- The file ---- */

static bool note_read(struct run *run, int error)
{
    char why[DISK_TEXT_SIZE];
    if (error == 0)
        return true;
    problems_add(run->problems, disk_code(error), run->where, "'%.120s' cannot be read: %s", run->path,
                 error == ENOENT ? "it is not there" : disk_explain(error, why));
    return false;
}

static bool lock(struct run *run)
{
    run->file = session_file_open(run->path, run->where, run->problems);
    if (run->file)
        session_holder_write(&session_file_lock(run->file)->self, run->writer);
    return run->file != NULL;
}

static bool open_state(struct run *run)
{
    spectacles_problem problem = {.text = ""};
    int error = spectacles_state_open(&run->state, run->bytes, run->length, *run->writer ? run->writer : NULL,
                                      &problem);
    if (error == SPECTACLES_E_NOMEM)
        return out_of_memory(run);
    if (error)
        problems_add(run->problems, PROBLEM_IS_FINAL, run->where, "'%.120s' cannot be used: %s", run->path,
                     problem.text);
    return error == SPECTACLES_OK;
}

/* Locks the file, reads it, and makes its content a state. */
static bool open_locked(struct run *run)
{
    return lock(run) &&
           note_read(run, session_file_read(run->file, SPECTACLES_STATE_MAX, &run->bytes, &run->length)) &&
           open_state(run);
}

static bool write_state(struct run *run)
{
    char why[DISK_TEXT_SIZE];
    spectacles_bytes *bytes = NULL;
    if (spectacles_bytes_new(&bytes) != SPECTACLES_OK ||
        spectacles_state_write(run->state, bytes) != SPECTACLES_OK) {
        spectacles_bytes_free(bytes);
        return out_of_memory(run);
    }
    struct session_file_result result =
        session_file_replace(run->file, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes));
    spectacles_bytes_free(bytes);
    if (result.error)
        problems_add(run->problems, disk_code(result.error), run->where, "'%.120s' cannot be written: %s",
                     run->path, disk_explain(result.error, why));
    return result.error == 0;
}

/* ---- list, export ---- */

static void list(struct run *run)
{
    char path[PATH_MAX];
    struct session_holder holder;
    int error = disk_follow(run->path, path);
    bool is_held = !error && session_lock_look(path, &holder);
    if (!error)
        error = session_file_peek(run->path, SPECTACLES_STATE_MAX, &run->bytes, &run->length);
    if (!note_read(run, error) || !open_state(run))
        return;
    struct sessions_view view = {.path = run->path,
                                 .state = run->state,
                                 .holder = is_held ? &holder : NULL,
                                 .unix_time = spectacles_unix_time()};
    (run->command->arguments->json ? sessions_show_json : sessions_show_table)(run->command->out, &view);
}

static void export_lines(struct run *run)
{
    if (open_locked(run))
        sessions_show_lines(run->command->out, run->state);
}

/* ---- forget ---- */

/* Takes a session out, and leaves a gap, which the next gateway declares. False: there was no session. */
static bool forget_shard(struct run *run, uint32_t id)
{
    spectacles_session session;
    size_t count = 0;
    spectacles_gap gap;
    spectacles_session_init(&session, sizeof session);
    if (spectacles_state_session(run->state, id, &session) != 1)
        return false;
    while (spectacles_state_gap(run->state, id, count, &gap) == 1)
        count++;
    spectacles_gap *gaps = calloc(count + 1, sizeof *gaps);
    if (!gaps)
        return out_of_memory(run);
    for (size_t i = 0; i < count; i++)
        spectacles_state_gap(run->state, id, i, &gaps[i]);
    spectacles_gap_init(&gaps[count], sizeof gaps[count]);
    gaps[count].shard_id = id;
    gaps[count].seq = session.seq;
    gaps[count].next = 1;
    gaps[count].unix_time = spectacles_unix_time();
    gaps[count].old_session_id = session.session_id;
    int changed = spectacles_state_set(run->state, id, NULL, gaps, count + 1, spectacles_unix_time());
    free(gaps);
    return changed == 1 || out_of_memory(run);
}

static size_t forget_all(struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < spectacles_state_count(run->state); i++)
        count += forget_shard(run, spectacles_state_shard_id(run->state, i));
    return count;
}

/* One word: 0,2,4-7. */
static size_t forget_word(struct run *run, const char *word)
{
    size_t count = 0;
    struct value value = {.origin = VALUE_IS_DEFAULT};
    struct reading reading = {&run->settings.arena, run->problems};
    struct given given = {.setting = setting_of(SETTING_SHARD_IDS),
                          .where = "sessions forget",
                          .text = word,
                          .length = strlen(word)};
    if (!shard_ids_read(&reading, &given, &value))
        return 0;
    for (size_t i = 0; i < value.number_count; i++) {
        if (forget_shard(run, value.numbers[i]))
            count++;
        else
            problems_add(run->problems, PROBLEM_IS_FINAL, "sessions forget",
                         "no session of shard %" PRIu32 " is stored", value.numbers[i]);
    }
    return count;
}

static void forget(struct run *run)
{
    size_t count = 0;
    const struct arguments *arguments = run->command->arguments;
    if (arguments->all == (arguments->word_count > 1)) {
        refuse(run, "forget wants shards, as 0,2,4-7, or --all");
        return;
    }
    if (!open_locked(run))
        return;
    if (arguments->all)
        count = forget_all(run);
    for (size_t i = 1; i < arguments->word_count; i++)
        count += forget_word(run, arguments->words[i]);
    if (!has_errors(run->problems) && write_state(run))
        fprintf(run->command->out,
                "%zu sessions are forgotten: their shards identify at the next start, and declare a gap\n",
                count);
}

/* ---- import ---- */

static bool grow(uint8_t **bytes, size_t *room)
{
    size_t wanted = *room ? *room * 2 : 65536;
    uint8_t *larger = realloc(*bytes, wanted);
    if (!larger)
        return false;
    *bytes = larger;
    *room = wanted;
    return true;
}

static bool read_stream(struct run *run, FILE *in, uint8_t **bytes, size_t *length)
{
    size_t room = 0;
    do {
        if (*length == room && !grow(bytes, &room))
            return out_of_memory(run);
        *length += fread(*bytes + *length, 1, room - *length, in);
        if (*length > SPECTACLES_STATE_MAX)
            return refuse(run, "import reads 64 MiB at most");
    } while (!feof(in) && !ferror(in));
    return !ferror(in) || refuse(run, "the lines to import cannot be read");
}

/* FILE; without it, or when it is -, what comes in. */
static bool read_lines(struct run *run, uint8_t **bytes, size_t *length)
{
    char why[DISK_TEXT_SIZE];
    const struct arguments *arguments = run->command->arguments;
    const char *name = arguments->word_count > 1 ? arguments->words[1] : "-";
    if (strcmp(name, "-") == 0)
        return read_stream(run, run->command->in, bytes, length);
    FILE *in = fopen(name, "re");
    if (!in) {
        problems_add(run->problems, disk_code(errno), "sessions import", "'%.120s' cannot be read: %s", name,
                     errno == ENOENT ? "it is not there" : disk_explain(errno, why));
        return false;
    }
    bool fine = read_stream(run, in, bytes, length);
    fclose(in);
    return fine;
}

/* The state that is imported into: what the file has, or nothing. */
static bool make_state(struct run *run, uint32_t shard_count)
{
    spectacles_problem problem = {.text = ""};
    spectacles_state_config config;
    int error = session_file_read(run->file, SPECTACLES_STATE_MAX, &run->bytes, &run->length);
    if (error && error != ENOENT)
        return note_read(run, error);
    spectacles_state_config_init(&config, sizeof config);
    config.token = settings_value(&run->settings, SETTING_TOKEN)->text;
    config.intents = settings_intents(&run->settings);
    config.shard_count = shard_count;
    config.writer = run->writer;
    if (spectacles_state_new(&run->state, &config, &problem) != SPECTACLES_OK)
        return refuse(run, problem.text);
    if (run->bytes &&
        spectacles_state_read(run->state, run->bytes, run->length, 0, &problem) != SPECTACLES_OK) {
        problems_add(run->problems, PROBLEM_IS_FINAL, run->where,
                     "'%.120s' cannot be imported into: %s: move it away", run->path, problem.text);
        return false;
    }
    return true;
}

static void import_lines(struct run *run, const uint8_t *lines, size_t length)
{
    uint32_t told = (uint32_t)settings_value(&run->settings, SETTING_SHARD_COUNT)->number;
    uint32_t shard_count = told ? told : sessions_import_shard_count(lines, length);
    if (shard_count == 0) {
        refuse(
            run,
            "the lines do not say how many shards the bot has, as Redis does not: set DISCORD_SHARD_COUNT");
        return;
    }
    if (!lock(run) || !make_state(run, shard_count))
        return;
    size_t count =
        sessions_import_read(run->state, lines, length, run->command->arguments->prefix, run->problems);
    if (count == 0 && !has_errors(run->problems))
        refuse(run, "there is no session in the lines");
    if (!has_errors(run->problems) && write_state(run))
        fprintf(run->command->out, "%zu of %" PRIu32 " shards are stored in '%s'\n", count, shard_count,
                run->path);
}

static void import(struct run *run)
{
    uint8_t *lines = NULL;
    size_t length = 0;
    if (has_errors(&run->of_settings)) {
        tell_settings(run);
        return;
    }
    if (read_lines(run, &lines, &length))
        import_lines(run, lines, length);
    free(lines);
}

/* ---- The command ---- */

static void run_verb(struct run *run)
{
    const struct arguments *arguments = run->command->arguments;
    const char *verb = arguments->word_count > 0 ? arguments->words[0] : "";
    static const struct {
        const char *name;
        size_t words_most;
        void (*run)(struct run *run);
    } verbs[] = {{"list", 1, list},
                 {"export", 1, export_lines},
                 {"import", 2, import},
                 {"forget", ARGUMENTS_WORDS_MAX, forget}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].name) != 0)
            continue;
        if (arguments->word_count > verbs[i].words_most)
            refuse(run, "there is a word too many: `spectacles-gateway --help`");
        else if (find_file(run))
            verbs[i].run(run);
        return;
    }
    refuse(run, "write sessions list, export, import or forget");
}

void sessions_run(const struct sessions_command *command, struct problems *problems)
{
    struct run run = {.command = command, .problems = problems};
    run_verb(&run);
    session_file_close(run.file);
    spectacles_state_free(run.state);
    free(run.bytes);
    settings_free(&run.settings);
    problems_free(&run.of_settings);
}
