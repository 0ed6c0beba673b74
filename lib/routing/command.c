/* What SEND messages and packets have in common when they are read. send.c and packet.c call it. */
#include "routing/command.h"

#include "codec/json.h"
#include "core/config.h"

#include <spectacles/codec.h>
#include <string.h>

int sp_command_refuse(const sp_command *command, int error, sp_slice at, const char *text)
{
    return sp_refuse_at(command->problem, error, text, (size_t)(at.bytes - command->start));
}

/*
 * A sentence for bodies in other formats, which other implementations of Spectacles write; NULL for all other bodies.
 */
static const char *other_format(sp_slice body)
{
    switch (spectacles_format_of(body.bytes, body.length)) {
    case SPECTACLES_FORMAT_ETF:
        return "the body is ETF, Erlang's external term format: it has to be JSON "
               "(spectacles_transcode() rewrites it)";
    case SPECTACLES_FORMAT_MSGPACK:
    case SPECTACLES_FORMAT_MSGPACK_JSON:
        return "the body looks like MessagePack: it has to be JSON (spectacles_transcode() rewrites it)";
    default:
        return NULL;
    }
}

int sp_command_open(sp_command *command, sp_slice body, const char *shape, sp_slice *object)
{
    sp_slice value;
    const char *other = other_format(body);
    if (other)
        return sp_command_refuse(command, SPECTACLES_E_UNSUPPORTED, body, other);
    int error = sp_json_check(body, &value, command->problem);
    if (error < 0)
        return error;
    if (sp_json_type(value) != SP_JSON_OBJECT)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, value, shape);
    *object = value;
    return SPECTACLES_OK;
}

bool sp_command_id(sp_slice value, uint64_t *id)
{
    char digits[21]; /* 2^64-1 has 20 digits */
    uint64_t number;
    sp_slice text = value;
    if (sp_json_type(value) == SP_JSON_STRING) {
        int length = sp_json_text(value, digits, sizeof digits);
        if (length < 0)
            return false;
        text = (sp_slice){(const uint8_t *)digits, (size_t)length};
    }
    if (sp_json_u64(text, &number) < 0 || number == 0)
        return false;
    if (id)
        *id = number;
    return true;
}
