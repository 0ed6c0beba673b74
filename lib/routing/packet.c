/*
 * Checks packets that workers want sent to Discord, and presences. Owners, the relay (packets) and the shard
 * (presences, ops) call it.
 */
#include "routing/packet.h"

#include "codec/json.h"
#include "codec/number.h"
#include "core/export.h"
#include "routing/command.h"

#include <string.h>

enum {
    OP_PRESENCE = 3
};

/* ---- Checks of a field of d. A check that fails narrows the value to the part that is wrong. ---- */

static bool is_id(sp_slice *value)
{
    return sp_command_id(*value, NULL);
}

static bool is_id_or_null(sp_slice *value)
{
    return sp_json_type(*value) == SP_JSON_NULL || is_id(value);
}

static bool is_bool(sp_slice *value)
{
    return sp_json_type(*value) == SP_JSON_TRUE || sp_json_type(*value) == SP_JSON_FALSE;
}

static bool is_text(sp_slice *value)
{
    return sp_json_type(*value) == SP_JSON_STRING;
}

static bool is_count(sp_slice *value)
{
    uint64_t count;
    return sp_json_u64(*value, &count) == SPECTACLES_OK;
}

static bool is_count_or_null(sp_slice *value)
{
    return sp_json_type(*value) == SP_JSON_NULL || is_count(value);
}

/* Discord's limit of 32 bytes is for the text with its escapes resolved. */
static bool is_nonce(sp_slice *value)
{
    char nonce[33];
    return sp_json_text(*value, nonce, sizeof nonce) >= 0;
}

static bool is_status(sp_slice *value)
{
    static const char *const known[] = {"online", "idle", "dnd", "invisible", "offline"};
    char status[16];
    if (sp_json_text(*value, status, sizeof status) < 0)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(status, known[i]) == 0)
            return true;
    }
    return false;
}

/* The number of elements of an array in which each element fits; -1 when one does not fit, or it is no array. */
static int count_of(sp_slice *value, bool (*fits)(sp_slice *))
{
    sp_slice element;
    size_t cursor = 0;
    int count = 0;
    if (sp_json_type(*value) != SP_JSON_ARRAY)
        return -1;
    for (; sp_json_next(*value, &cursor, NULL, &element); count++) {
        if (!fits(&element)) {
            *value = element;
            return -1;
        }
    }
    return count;
}

static bool is_ids(sp_slice *value)
{
    return count_of(value, is_id) > 0;
}

/* Discord takes at most a hundred ids in one request. It ignores a request with more. */
static bool is_id_or_ids(sp_slice *value)
{
    if (sp_json_type(*value) != SP_JSON_ARRAY)
        return is_id(value);
    int count = count_of(value, is_id);
    return count > 0 && count <= SPECTACLES_MEMBERS_USERS_MAX;
}

static bool is_texts(sp_slice *value)
{
    return count_of(value, is_text) > 0;
}

static bool is_activity(sp_slice *value)
{
    sp_slice name;
    sp_slice type;
    return sp_json_type(*value) == SP_JSON_OBJECT && sp_json_find(*value, "name", &name) == 1 &&
           is_text(&name) && sp_json_find(*value, "type", &type) == 1 && is_count(&type);
}

static bool is_activities(sp_slice *value)
{
    return count_of(value, is_activity) >= 0;
}

/* ---- The fields of d for each op (Discord: "Gateway Events: Send Events") ---- */

enum need {
    REQUIRED,
    OPTIONAL /* null counts as left out: clients send it, and Discord accepts it */
};

struct field {
    uint32_t op;
    enum need need;
    const char *name;
    bool (*fits)(sp_slice *value);
    const char *missing;
    const char *wrong;
};

#define FIELD(op, need, name, fits, what)                                                                    \
    {                                                                                                        \
        op, need, name, fits, "\"" name "\" of op " #op " is missing: " what,                                \
            "\"" name "\" of op " #op " has to be " what                                                     \
    }
#define AN_ID "an id, a decimal string or an unsigned integer, 1 to 2^64-1"

/* Discord closes the session with 4001 when one of the four fields of op 3 is missing, or the channel of op 4. */
static const struct field fields[] = {
    FIELD(3, REQUIRED, "since", is_count_or_null, "a time in milliseconds, or null when not idle"),
    FIELD(3, REQUIRED, "activities", is_activities, "an array of objects with a \"name\" and a \"type\""),
    FIELD(3, REQUIRED, "status", is_status, "online, idle, dnd, invisible or offline"),
    FIELD(3, REQUIRED, "afk", is_bool, "true or false"),
    FIELD(4, REQUIRED, "guild_id", is_id, AN_ID),
    FIELD(4, REQUIRED, "channel_id", is_id_or_null, AN_ID ", or null to leave"),
    FIELD(4, OPTIONAL, "self_mute", is_bool, "true or false"),
    FIELD(4, OPTIONAL, "self_deaf", is_bool, "true or false"),
    FIELD(8, REQUIRED, "guild_id", is_id, AN_ID),
    FIELD(8, OPTIONAL, "query", is_text, "a string"),
    FIELD(8, OPTIONAL, "limit", is_count, "an unsigned integer"),
    FIELD(8, OPTIONAL, "user_ids", is_id_or_ids, AN_ID ", or an array of 1 to 100"),
    FIELD(8, OPTIONAL, "presences", is_bool, "true or false"),
    FIELD(8, OPTIONAL, "nonce", is_nonce, "a string of at most 32 bytes"),
    FIELD(31, REQUIRED, "guild_ids", is_ids, "an array of at least one id"),
    FIELD(43, REQUIRED, "guild_id", is_id, AN_ID),
    FIELD(43, REQUIRED, "fields", is_texts, "an array of at least one string"),
};

/* Finds a field. Returns 1, 0 when it is missing, or SPECTACLES_E_PROTO when it is repeated. */
static int find_field(const sp_command *command, sp_slice d, const char *name, sp_slice *value)
{
    int found = sp_json_find(d, name, value);
    if (found < 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, d, "a key of \"d\" is there twice");
    return found;
}

static int check_field(const sp_command *command, sp_slice d, const struct field *field)
{
    sp_slice value;
    int found = find_field(command, d, field->name, &value);
    if (found < 0)
        return found;
    if (found == 0 || (field->need == OPTIONAL && sp_json_type(value) == SP_JSON_NULL))
        return field->need == OPTIONAL ? SPECTACLES_OK
                                       : sp_command_refuse(command, SPECTACLES_E_PROTO, d, field->missing);
    return field->fits(&value) ? SPECTACLES_OK
                               : sp_command_refuse(command, SPECTACLES_E_PROTO, value, field->wrong);
}

static bool has(sp_slice d, const char *name)
{
    sp_slice value;
    return sp_json_find(d, name, &value) == 1 && sp_json_type(value) != SP_JSON_NULL;
}

static int check_fields(const sp_command *command, uint32_t op, sp_slice d)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        int error = fields[i].op == op ? check_field(command, d, &fields[i]) : SPECTACLES_OK;
        if (error < 0)
            return error;
    }
    if (op != 8 || has(d, "user_ids"))
        return SPECTACLES_OK;
    if (!has(d, "query"))
        return sp_command_refuse(command, SPECTACLES_E_PROTO, d,
                                 "op 8 needs \"query\" and \"limit\", or \"user_ids\"");
    if (!has(d, "limit"))
        return sp_command_refuse(command, SPECTACLES_E_PROTO, d,
                                 "\"limit\" of op 8 is missing: it goes with \"query\" (0 for all)");
    return SPECTACLES_OK;
}

/* ---- Lone surrogates ---- */

/* What the escape at a place is. */
enum surrogate {
    NONE,
    HIGH,
    LOW
};

static enum surrogate surrogate_at(sp_slice text, size_t at)
{
    const uint8_t *bytes = text.bytes + at;
    if (text.length < 6 || at > text.length - 6 || bytes[0] != '\\' || bytes[1] != 'u' ||
        (bytes[2] | 0x20) != 'd')
        return NONE;
    if (bytes[3] == '8' || bytes[3] == '9' || (bytes[3] | 0x20) == 'a' || (bytes[3] | 0x20) == 'b')
        return HIGH;
    return (bytes[3] | 0x20) >= 'c' && (bytes[3] | 0x20) <= 'f' ? LOW : NONE;
}

/*
 * Half of a surrogate pair is legal JSON, but no Unicode text: strict decoders refuse such a payload (close code 4002).
 */
static bool find_lone_surrogate(sp_slice text, sp_slice *found)
{
    for (size_t at = 0; at < text.length;) {
        enum surrogate surrogate = surrogate_at(text, at);
        if (surrogate == LOW || (surrogate == HIGH && surrogate_at(text, at + 6) != LOW)) {
            *found = (sp_slice){text.bytes + at, 6};
            return true;
        }
        /* A backslash is passed over with the next byte. Otherwise "\\ud800" would look like an escape. */
        at += surrogate == HIGH ? 12 : text.bytes[at] == '\\' ? 2 : 1;
    }
    return false;
}

/* ---- The packet ---- */

/* Why no worker may ever send an op; NULL for other ops. */
static const char *reserved_op(uint64_t op)
{
    switch (op) {
    case 1:
    case 2:
    case 6:
        return "op 1, 2 and 6 are sent by the gateway itself: workers send 3, 4, 8, 31 and 43";
    case 0:
    case 7:
    case 9:
    case 10:
    case 11:
        return "op 0, 7, 9, 10 and 11 are sent by Discord only: workers send 3, 4, 8, 31 and 43";
    default:
        return NULL;
    }
}

bool sp_packet_op_is_reserved(uint64_t op)
{
    return reserved_op(op) != NULL;
}

/* Ops that are allowed besides the known ones. */
typedef struct sp_ops {
    const uint32_t *more;
    size_t length;
} sp_ops;

/* Why an op is refused; NULL when it is allowed. */
static const char *refused_op(const sp_ops *ops, uint64_t op)
{
    static const uint32_t known[] = {3, 4, 8, 31, 43};
    const char *reserved = reserved_op(op);
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !reserved; i++) {
        if (known[i] == op)
            return NULL;
    }
    for (size_t i = 0; i < ops->length && !reserved; i++) {
        if (ops->more[i] == op)
            return NULL;
    }
    return reserved ? reserved : "the op is unknown: workers send 3, 4, 8, 31 and 43";
}

/*
 * Whether a number is an unsigned integer, also as a float without a fraction (4.0, 4e0): languages that have floats
 * alone write it so. Beyond 2^53 a float has lost digits.
 */
static bool is_natural(sp_slice value, uint64_t *number)
{
    const double exact = 9007199254740992.0;
    if (sp_json_type(value) != SP_JSON_NUMBER)
        return false;
    if (sp_json_u64(value, number) == SPECTACLES_OK)
        return true;
    double real = sp_number_real(value);
    if (!(real >= 0) || real > exact || real != (double)(uint64_t)real)
        return false;
    *number = (uint64_t)real;
    return true;
}

static int read_op(const sp_command *command, sp_slice object, const sp_ops *ops, uint32_t *op)
{
    sp_slice value;
    uint64_t number;
    int found = sp_json_find(object, "op", &value);
    if (found < 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object, "\"op\" is there twice");
    if (found == 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object,
                                 "\"op\" is missing: a packet is {\"op\": ..., \"d\": {...}}");
    if (!is_natural(value, &number))
        return sp_command_refuse(command, SPECTACLES_E_PROTO, value, "\"op\" has to be an unsigned integer");
    if (refused_op(ops, number))
        return sp_command_refuse(command, SPECTACLES_E_UNSUPPORTED, value, refused_op(ops, number));
    *op = (uint32_t)number;
    return SPECTACLES_OK;
}

/* The checks of every d, and those of its op. */
static int check_d(const sp_command *command, uint32_t op, sp_slice d)
{
    sp_slice wrong;
    if (find_lone_surrogate(d, &wrong))
        return sp_command_refuse(command, SPECTACLES_E_PROTO, wrong,
                                 "\"d\" holds half a surrogate pair, which is no Unicode text");
    return check_fields(command, op, d);
}

static int read_d(const sp_command *command, sp_slice object, sp_slice *d)
{
    sp_slice value;
    int found = sp_json_find(object, "d", &value);
    if (found < 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object, "\"d\" is there twice");
    if (found == 0)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, object,
                                 "\"d\" is missing: a packet is {\"op\": ..., \"d\": {...}}");
    if (sp_json_type(value) != SP_JSON_OBJECT)
        return sp_command_refuse(command, SPECTACLES_E_PROTO, value, "\"d\" has to be a JSON object");
    *d = value;
    return SPECTACLES_OK;
}

static const char too_large[] = "the packet is too large: {\"op\":...,\"d\":...} may have 4096 bytes";

static bool is_too_large(uint32_t op, sp_slice d)
{
    size_t envelope = strlen("{\"op\":,\"d\":}") + (op > 9 ? 2 : 1);
    return d.length > SPECTACLES_PACKET_MAX - envelope;
}

SPECTACLES_EXPORT int spectacles_packet_parse(spectacles_packet *out, const uint8_t *body, size_t length,
                                              spectacles_problem *problem)
{
    return sp_packet_parse(out, body, length, NULL, 0, problem);
}

int sp_packet_parse(spectacles_packet *out, const uint8_t *body, size_t length, const uint32_t *more_ops,
                    size_t more_op_count, spectacles_problem *problem)
{
    const sp_ops ops = {more_ops, more_op_count};
    static const char shape[] = "a packet has to be a JSON object: {\"op\": ..., \"d\": {...}}";
    sp_command command = {body, problem};
    sp_slice object;
    sp_slice d = {NULL, 0};
    uint32_t op = 0;
    int error = sp_command_open(&command, (sp_slice){body, length}, shape, &object);
    if (error == SPECTACLES_OK)
        error = read_op(&command, object, &ops, &op);
    if (error == SPECTACLES_OK)
        error = read_d(&command, object, &d);
    if (error < 0)
        return error;
    if (is_too_large(op, d))
        return sp_command_refuse(&command, SPECTACLES_E_TOOBIG, d, too_large);
    error = check_d(&command, op, d);
    if (error == SPECTACLES_OK)
        *out = (spectacles_packet){op, d.bytes, d.length};
    return error;
}

int sp_packet_check(uint32_t op, const uint8_t *d, size_t length, const uint32_t *more_ops,
                    size_t more_op_count, spectacles_problem *problem)
{
    const sp_ops ops = {more_ops, more_op_count};
    const sp_command command = {d, problem};
    sp_slice value = {d, length};
    const char *refused = refused_op(&ops, op);
    if (refused)
        return sp_command_refuse(&command, SPECTACLES_E_UNSUPPORTED, value, refused);
    int error = sp_json_check((sp_slice){d, length}, &value, problem);
    if (error != SPECTACLES_OK)
        return error;
    if (sp_json_type(value) != SP_JSON_OBJECT)
        return sp_command_refuse(&command, SPECTACLES_E_PROTO, value, "\"d\" has to be a JSON object");
    if (is_too_large(op, value))
        return sp_command_refuse(&command, SPECTACLES_E_TOOBIG, value, too_large);
    return check_d(&command, op, value);
}

SPECTACLES_EXPORT int spectacles_presence_check(const uint8_t *d, size_t length, spectacles_problem *problem)
{
    const sp_command command = {d, problem};
    sp_slice value;
    int error = sp_json_check((sp_slice){d, length}, &value, problem);
    if (error != SPECTACLES_OK)
        return error;
    if (sp_json_type(value) != SP_JSON_OBJECT)
        return sp_command_refuse(&command, SPECTACLES_E_PROTO, value, "the presence is not a JSON object");
    return check_d(&command, OP_PRESENCE, value);
}
