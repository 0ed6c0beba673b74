/* A hello as JSON, read and written. Called by members.c's users: whoever sends hellos, and whoever receives them. */
#include "fleet/hello.h"

#include "codec/fields.h"
#include "core/text.h"

#include <string.h>

static const char *const states[] = {
    [SP_HELLO_HERE] = "here", [SP_HELLO_LEAVING] = "leaving", [SP_HELLO_GONE] = "gone"};

bool sp_fleet_zone_is_valid(const char *zone)
{
    return strnlen(zone, SP_FLEET_ZONE_MAX + 1) <= SP_FLEET_ZONE_MAX && sp_text_is_graphic(zone);
}

const sp_hello_set *sp_hello_set_of(const sp_hello *hello, const char *set)
{
    for (size_t i = 0; i < hello->set_count; i++) {
        if (strcmp(hello->sets[i].name, set) == 0)
            return hello->sets + i;
    }
    return NULL;
}

/* ---- Reading ---- */

static bool read_state(sp_slice object, enum sp_hello_state *out)
{
    char name[16];
    if (!sp_field_text(object, "state", name, sizeof name))
        return false;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        *out = (enum sp_hello_state)i;
        if (strcmp(name, states[i]) == 0)
            return true;
    }
    return false;
}

/* [slot, epoch] */
static bool read_slot(sp_slice pair, void *out)
{
    sp_hello_set *set = out;
    uint32_t slot;
    uint64_t epoch;
    size_t cursor = 0;
    sp_slice more;
    if (sp_json_type(pair) != SP_JSON_ARRAY || !sp_field_next_u32(pair, &cursor, &slot) ||
        !sp_field_next_u64(pair, &cursor, &epoch) || sp_json_next(pair, &cursor, NULL, &more))
        return false;
    if (slot >= SP_FLEET_SLOTS_MAX || epoch == 0 || set->epochs[slot] != 0)
        return false;
    set->epochs[slot] = epoch;
    return true;
}

static bool read_set(sp_slice object, void *out)
{
    sp_hello *hello = out;
    sp_hello_set *set = hello->sets + hello->set_count;
    if (hello->set_count == SP_FLEET_SETS_MAX || sp_json_type(object) != SP_JSON_OBJECT ||
        !sp_field_text(object, "set", set->name, sizeof set->name) ||
        !sp_field_u64(object, "warm", &set->warm) || !sp_field_u64(object, "steady", &set->steady) ||
        !sp_field_u64(object, "starved", &set->starved) || !sp_field_each(object, "owns", read_slot, set))
        return false;
    hello->set_count++;
    return true;
}

static bool read_member(sp_slice object, sp_hello *out)
{
    uint64_t weight;
    if (!sp_field_text(object, "member", out->member, sizeof out->member) ||
        !sp_fleet_member_is_valid(out->member) || !sp_field_text(object, "run", out->run, sizeof out->run) ||
        !sp_field_text(object, "zone", out->zone, sizeof out->zone) || !sp_fleet_zone_is_valid(out->zone) ||
        !sp_field_u64(object, "weight", &weight))
        return false;
    out->weight = (uint32_t)weight;
    return weight > 0 && weight <= SP_FLEET_WEIGHT_MAX;
}

int sp_hello_read(sp_slice object, sp_hello *out)
{
    sp_hello hello = {.weight = 0};
    if (!read_member(object, &hello) || !read_state(object, &hello.state) ||
        !sp_field_each(object, "sets", read_set, &hello))
        return SPECTACLES_E_PROTO;
    *out = hello;
    return SPECTACLES_OK;
}

/* ---- Writing ---- */

static void write_slots(const sp_hello_set *set, sp_buffer *out)
{
    const char *before = "[";
    for (uint32_t slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++) {
        if (set->epochs[slot] == 0)
            continue;
        sp_field_write_number(out, before, slot);
        sp_field_write_number(out, ",", set->epochs[slot]);
        sp_buffer_text(out, "]");
        before = ",[";
    }
}

static void write_set(const sp_hello_set *set, sp_buffer *out)
{
    sp_field_write_text(out, "{\"set\":", set->name);
    sp_field_write_number(out, ",\"warm\":", set->warm);
    sp_field_write_number(out, ",\"steady\":", set->steady);
    sp_field_write_number(out, ",\"starved\":", set->starved);
    sp_buffer_text(out, ",\"owns\":[");
    write_slots(set, out);
    sp_buffer_text(out, "]}");
}

int sp_hello_write(const sp_hello *hello, const char *bot, sp_buffer *out)
{
    sp_fleet_message_begin(out, SP_FLEET_MESSAGE_HELLO, bot);
    sp_field_write_text(out, ",\"member\":", hello->member);
    sp_field_write_text(out, ",\"run\":", hello->run);
    sp_field_write_text(out, ",\"zone\":", hello->zone);
    sp_field_write_number(out, ",\"weight\":", hello->weight);
    sp_field_write_text(out, ",\"state\":", states[hello->state]);
    sp_buffer_text(out, ",\"sets\":[");
    for (size_t i = 0; i < hello->set_count; i++) {
        sp_buffer_text(out, i ? "," : "");
        write_set(hello->sets + i, out);
    }
    sp_buffer_text(out, "]}");
    return sp_buffer_failed(out);
}
