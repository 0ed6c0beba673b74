/*
 * The head of what members tell each other. Called by hello.c, turn.c, wish.c and leader.c, which write the rest, and
 * by whoever receives a message and has to know which of them reads it.
 */
#include "fleet/message.h"

#include "codec/fields.h"

#include <string.h>

static const char *const kinds[] = {
    [SP_FLEET_MESSAGE_HELLO] = "hello", [SP_FLEET_MESSAGE_ASK] = "ask",   [SP_FLEET_MESSAGE_GRANT] = "grant",
    [SP_FLEET_MESSAGE_TOOK] = "took",   [SP_FLEET_MESSAGE_PLAN] = "plan", [SP_FLEET_MESSAGE_WISH] = "wish"};

static enum sp_fleet_message kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(name, kinds[i]) == 0)
            return (enum sp_fleet_message)i;
    }
    return SP_FLEET_MESSAGE_OTHER;
}

/* The version comes first: a later one may have anything else. */
int sp_fleet_message_open(sp_slice bytes, const char *bot, enum sp_fleet_message *kind, sp_slice *object)
{
    uint64_t version;
    char found[SP_DIGEST_TEXT_LENGTH + 1];
    char name[16];
    sp_slice value;
    if (bytes.length > SP_FLEET_MESSAGE_MAX)
        return SPECTACLES_E_TOOBIG;
    if (sp_json_check(bytes, &value, NULL) != SPECTACLES_OK || sp_json_type(value) != SP_JSON_OBJECT ||
        !sp_field_u64(value, "v", &version) || version == 0)
        return SPECTACLES_E_PROTO;
    if (version != SP_FLEET_MESSAGE_VERSION)
        return SPECTACLES_E_UNSUPPORTED;
    if (!sp_field_text(value, "bot", found, sizeof found) || !sp_field_text(value, "type", name, sizeof name))
        return SPECTACLES_E_PROTO;
    if (strcmp(found, bot) != 0)
        return SPECTACLES_E_AUTH;
    *kind = kind_of(name);
    *object = value;
    return SPECTACLES_OK;
}

void sp_fleet_message_begin(sp_buffer *out, enum sp_fleet_message kind, const char *bot)
{
    sp_buffer_clear(out);
    sp_field_write_number(out, "{\"v\":", SP_FLEET_MESSAGE_VERSION);
    sp_field_write_text(out, ",\"type\":", kinds[kind]);
    sp_field_write_text(out, ",\"bot\":", bot);
}
