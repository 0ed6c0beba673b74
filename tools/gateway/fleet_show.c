/* `spectacles-gateway fleet status`: the members and the slots of a fleet, as tables or as JSON. fleet.c calls it. */
#include "fleet_show.h"

#include "fleet_reshard.h"
#include "http_body.h"

#include <inttypes.h>
#include <string.h>

/* What is shown. */
struct view {
    const spectacles_fleet *fleet;
    const struct settings *settings;
    spectacles_fleet_resharding progress;
    uint32_t slot_count;
};

static const char *or_nobody(const char *name)
{
    return name[0] ? name : "-";
}

static bool next_member(const struct view *view, size_t index, spectacles_fleet_member_info *out)
{
    spectacles_fleet_member_info_init(out, sizeof *out);
    return spectacles_fleet_member(view->fleet, index, out) == 1;
}

static spectacles_fleet_slot_info slot_of(const struct view *view, uint32_t slot)
{
    spectacles_fleet_slot_info info;
    spectacles_fleet_slot_info_init(&info, sizeof info);
    spectacles_fleet_slot(view->fleet, slot, &info);
    return info;
}

/* ---- For people ---- */

/* The shards of a slot: slot, slot + slots, and so on. */
static void write_shards(FILE *out, const struct view *view, uint32_t slot)
{
    uint32_t count = (view->progress.shard_count - slot + view->slot_count - 1) / view->slot_count;
    uint32_t last = slot + (count - 1) * view->slot_count;
    char text[48];
    if (count == 1)
        snprintf(text, sizeof text, "%" PRIu32, slot);
    else
        snprintf(text, sizeof text, "%" PRIu32 "..%" PRIu32 " (%" PRIu32 ")", slot, last, count);
    fprintf(out, "%-16s", text);
}

static void write_members(FILE *out, const struct view *view)
{
    spectacles_fleet_member_info info;
    fprintf(out, "%-24s %-12s %6s %6s  %s\n", "MEMBER", "ZONE", "WEIGHT", "SLOTS", "STATE");
    for (size_t i = 0; next_member(view, i, &info); i++)
        fprintf(out, "%-24s %-12s %6" PRIu32 " %6" PRIu32 "  %s\n", info.name, or_nobody(info.zone),
                info.weight, info.slot_count, info.leaves ? "leaving" : "here");
}

static void write_slots(FILE *out, const struct view *view)
{
    fprintf(out, "\n%-5s %-16s%-24s %8s  %-24s %s\n", "SLOT", "SHARDS", "OWNER", "EPOCH", "PLANNED",
            "STANDBY");
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        spectacles_fleet_slot_info info = slot_of(view, slot);
        fprintf(out, "%-5" PRIu32 " ", slot);
        write_shards(out, view, slot);
        fprintf(out, "%-24s %8" PRIu64 "  %-24s %s\n", or_nobody(info.owner), info.epoch,
                or_nobody(info.planned), or_nobody(info.standby));
    }
}

static void write_way(FILE *out, const spectacles_fleet_resharding *progress)
{
    if (!progress->is_known)
        fputs("No leader was heard: so many shards are set here, and the fleet may have another number\n",
              out);
    if (progress->phase == SPECTACLES_FLEET_STABLE)
        return;
    fprintf(out,
            "On the way to %" PRIu32 " shards: %s, %" PRIu32 " of %" PRIu32
            " new slots have an owner, and %" PRIu32 " are connected\n",
            progress->wanted_shards, spectacles_fleet_phase_name(progress->phase), progress->owned,
            progress->slots, progress->ready);
}

static void write_tables(FILE *out, const struct view *view)
{
    fprintf(out,
            "The fleet of the group '%s': %" PRIu32 " shards in %" PRIu32 " slots, generation %" PRIu32 "\n",
            settings_value(view->settings, SETTING_GROUP)->text, view->progress.shard_count, view->slot_count,
            view->progress.generation);
    write_way(out, &view->progress);
    fputc('\n', out);
    write_members(out, view);
    write_slots(out, view);
}

/* ---- As JSON ---- */

static void text(struct http_body *body, const char *before, const char *value)
{
    http_body_text(body, before);
    http_body_json(body, value);
}

static void number(struct http_body *body, const char *before, uint64_t value)
{
    http_body_text(body, before);
    http_body_number(body, value);
}

static void write_json_members(struct http_body *body, const struct view *view)
{
    spectacles_fleet_member_info info;
    http_body_text(body, ",\"members\":[");
    for (size_t i = 0; next_member(view, i, &info); i++) {
        text(body, i > 0 ? ",\n{\"member\":" : "{\"member\":", info.name);
        text(body, ",\"zone\":", info.zone);
        number(body, ",\"weight\":", info.weight);
        number(body, ",\"slots\":", info.slot_count);
        http_body_text(body, info.leaves ? ",\"leaves\":true}" : ",\"leaves\":false}");
    }
    http_body_text(body, "]");
}

static void write_json_slots(struct http_body *body, const struct view *view)
{
    http_body_text(body, ",\"slots\":[");
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        spectacles_fleet_slot_info info = slot_of(view, slot);
        number(body, slot > 0 ? ",\n{\"slot\":" : "{\"slot\":", slot);
        number(body, ",\"epoch\":", info.epoch);
        text(body, ",\"owner\":", info.owner);
        text(body, ",\"planned\":", info.planned);
        text(body, ",\"standby\":", info.standby);
        http_body_text(body, "}");
    }
    http_body_text(body, "]");
}

static void write_json_way(struct http_body *body, const spectacles_fleet_resharding *progress)
{
    http_body_text(body, progress->is_known ? ",\"leader_heard\":true" : ",\"leader_heard\":false");
    text(body, ",\"phase\":", spectacles_fleet_phase_name(progress->phase));
    number(body, ",\"wanted_shards\":", progress->wanted_shards);
    number(body, ",\"new_slots\":", progress->phase == SPECTACLES_FLEET_STABLE ? 0 : progress->slots);
    number(body, ",\"new_slots_owned\":", progress->owned);
    number(body, ",\"new_slots_connected\":", progress->ready);
}

static void write_json(FILE *out, const struct view *view)
{
    struct http_body body = {0};
    text(&body, "{\"group\":", settings_value(view->settings, SETTING_GROUP)->text);
    number(&body, ",\"shards\":", view->progress.shard_count);
    number(&body, ",\"generation\":", view->progress.generation);
    write_json_way(&body, &view->progress);
    write_json_members(&body, view);
    write_json_slots(&body, view);
    http_body_text(&body, "}\n");
    if (!body.is_short)
        fwrite(body.data, 1, body.length, out);
    http_body_free(&body);
}

void fleet_show(FILE *out, bool json, const struct fleet_watch *watch, const struct settings *settings)
{
    const struct view view = {.fleet = watch->handle.fleet,
                              .settings = settings,
                              .progress = fleet_reshard_progress(watch),
                              .slot_count = spectacles_fleet_slot_count(watch->handle.fleet)};
    if (json)
        write_json(out, &view);
    else
        write_tables(out, &view);
}
