/*
 * What the leader says, as JSON, read and written:
 *
 *   "version":[12,3],"concurrency":16,"phase":"stable","generation":1,"members":["web-1","web-2"],
 *   "sets":[{"set":"1000-1","known":3,"slots":[[0,1,null,12],..]}]
 *
 * Of each slot: the owner, the standby, where a person wants it, and the epoch in which its owner was known. Called by
 * the leader, and by whoever follows it.
 */
#include "fleet/control.h"

#include "codec/fields.h"

#include <string.h>

sp_control_set *sp_control_set_of(sp_control *control, const char *name)
{
    for (size_t i = 0; i < control->set_count; i++) {
        if (strcmp(control->sets[i].name, name) == 0)
            return control->sets + i;
    }
    return NULL;
}

int sp_control_member(const sp_control *control, const char *name)
{
    for (size_t i = 0; i < control->member_count; i++) {
        if (strcmp(control->members[i], name) == 0)
            return (int)i;
    }
    return SP_PLAN_NOBODY;
}

static bool is_same_set(const sp_control_set *one, const sp_control_set *other)
{
    size_t places = one->slot_count * sizeof *one->pins;
    return strcmp(one->name, other->name) == 0 && one->slot_count == other->slot_count &&
           one->known == other->known && memcmp(one->plan.owners, other->plan.owners, places) == 0 &&
           memcmp(one->plan.standbys, other->plan.standbys, places) == 0 &&
           memcmp(one->pins, other->pins, places) == 0 &&
           memcmp(one->epochs, other->epochs, one->slot_count * sizeof *one->epochs) == 0;
}

bool sp_control_equals(const sp_control *one, const sp_control *other)
{
    if (one->concurrency != other->concurrency || one->phase != other->phase ||
        one->generation != other->generation || one->member_count != other->member_count ||
        one->set_count != other->set_count)
        return false;
    for (size_t i = 0; i < one->member_count; i++) {
        if (strcmp(one->members[i], other->members[i]) != 0)
            return false;
    }
    for (size_t i = 0; i < one->set_count; i++) {
        if (!is_same_set(one->sets + i, other->sets + i))
            return false;
    }
    return true;
}

/* ---- Reading ---- */

static bool read_member(sp_slice text, void *out)
{
    sp_control *control = out;
    if (control->member_count == SP_MEMBERS_MAX)
        return false;
    char *name = control->members[control->member_count++];
    return sp_json_text(text, name, SP_FLEET_MEMBER_MAX + 1) >= 0 && sp_fleet_member_is_valid(name);
}

/* The place of a member, or null. */
static bool read_place(sp_slice array, size_t *cursor, size_t member_count, int16_t *out)
{
    uint64_t number;
    sp_slice value;
    *out = SP_PLAN_NOBODY;
    if (!sp_json_next(array, cursor, NULL, &value))
        return false;
    if (sp_json_type(value) == SP_JSON_NULL)
        return true;
    if (sp_json_u64(value, &number) != SPECTACLES_OK || number >= member_count)
        return false;
    *out = (int16_t)number;
    return true;
}

/* Of the set that is being read: the one behind those that are counted. */
static bool read_slot(sp_slice array, void *out)
{
    sp_control *control = out;
    size_t member_count = control->member_count;
    sp_control_set *set = control->sets + control->set_count;
    uint32_t slot = set->slot_count;
    size_t cursor = 0;
    sp_slice more;
    if (slot == SP_FLEET_SLOTS_MAX || sp_json_type(array) != SP_JSON_ARRAY ||
        !read_place(array, &cursor, member_count, set->plan.owners + slot) ||
        !read_place(array, &cursor, member_count, set->plan.standbys + slot) ||
        !read_place(array, &cursor, member_count, set->pins + slot) ||
        !sp_field_next_u64(array, &cursor, set->epochs + slot) || sp_json_next(array, &cursor, NULL, &more))
        return false;
    set->slot_count++;
    return true;
}

static bool read_set(sp_slice object, void *out)
{
    sp_control *control = out;
    sp_control_set *set = control->sets + control->set_count;
    if (control->set_count == SP_FLEET_SETS_MAX || sp_json_type(object) != SP_JSON_OBJECT ||
        !sp_field_text(object, "set", set->name, sizeof set->name) ||
        !sp_field_u64(object, "known", &set->known) || !sp_field_each(object, "slots", read_slot, control))
        return false;
    control->set_count++;
    return true;
}

static bool read_phase(sp_slice object, enum sp_reshard_phase *out)
{
    char name[16];
    if (!sp_field_text(object, "phase", name, sizeof name))
        return false;
    for (int phase = 0; phase < SP_RESHARD_PHASES; phase++) {
        *out = (enum sp_reshard_phase)phase;
        if (strcmp(name, sp_reshard_name(*out)) == 0)
            return true;
    }
    return false;
}

static bool read_version(sp_slice object, sp_fleet_version *out)
{
    size_t cursor = 0;
    sp_slice array;
    sp_slice more;
    return sp_field_array(object, "version", &array) && sp_field_next_u64(array, &cursor, &out->epoch) &&
           sp_field_next_u64(array, &cursor, &out->write) && !sp_json_next(array, &cursor, NULL, &more);
}

int sp_control_read(sp_slice object, sp_control *out)
{
    uint64_t concurrency;
    uint64_t generation;
    sp_control control = {.concurrency = 0};
    if (!read_version(object, &control.version) || !sp_field_u64(object, "concurrency", &concurrency) ||
        concurrency > UINT32_MAX || !read_phase(object, &control.phase) ||
        !sp_field_u64(object, "generation", &generation) || generation > UINT32_MAX ||
        !sp_field_each(object, "members", read_member, &control) ||
        !sp_field_each(object, "sets", read_set, &control))
        return SPECTACLES_E_PROTO;
    control.concurrency = (uint32_t)concurrency;
    control.generation = (uint32_t)generation;
    *out = control;
    return SPECTACLES_OK;
}

/* ---- Writing ---- */

static void write_place(sp_buffer *out, const char *before, int16_t place)
{
    if (place == SP_PLAN_NOBODY) {
        sp_buffer_text(out, before);
        sp_buffer_text(out, "null");
    } else {
        sp_field_write_number(out, before, (uint64_t)place);
    }
}

static void write_set(const sp_control_set *set, sp_buffer *out)
{
    sp_field_write_text(out, "{\"set\":", set->name);
    sp_field_write_number(out, ",\"known\":", set->known);
    sp_buffer_text(out, ",\"slots\":[");
    for (uint32_t slot = 0; slot < set->slot_count; slot++) {
        write_place(out, slot ? ",[" : "[", set->plan.owners[slot]);
        write_place(out, ",", set->plan.standbys[slot]);
        write_place(out, ",", set->pins[slot]);
        sp_field_write_number(out, ",", set->epochs[slot]);
        sp_buffer_text(out, "]");
    }
    sp_buffer_text(out, "]}");
}

void sp_control_write(const sp_control *control, sp_buffer *out)
{
    sp_field_write_number(out, ",\"version\":[", control->version.epoch);
    sp_field_write_number(out, ",", control->version.write);
    sp_field_write_number(out, "],\"concurrency\":", control->concurrency);
    sp_field_write_text(out, ",\"phase\":", sp_reshard_name(control->phase));
    sp_field_write_number(out, ",\"generation\":", control->generation);
    sp_buffer_text(out, ",\"members\":[");
    for (size_t i = 0; i < control->member_count; i++)
        sp_field_write_text(out, i ? "," : "", control->members[i]);
    sp_buffer_text(out, "],\"sets\":[");
    for (size_t i = 0; i < control->set_count; i++) {
        sp_buffer_text(out, i ? "," : "");
        write_set(control->sets + i, out);
    }
    sp_buffer_text(out, "]");
}
