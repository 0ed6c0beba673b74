/*
 * Every command of tests/vectors/commands.json: good ones are taken apart, others are refused. Of a vector,
 *
 *     key       is SEND, or "shard" for a packet under a shard's number
 *     body      is the message's body; base64 stands in its place where it is not text
 *     fill      is the number of letters x that take the place of @FILL@, in body and d
 *     expect    is "good" or "refused"
 *     guild_id, op, d (verbatim)    are what a good one holds
 *     error, reason                 are those of the first check that refuses it; reason is a part of the
 * text
 */
#include "codec/json.h"
#include "core/buffer.h"
#include "routing/vectors.h"
#include "unit.h"

#include <spectacles/routing.h>
#include <stdio.h>

struct vector {
    char name[128];
    char key[16];
    char expect[16];
    char error[16];
    char reason[128];
    char guild_id[32];
    char d[512]; /* without what @FILL@ stands for */
    uint64_t op;
    uint64_t fill;
    sp_buffer body;
};

static void load(sp_buffer *file)
{
    char part[4096];
    FILE *in = fopen(VECTORS, "rb");
    assert_non_null(in);
    for (size_t got; (got = fread(part, 1, sizeof part, in)) > 0;)
        assert_int_equal(sp_buffer_append(file, part, got), 0);
    fclose(in);
}

static void text_of(sp_slice object, const char *key, char *out, size_t size)
{
    sp_slice value;
    out[0] = '\0';
    if (sp_json_find(object, key, &value) == 1)
        assert_true(sp_json_text(value, out, size) >= 0);
}

static uint64_t number_of(sp_slice object, const char *key)
{
    sp_slice value;
    uint64_t number = 0;
    if (sp_json_find(object, key, &value) == 1 && sp_json_type(value) == SP_JSON_NUMBER)
        assert_int_equal(sp_json_u64(value, &number), 0);
    return number;
}

/* Appends the text, with `fill` letters in place of @FILL@. */
static void append_filled(sp_buffer *out, const char *text, uint64_t fill)
{
    static const char mark[] = "@FILL@";
    const char *at = fill > 0 ? strstr(text, mark) : NULL;
    if (!at) {
        assert_int_equal(sp_buffer_text(out, text), 0);
        return;
    }
    assert_int_equal(sp_buffer_append(out, text, (size_t)(at - text)), 0);
    for (uint64_t i = 0; i < fill; i++)
        sp_buffer_u8(out, 'x');
    assert_int_equal(sp_buffer_text(out, at + strlen(mark)), 0);
}

static void append_base64(sp_buffer *out, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned count = 0;
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        assert_non_null(digit);
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8)
            assert_int_equal(sp_buffer_u8(out, (uint8_t)(bits >> (count -= 8))), 0);
    }
}

static void read_body(struct vector *vector, sp_slice object)
{
    static char text[8192];
    text_of(object, "base64", text, sizeof text);
    if (text[0] != '\0') {
        append_base64(&vector->body, text);
        return;
    }
    text_of(object, "body", text, sizeof text);
    append_filled(&vector->body, text, vector->fill);
}

static void read_vector(struct vector *vector, sp_slice object)
{
    memset(vector, 0, sizeof *vector);
    text_of(object, "name", vector->name, sizeof vector->name);
    text_of(object, "key", vector->key, sizeof vector->key);
    text_of(object, "expect", vector->expect, sizeof vector->expect);
    text_of(object, "error", vector->error, sizeof vector->error);
    text_of(object, "reason", vector->reason, sizeof vector->reason);
    text_of(object, "guild_id", vector->guild_id, sizeof vector->guild_id);
    text_of(object, "d", vector->d, sizeof vector->d);
    vector->op = number_of(object, "op");
    vector->fill = number_of(object, "fill");
    read_body(vector, object);
}

/* A body of its own size on the heap, so that a read behind its end is seen. */
static uint8_t *exact(const sp_buffer *body)
{
    sp_slice slice = sp_buffer_slice(body);
    uint8_t *copy = malloc(slice.length ? slice.length : 1);
    assert_non_null(copy);
    if (slice.length > 0)
        memcpy(copy, slice.bytes, slice.length);
    return copy;
}

typedef struct outcome {
    int error;
    spectacles_send send;
    spectacles_packet packet;
    spectacles_problem problem;
} outcome;

/* As a gateway does it: a SEND is taken apart first, then what is in it. */
static outcome run(const struct vector *vector, const uint8_t *body)
{
    outcome out = {0, {7, NULL, 0}, {7, NULL, 0}, {.text = ""}};
    const uint8_t *packet = body;
    size_t length = sp_buffer_length(&vector->body);
    if (strcmp(vector->key, "SEND") == 0) {
        out.error = spectacles_send_parse(&out.send, body, length, &out.problem);
        if (out.error < 0)
            return out;
        packet = out.send.packet;
        length = out.send.packet_length;
    }
    out.error = spectacles_packet_parse(&out.packet, packet, length, &out.problem);
    return out;
}

static void check_good(const struct vector *vector, const outcome *out)
{
    sp_buffer d = {0};
    char guild_id[32] = "";
    if (out->error < 0)
        fail_msg("%s: refused: %s", vector->name, out->problem.text);
    assert_string_equal(out->problem.text, "");
    assert_int_equal(out->packet.op, vector->op);
    append_filled(&d, vector->d, vector->fill);
    assert_int_equal(out->packet.d_length, sp_buffer_length(&d));
    assert_memory_equal(out->packet.d, sp_buffer_slice(&d).bytes, out->packet.d_length);
    if (strcmp(vector->key, "SEND") == 0)
        snprintf(guild_id, sizeof guild_id, "%llu", (unsigned long long)out->send.guild_id);
    assert_string_equal(guild_id, vector->guild_id);
    sp_buffer_free(&d);
}

static int error_named(const char *name)
{
    return strcmp(name, "TOOBIG") == 0        ? SPECTACLES_E_TOOBIG
           : strcmp(name, "UNSUPPORTED") == 0 ? SPECTACLES_E_UNSUPPORTED
                                              : SPECTACLES_E_PROTO;
}

static void check_refused(const struct vector *vector, const outcome *out)
{
    if (out->error >= 0)
        fail_msg("%s: was taken", vector->name);
    if (!strstr(out->problem.text, vector->reason))
        fail_msg("%s: refused for another reason: %s", vector->name, out->problem.text);
    if (out->error != error_named(vector->error))
        fail_msg("%s: another error: %d", vector->name, out->error);
    assert_true(vector->reason[0] != '\0');
    assert_true(out->problem.position <= sp_buffer_length(&vector->body));
    assert_int_equal(out->packet.op, 7);
    assert_null(out->packet.d);
}

static void each_command_is_judged(void **state)
{
    (void)state;
    sp_buffer file = {0};
    sp_slice all;
    sp_slice each;
    size_t cursor = 0;
    size_t good = 0;
    size_t refused = 0;
    load(&file);
    assert_int_equal(sp_json_check(sp_buffer_slice(&file), &all, NULL), 0);
    while (sp_json_next(all, &cursor, NULL, &each)) {
        struct vector vector;
        read_vector(&vector, each);
        uint8_t *body = exact(&vector.body);
        outcome out = run(&vector, body);
        if (strcmp(vector.expect, "good") == 0) {
            check_good(&vector, &out);
            good++;
        } else {
            check_refused(&vector, &out);
            refused++;
        }
        free(body);
        sp_buffer_free(&vector.body);
    }
    assert_true(good >= 25);
    assert_true(refused >= 100);
    sp_buffer_free(&file);
}

/* No prefix of a command is one, and none is read beyond its end. */
static void no_prefix_is_a_command(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"guild_id\":\"41771983423143937\",\"packet\":{\"op\":8,\"d\":{\"guild_id\":1,"
        "\"query\":\"\\ud83d\\ude00\",\"limit\":0,\"nonce\":\"\xc3\xa4\"}}}";
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        uint8_t *body = malloc(length ? length : 1);
        spectacles_send send;
        spectacles_problem problem = {0};
        assert_non_null(body);
        memcpy(body, whole, length);
        assert_int_equal(spectacles_send_parse(&send, body, length, &problem), SPECTACLES_E_PROTO);
        assert_true(problem.text[0]);
        assert_true(problem.position <= length);
        free(body);
    }
}

static void positions_point_at_the_mistake(void **state)
{
    (void)state;
    const struct {
        const char *body;
        const char *at;
    } rows[] = {
        {"{\"op\":\"8\",\"d\":{}}", "\"8\""},
        {" {\"d\":[1],\"op\":8}", "[1]"},
        {"{\"op\":8,\"d\":{\"guild_id\":\"x\",\"query\":\"\",\"limit\":0}}", "\"x\""},
        {"{\"op\":8,\"d\":{\"guild_id\":1,\"user_ids\":[2,3,\"4a\",5]}}", "\"4a\""},
        {"{\"op\":8,\"d\":{\"guild_id\":1,\"query\":\"a\\ud800\",\"limit\":0}}", "\\ud800"},
        {"{\"op\":8,\"d\":{\"query\":\"\",\"limit\":0}}", "{\"query"},
        {"{\"op\":99,\"d\":{}}", "99"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *body = (const uint8_t *)rows[i].body;
        spectacles_packet packet;
        spectacles_problem problem = {0};
        assert_true(spectacles_packet_parse(&packet, body, strlen(rows[i].body), &problem) < 0);
        assert_int_equal(problem.position, strstr(rows[i].body, rows[i].at) - rows[i].body);
        assert_true(spectacles_packet_parse(&packet, body, strlen(rows[i].body), NULL) < 0);
    }
}

static void a_request_names_at_most_a_hundred_users(void **state)
{
    char body[4096];
    spectacles_packet packet;
    spectacles_problem problem;
    (void)state;
    for (int users = 99; users <= 102; users++) {
        int length = sprintf(body, "{\"op\":8,\"d\":{\"guild_id\":1,\"user_ids\":[1");
        for (int i = 1; i < users; i++)
            length += sprintf(body + length, ",\"%d\"", i + 1);
        length += sprintf(body + length, "]}}");
        int error = spectacles_packet_parse(&packet, (const uint8_t *)body, (size_t)length, &problem);
        assert_int_equal(error, users <= 100 ? SPECTACLES_OK : SPECTACLES_E_PROTO);
        if (error)
            assert_non_null(strstr(problem.text, "\"user_ids\" of op 8"));
    }
}

/* What op 3 refuses, a presence by itself is refused for, with the same sentence at the same place. */
static void a_presence_is_checked_as_op_3_is(void **state)
{
    static const char *const presences[] = {
        "{\"status\":\"online\"}",
        "{\"since\":null,\"activities\":null,\"status\":\"online\",\"afk\":false}",
        "{\"since\":null,\"activities\":[{\"name\":\"x\"}],\"status\":\"onlin\",\"afk\":false}",
        "{\"since\":null,\"activities\":[{\"name\":\"x\",\"type\":0}],\"status\":\"onlin\",\"afk\":false}",
        "{\"since\":-1,\"activities\":[],\"status\":\"online\",\"afk\":false}",
        "{\"since\":null,\"activities\":[],\"status\":\"online\",\"afk\":0}",
        "{\"since\":null,\"activities\":[{\"name\":\"\\ud800\",\"type\":0}],\"status\":\"dnd\",\"afk\":true}",
        "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":true,\"afk\":true}",
        "{}",
        "{\"since\":null,",
        /* and two that are fine */
        "{\"since\":null,\"activities\":[{\"name\":\"x\",\"type\":0}],\"status\":\"dnd\",\"afk\":true}",
        "{\"since\":1700000000000,\"activities\":[],\"status\":\"invisible\",\"afk\":false}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof presences / sizeof presences[0]; i++) {
        char packet[400];
        spectacles_packet out;
        spectacles_problem of_op = {0};
        spectacles_problem alone = {0};
        int length = sprintf(packet, "{\"op\":3,\"d\":%s}", presences[i]);
        int error = spectacles_packet_parse(&out, (const uint8_t *)packet, (size_t)length, &of_op);
        assert_int_equal(
            spectacles_presence_check((const uint8_t *)presences[i], strlen(presences[i]), &alone), error);
        assert_int_equal(error == SPECTACLES_OK, i >= sizeof presences / sizeof presences[0] - 2);
        if (error == SPECTACLES_OK || i == 9)
            continue;
        assert_string_equal(alone.text, of_op.text);
        assert_int_equal(alone.position + strlen("{\"op\":3,\"d\":"), of_op.position);
    }
    assert_int_equal(spectacles_presence_check((const uint8_t *)"[]", 2, NULL), SPECTACLES_E_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_is_judged),
        cmocka_unit_test(no_prefix_is_a_command),
        cmocka_unit_test(positions_point_at_the_mistake),
        cmocka_unit_test(a_request_names_at_most_a_hundred_users),
        cmocka_unit_test(a_presence_is_checked_as_op_3_is),
    };
    return cmocka_run_group_tests_name("routing/commands", tests, NULL, NULL);
}
