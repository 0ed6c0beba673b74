/* Reads and writes SEND messages. The relay calls the reader, workers in C call the writer. */
#include "codec/json.h"
#include "core/config.h"
#include "core/export.h"
#include "routing/command.h"

#include <limits.h>
#include <spectacles/routing.h>
#include <string.h>

static int read_guild(const sp_command *command, sp_slice object, uint64_t *guild_id)
{
    sp_slice value;
    int found = sp_json_find(object, "guild_id", &value);
    if (found < 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object, "\"guild_id\" is there twice");
    if (found == 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object,
                                 "\"guild_id\" is missing: SEND takes {\"guild_id\": \"...\", \"packet\": "
                                 "{...}}; a bare packet belongs under its shard's number");
    if (!sp_command_id(value, guild_id))
        return sp_command_refuse(command, SPECTACLES_E_PROTO, value,
                                 "\"guild_id\" has to be an id: a decimal string or an unsigned integer, "
                                 "1 to 2^64-1");
    return SPECTACLES_OK;
}

static int read_packet(const sp_command *command, sp_slice object, sp_slice *packet)
{
    sp_slice value;
    int found = sp_json_find(object, "packet", &value);
    if (found < 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object, "\"packet\" is there twice");
    if (found == 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object,
                                 "\"packet\" is missing: SEND takes {\"guild_id\": \"...\", \"packet\": "
                                 "{\"op\": ..., \"d\": {...}}}");
    if (sp_json_type(value) != SP_JSON_OBJECT)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, value,
                                 "\"packet\" has to be a JSON object: {\"op\": ..., \"d\": {...}}");
    *packet = value;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_send_parse(spectacles_send *out, const uint8_t *body, size_t length,
                                            spectacles_problem *problem)
{
    static const char shape[] = "a SEND message has to be a JSON object: {\"guild_id\": \"...\", \"packet\": "
                                "{...}}";
    sp_command command = {body, problem};
    sp_slice object;
    sp_slice packet = {NULL, 0};
    uint64_t guild_id = 0;
    int error = sp_command_open(&command, (sp_slice){body, length}, shape, &object);
    if (error == SPECTACLES_OK)
        error = read_guild(&command, object, &guild_id);
    if (error == SPECTACLES_OK)
        error = read_packet(&command, object, &packet);
    if (error == SPECTACLES_OK)
        *out = (spectacles_send){guild_id, packet.bytes, packet.length};
    return error;
}

/* Writes the digits of a number at the end of `room`. Returns where they begin. */
static const char *decimal(uint64_t number, char room[20])
{
    size_t at = 20;
    do {
        room[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return room + at;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

/* Checks the packet. *object: the packet without white space around it. */
static int check_packet(sp_slice packet, sp_slice *object, spectacles_problem *problem)
{
    if (sp_json_check(packet, object, problem) != SPECTACLES_OK)
        return SPECTACLES_E_INVAL;
    if (sp_json_type(*object) != SP_JSON_OBJECT)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the packet is no JSON object");
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_send_build(uint8_t *out, size_t size, uint64_t guild_id,
                                            const uint8_t *packet, size_t length, spectacles_problem *problem)
{
    static const char head[] = "{\"guild_id\":\"";
    static const char middle[] = "\",\"packet\":";
    char room[20];
    const char *digits = decimal(guild_id, room);
    size_t digits_length = (size_t)(room + sizeof room - digits);
    size_t fixed = sizeof head - 1 + digits_length + sizeof middle - 1 + 1;
    sp_slice object;
    if (guild_id == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "guild_id is 0");
    if (check_packet((sp_slice){packet, length}, &object, problem) != SPECTACLES_OK)
        return SPECTACLES_E_INVAL;
    if (object.length > INT_MAX - fixed)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG, "the packet is longer than INT_MAX bytes");
    size_t total = fixed + object.length;
    if (!out)
        return (int)total;
    if (total > size)
        return sp_refuse(problem, SPECTACLES_E_TOOBIG,
                         "the room is too small: 48 bytes more than the packet are always enough");

    uint8_t *at = put(out, head, sizeof head - 1);
    at = put(at, digits, digits_length);
    at = put(at, middle, sizeof middle - 1);
    at = put(at, object.bytes, object.length);
    put(at, "}", 1);
    return (int)total;
}
