/* Frames by themselves: what is refused, when, and which close frames are believed (RFC 6455). */
#include "shard/frame.h"
#include "unit.h"

enum {
    CAP = 1000
};

typedef struct scene {
    sp_frames frames;
    sp_buffer output;
    sp_random random;
} scene;

static void open_scene(scene *self)
{
    *self = (scene){.random = {1}};
    sp_frames_open(&self->frames, &self->output, &self->random, CAP);
}

static void close_scene(scene *self)
{
    sp_frames_free(&self->frames);
    sp_buffer_free(&self->output);
}

static int next_of(scene *self, const char *bytes, size_t length, sp_frame *frame)
{
    assert_int_equal(sp_frames_feed(&self->frames, (const uint8_t *)bytes, length), SPECTACLES_OK);
    return sp_frames_next(&self->frames, frame);
}

/* A header that may not be there is refused when it is whole, and not when its payload begins. */
static void a_frame_is_judged_by_its_header(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        int error;
        uint32_t code;
    } table[] = {
        {"\x81\x7f\x40\0\0\0\0\0\0\0", 10, SPECTACLES_E_TOOBIG, 1009}, /* 2^62 bytes */
        {"\x81\x7f\0\0\0\0\0\1\0\0", 10, SPECTACLES_E_TOOBIG, 1009},   /* 65536 */
        {"\x81\x7e\x03\xe9", 4, SPECTACLES_E_TOOBIG, 1009},            /* one more than the cap */
        {"\x81\x7f\x80\0\0\0\0\0\0\0", 10, SPECTACLES_E_PROTO, 1002},  /* 2^63: no length */
        {"\xc1\x05", 2, SPECTACLES_E_PROTO, 1002},                     /* reserved bits */
        {"\xa1\x05", 2, SPECTACLES_E_PROTO, 1002},
        {"\x91\x05", 2, SPECTACLES_E_PROTO, 1002},
        {"\x83\x05", 2, SPECTACLES_E_PROTO, 1002}, /* unknown kinds */
        {"\x87\x05", 2, SPECTACLES_E_PROTO, 1002},
        {"\x8b\x05", 2, SPECTACLES_E_PROTO, 1002},
        {"\x8f\x05", 2, SPECTACLES_E_PROTO, 1002},
        {"\x81\x85\0\0\0\0", 6, SPECTACLES_E_PROTO, 1002}, /* masked */
        {"\x80\x05", 2, SPECTACLES_E_PROTO, 1002},         /* nothing to continue */
        {"\x09\x05", 2, SPECTACLES_E_PROTO, 1002},         /* a control frame in pieces */
        {"\x08\x02", 2, SPECTACLES_E_PROTO, 1002},
        {"\x89\x7e\0\x7e", 4, SPECTACLES_E_PROTO, 1002}, /* a long one */
        {"\x88\x7e\0\x7e", 4, SPECTACLES_E_PROTO, 1002},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        scene self;
        sp_frame frame;
        open_scene(&self);
        for (size_t at = 0; at + 1 < table[i].length; at++)
            assert_int_equal(next_of(&self, table[i].bytes + at, 1, &frame), 0);
        int got = next_of(&self, table[i].bytes + table[i].length - 1, 1, &frame);
        if (got != table[i].error || self.frames.close_code != table[i].code)
            fail_msg("row %zu: %d, code %u", i, got, (unsigned)self.frames.close_code);
        close_scene(&self);
    }
}

static void fragments_that_announce_too_much_are_refused_at_the_header(void **state)
{
    scene self;
    sp_frame frame;
    (void)state;
    open_scene(&self);
    assert_int_equal(next_of(&self,
                             "\x01\x03"
                             "abc",
                             5, &frame),
                     0);
    assert_int_equal(next_of(&self, "\x00\x7e\x03\xe5", 4, &frame), 0); /* 997: just as much as may be */
    close_scene(&self);
    open_scene(&self);
    assert_int_equal(next_of(&self,
                             "\x01\x03"
                             "abc",
                             5, &frame),
                     0);
    assert_int_equal(next_of(&self, "\x00\x7e\x03\xe6", 4, &frame), SPECTACLES_E_TOOBIG);
    close_scene(&self);
}

/* Where the next frame begins is not known any more: what looks like one is none. */
static void what_follows_a_refused_frame_is_dropped(void **state)
{
    scene self;
    sp_frame frame;
    (void)state;
    open_scene(&self);
    assert_int_equal(next_of(&self, "\x83\x00\x81\x02{}", 6, &frame), SPECTACLES_E_PROTO);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(next_of(&self, "\x81\x02{}\x83\x00", 6, &frame), 0);
    assert_true(self.frames.input.capacity < 1000);
    close_scene(&self);
}

/* What RFC 6455, section 7.4, and IANA's registry say of each code, written down once more. */
static int may_be_on_the_wire(uint32_t code)
{
    if (code < 1000)
        return 0; /* not used */
    if (code == 1004 || code == 1005 || code == 1006 || code == 1015)
        return 0; /* reserved, or for a program itself */
    if (code <= 1014)
        return 1;
    return code >= 3000 && code <= 4999; /* for frameworks; for applications, such as Discord */
}

static void only_codes_that_may_be_on_the_wire_are_believed(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= UINT16_MAX; code++) {
        const uint8_t payload[] = {(uint8_t)(code >> 8), (uint8_t)code, 'x'};
        sp_close close = sp_frame_close((sp_slice){payload, sizeof payload});
        assert_int_equal(close.code, code);
        assert_int_equal(close.reason.length, 1);
        if (close.mistake != (may_be_on_the_wire(code) ? 0u : 1002u))
            fail_msg("code %u: %u", (unsigned)code, (unsigned)close.mistake);
    }
}

static void a_close_reason_is_utf8(void **state)
{
    static const struct {
        const char *payload;
        size_t length;
        uint32_t mistake;
    } table[] = {
        {"", 0, 0},
        {"\x0f", 1, 1002}, /* half a code */
        {"\x0f\xa0", 2, 0},
        {"\x0f\xa0gr\xc3\xbc\xc3\x9f", 8, 0},
        {"\x0f\xa0\xf0\x9f\x98\x80", 6, 0},
        {"\x0f\xa0\xff", 3, 1007},
        {"\x0f\xa0\xc3", 3, 1007},             /* cut off */
        {"\x0f\xa0\xed\xa0\x80", 5, 1007},     /* a surrogate */
        {"\x0f\xa0\xc0\xaf", 4, 1007},         /* overlong */
        {"\x0f\xa0\xf4\x90\x80\x80", 6, 1007}, /* above U+10FFFF */
        {"\x03\xe7\xff", 3, 1002},             /* both: the code comes first */
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_close close = sp_frame_close((sp_slice){(const uint8_t *)table[i].payload, table[i].length});
        if (close.mistake != table[i].mistake)
            fail_msg("row %zu: %u", i, (unsigned)close.mistake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_judged_by_its_header),
        cmocka_unit_test(fragments_that_announce_too_much_are_refused_at_the_header),
        cmocka_unit_test(what_follows_a_refused_frame_is_dropped),
        cmocka_unit_test(only_codes_that_may_be_on_the_wire_are_believed),
        cmocka_unit_test(a_close_reason_is_utf8),
    };
    return cmocka_run_group_tests_name("shard/frame", tests, NULL, NULL);
}
