/* Stored sessions as a table, as JSON, and as the lines that can be imported elsewhere. sessions.c calls it. */
#include "sessions_show.h"

#include "show.h"

#include <inttypes.h>
#include <string.h>

enum {
    SESSION_SHOWN = 6
};

/* The record of a shard, as it is shown. */
struct row {
    uint32_t shard_id;
    uint32_t shard_count;
    uint64_t time;
    size_t gap_count;
    bool has_session;
    spectacles_session session;
};

static const char *const encodings[] = {
    [SPECTACLES_FORMAT_RAW] = "?", [SPECTACLES_FORMAT_JSON] = "json", [SPECTACLES_FORMAT_ETF] = "etf"};

static struct row row_at(const spectacles_state *state, size_t index)
{
    spectacles_gap gap;
    struct row row = {.shard_id = spectacles_state_shard_id(state, index)};
    spectacles_session_init(&row.session, sizeof row.session);
    row.has_session = spectacles_state_session(state, row.shard_id, &row.session) == 1;
    row.shard_count = row.has_session ? row.session.shard_count : spectacles_state_shard_count(state);
    row.time = spectacles_state_time(state, row.shard_id);
    while (spectacles_state_gap(state, row.shard_id, row.gap_count, &gap) == 1)
        row.gap_count++;
    return row;
}

static void shorten(const struct row *row, char out[SESSION_SHOWN + 4])
{
    if (row->has_session)
        snprintf(out, SESSION_SHOWN + 4, "%.*s...", SESSION_SHOWN, row->session.session_id);
    else
        strcpy(out, "none");
}

/* ---- A table ---- */

static void write_age(FILE *out, uint64_t time, uint64_t now)
{
    uint64_t seconds = now > time ? (now - time) / 1000 : 0;
    if (time == 0)
        fprintf(out, "%10s", "?");
    else if (seconds < 120)
        fprintf(out, "%8" PRIu64 " s", seconds);
    else if (seconds < 7200)
        fprintf(out, "%6" PRIu64 " min", seconds / 60);
    else
        fprintf(out, "%8" PRIu64 " h", seconds / 3600);
}

static void write_row(FILE *out, const struct row *row, uint64_t now)
{
    char session[SESSION_SHOWN + 4];
    char shard[24];
    shorten(row, session);
    snprintf(shard, sizeof shard, "%" PRIu32 "/%" PRIu32, row->shard_id, row->shard_count);
    fprintf(out, "%-12s %-10s %10" PRIu64 " ", shard, session, row->has_session ? row->session.seq : 0);
    write_age(out, row->time, now);
    fprintf(out, "  %-8s %4zu\n", row->has_session ? encodings[row->session.format] : "", row->gap_count);
}

static void write_head(FILE *out, const struct sessions_view *view)
{
    char shown[HOLDER_TEXT_SIZE];
    struct session_holder writer;
    const char *text = spectacles_state_read_writer(view->state);
    session_holder_read(&writer, text ? text : "", text ? strlen(text) : 0);
    fprintf(out, "%s: %" PRIu32 " shards, intents %" PRIu64 "\n", view->path,
            spectacles_state_shard_count(view->state), spectacles_state_intents(view->state));
    session_holder_show(&writer, shown);
    if (writer.is_known)
        fprintf(out, "written by %s\n", shown);
    if (!view->holder)
        return;
    session_holder_show(view->holder, shown);
    fprintf(out, "in use by %s\n", shown);
}

void sessions_show_table(FILE *out, const struct sessions_view *view)
{
    size_t count = spectacles_state_count(view->state);
    uint32_t shard_count = spectacles_state_shard_count(view->state);
    write_head(out, view);
    if (count > 0)
        fprintf(out, "\n%-12s %-10s %10s %10s  %-8s %4s\n", "shard", "session", "seq", "changed", "encoding",
                "gaps");
    for (size_t i = 0; i < count; i++) {
        struct row row = row_at(view->state, i);
        write_row(out, &row, view->unix_time);
    }
    if (count < shard_count)
        fprintf(out, "\nNothing is stored of %zu shards.\n", shard_count - count);
}

/* ---- JSON ---- */

static void write_text(FILE *out, const char *before, const char *text)
{
    fputs(before, out);
    if (text)
        show_json_text(out, text);
    else
        fputs("null", out);
}

static void write_json_row(FILE *out, const struct row *row)
{
    char session[SESSION_SHOWN + 4];
    shorten(row, session);
    fprintf(out, "{\"shard\":[%" PRIu32 ",%" PRIu32 "]", row->shard_id, row->shard_count);
    write_text(out, ",\"session\":", row->has_session ? session : NULL);
    if (row->has_session)
        fprintf(out, ",\"seq\":%" PRIu64, row->session.seq);
    fprintf(out, ",\"time\":%" PRIu64 ",\"gaps\":%zu}", row->time, row->gap_count);
}

void sessions_show_json(FILE *out, const struct sessions_view *view)
{
    char holder[HOLDER_TEXT_SIZE];
    if (view->holder)
        session_holder_show(view->holder, holder);
    write_text(out, "{\"file\":", view->path);
    fprintf(out, ",\"shards\":%" PRIu32 ",\"intents\":%" PRIu64, spectacles_state_shard_count(view->state),
            spectacles_state_intents(view->state));
    write_text(out, ",\"writer\":", spectacles_state_read_writer(view->state));
    write_text(out, ",\"in_use_by\":", view->holder ? holder : NULL);
    fputs(",\"sessions\":[", out);
    for (size_t i = 0; i < spectacles_state_count(view->state); i++) {
        struct row row = row_at(view->state, i);
        fputs(i > 0 ? "," : "", out);
        write_json_row(out, &row);
    }
    fputs("]}\n", out);
}

/* ---- Lines to import ---- */

static void write_gap(FILE *out, const spectacles_gap *gap)
{
    write_text(out, "{\"old_session\":", gap->old_session_id);
    write_text(out, ",\"new_session\":", gap->new_session_id);
    fprintf(out, ",\"seq\":%" PRIu64 ",\"next\":%" PRIu64 ",\"time\":%" PRIu64 "}", gap->seq, gap->next,
            gap->unix_time);
}

static void write_line(FILE *out, const spectacles_state *state, const struct row *row)
{
    spectacles_gap gap;
    fprintf(out, "{\"shard\":[%" PRIu32 ",%" PRIu32 "]", row->shard_id, row->shard_count);
    write_text(out, ",\"session\":", row->has_session ? row->session.session_id : NULL);
    if (row->has_session) {
        fprintf(out, ",\"seq\":%" PRIu64, row->session.seq);
        write_text(out, ",\"url\":", row->session.resume_url);
    }
    if (row->has_session && row->session.format != SPECTACLES_FORMAT_RAW)
        write_text(out, ",\"encoding\":", encodings[row->session.format]);
    fputs(",\"gaps\":[", out);
    for (size_t i = 0; spectacles_state_gap(state, row->shard_id, i, &gap) == 1; i++) {
        fputs(i > 0 ? "," : "", out);
        write_gap(out, &gap);
    }
    fputs("]}\n", out);
}

void sessions_show_lines(FILE *out, const spectacles_state *state)
{
    for (size_t i = 0; i < spectacles_state_count(state); i++) {
        struct row row = row_at(state, i);
        write_line(out, state, &row);
    }
}
