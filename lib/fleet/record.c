/* The record of a slot as JSON, read and written. Called by lease.c. */
#include "fleet/record.h"

#include "codec/fields.h"
#include "core/config.h"
#include "core/text.h"
#include "state/record_json.h"

#include <string.h>

static const char *const kinds[] = {
    [SP_FLEET_CLAIM] = "claim", [SP_FLEET_OWNED] = "owned", [SP_FLEET_RELEASED] = "released"};

void sp_fleet_record_free(sp_fleet_record *record)
{
    sp_fleet_content_free(&record->content);
}

bool sp_fleet_member_is_valid(const char *name)
{
    size_t length = strnlen(name, SP_FLEET_MEMBER_MAX + 1);
    return length > 0 && length <= SP_FLEET_MEMBER_MAX && sp_text_is_graphic(name);
}

/* ---- Reading ---- */

static int malformed(spectacles_problem *problem, const char *text)
{
    return sp_refuse(problem, SPECTACLES_E_PROTO, text);
}

static bool read_version(sp_slice object, const char *key, sp_fleet_version *out)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice more;
    return sp_field_array(object, key, &array) && sp_field_next_u64(array, &cursor, &out->epoch) &&
           sp_field_next_u64(array, &cursor, &out->write) && !sp_json_next(array, &cursor, NULL, &more);
}

static bool read_kind(sp_slice object, enum sp_fleet_kind *out)
{
    char name[16];
    if (!sp_field_text(object, "state", name, sizeof name))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        *out = (enum sp_fleet_kind)i;
        if (strcmp(name, kinds[i]) == 0)
            return true;
    }
    return false;
}

/* The version of the record comes first: a later one may have anything else. */
static int check_place(sp_slice object, const sp_fleet_place *place, spectacles_problem *problem)
{
    uint64_t number;
    sp_fleet_place found;
    if (!sp_field_u64(object, "v", &number) || number == 0)
        return malformed(problem, "the record has no version");
    if (number != SP_FLEET_RECORD_VERSION)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "the record was written by a later version of the library");
    if (!sp_field_text(object, "bot", found.bot, sizeof found.bot))
        return malformed(problem, "the record does not say of which bot it is");
    if (strcmp(found.bot, place->bot) != 0)
        return sp_refuse(problem, SPECTACLES_E_AUTH, "the record is of another bot");
    if (!sp_field_text(object, "set", found.set, sizeof found.set) || strcmp(found.set, place->set) != 0 ||
        !sp_field_u64(object, "slot", &number) || number != place->slot)
        return malformed(problem, "the record is of another slot");
    return SPECTACLES_OK;
}

static int read_head(sp_slice object, sp_fleet_record *record, spectacles_problem *problem)
{
    if (!read_version(object, "version", &record->version) || !read_kind(object, &record->kind) ||
        !sp_field_text(object, "owner", record->owner, sizeof record->owner) ||
        !sp_fleet_member_is_valid(record->owner) ||
        !sp_field_text(object, "nonce", record->nonce, sizeof record->nonce) ||
        !sp_field_u64_or_null(object, "time", &record->time))
        return malformed(problem, "the head of the record is malformed");
    return SPECTACLES_OK;
}

static int read_shard(sp_slice object, sp_fleet_record *record, spectacles_problem *problem)
{
    sp_fleet_version since;
    const char *why = NULL;
    sp_record *shard;
    if (!read_version(object, "since", &since))
        return malformed(problem, "since when a shard of the record is so is missing or malformed");
    int error = sp_record_read(object, &shard, &why);
    if (error == SPECTACLES_E_PROTO)
        return malformed(problem, why);
    if (error)
        return error;
    if (sp_fleet_content_find(&record->content, shard->shard_id))
        error = malformed(problem, "the record has a shard twice");
    else
        error = sp_fleet_content_merge_shard(&record->content, shard, since);
    if (error)
        sp_record_free(shard);
    return error;
}

static int read_shards(sp_slice object, sp_fleet_record *record, spectacles_problem *problem)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice each;
    int error = SPECTACLES_OK;
    if (!sp_field_array(object, "shards", &array))
        return malformed(problem, "the shards of the record are missing");
    while (!error && sp_json_next(array, &cursor, NULL, &each))
        error = read_shard(each, record, problem);
    return error;
}

/* The plan of the control queue stays JSON here: plan.c knows what is in it. */
static int read_control(sp_slice object, sp_fleet_record *record, spectacles_problem *problem)
{
    sp_slice value;
    if (sp_json_find(object, "control", &value) != 1)
        return malformed(problem, "the control of the record is missing");
    if (sp_json_type(value) == SP_JSON_NULL)
        return SPECTACLES_OK;
    if (sp_json_type(value) != SP_JSON_OBJECT)
        return malformed(problem, "the control of the record is no object");
    record->content.control = sp_text_copy((const char *)value.bytes, value.length);
    record->content.control_since = record->version;
    return record->content.control ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

static int read_content(sp_slice object, sp_fleet_record *record, spectacles_problem *problem)
{
    if (record->kind == SP_FLEET_CLAIM)
        return SPECTACLES_OK;
    int error = read_shards(object, record, problem);
    return error ? error : read_control(object, record, problem);
}

int sp_fleet_record_read(sp_slice bytes, const sp_fleet_place *place, sp_fleet_record *out,
                         spectacles_problem *problem)
{
    sp_slice object;
    sp_fleet_record record = {0};
    if (bytes.length > SP_FLEET_RECORD_MAX)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the record is larger than 256 KiB");
    if (sp_json_check(bytes, &object, NULL) != SPECTACLES_OK || sp_json_type(object) != SP_JSON_OBJECT)
        return malformed(problem, "the record is no JSON object");
    int error = check_place(object, place, problem);
    if (!error)
        error = read_head(object, &record, problem);
    if (!error)
        error = read_content(object, &record, problem);
    if (!error) {
        *out = record;
        return SPECTACLES_OK;
    }
    sp_fleet_record_free(&record);
    return error == SPECTACLES_E_NOMEM ? sp_refuse(problem, error, spectacles_strerror(error)) : error;
}

/* ---- Writing ---- */

static void write_version(sp_buffer *out, const char *key, sp_fleet_version version)
{
    sp_field_write_number(out, key, version.epoch);
    sp_field_write_number(out, ",", version.write);
    sp_buffer_text(out, "]");
}

static void write_head(const sp_fleet_record *record, const sp_fleet_place *place, sp_buffer *out)
{
    sp_field_write_number(out, "{\"v\":", SP_FLEET_RECORD_VERSION);
    sp_field_write_text(out, ",\"bot\":", place->bot);
    sp_field_write_text(out, ",\"set\":", place->set);
    sp_field_write_number(out, ",\"slot\":", place->slot);
    write_version(out, ",\"version\":[", record->version);
    sp_field_write_text(out, ",\"state\":", kinds[record->kind]);
    sp_field_write_text(out, ",\"owner\":", record->owner);
    sp_field_write_text(out, ",\"nonce\":", record->nonce);
    if (record->time)
        sp_field_write_number(out, ",\"time\":", record->time);
    else
        sp_buffer_text(out, ",\"time\":null");
}

static void write_content(const sp_fleet_content *content, sp_buffer *out)
{
    sp_buffer_text(out, ",\"shards\":[");
    for (size_t i = 0; i < content->count; i++) {
        write_version(out, i ? ",{\"since\":[" : "{\"since\":[", content->shards[i].since);
        sp_buffer_text(out, ",");
        sp_record_write(out, content->shards[i].record);
        sp_buffer_text(out, "}");
    }
    sp_buffer_text(out, "],\"control\":");
    sp_buffer_text(out, content->control ? content->control : "null");
}

int sp_fleet_record_write(const sp_fleet_record *record, const sp_fleet_place *place, sp_buffer *out)
{
    sp_buffer_clear(out);
    write_head(record, place, out);
    if (record->kind != SP_FLEET_CLAIM)
        write_content(&record->content, out);
    sp_buffer_text(out, "}");
    if (sp_buffer_failed(out))
        return SPECTACLES_E_NOMEM;
    return sp_buffer_length(out) > SP_FLEET_RECORD_MAX ? SPECTACLES_E_TOOBIG : SPECTACLES_OK;
}
