/*
 * The walk over blocks against the scanner, which looks at every byte: every variant that this processor can execute
 * has to agree with it about valid texts and must never accept an invalid one.
 */
#include "codec/blocks.h"
#include "codec/scanner.h"
#include "core/random.h"
#include "unit.h"

#include <spectacles/codec.h>
#include <stdio.h>

enum {
    ROUNDS = 4000,
    MOST = 4096,
    FAR = 2048
};

/* ---- Random texts ---- */

typedef struct maker {
    sp_random random;
    char text[MOST * 2];
    size_t length;
    int spaced;
    int long_key; /* one that may fill a block: valid, but left to the scanner */
} maker;

static uint64_t upto(maker *make, uint64_t most)
{
    return sp_random_upto(&make->random, most);
}

static void put(maker *make, const char *text)
{
    size_t length = strlen(text);
    if (make->length + length < sizeof make->text)
        memcpy(make->text + make->length, text, length), make->length += length;
}

static void put_space(maker *make)
{
    static const char *const spaces[] = {
        "", "", " ", "\n", "\t\t", "\r\n  ", "                              "};
    if (make->spaced)
        put(make, spaces[upto(make, 6)]);
}

static void put_text(maker *make)
{
    static const char *const pieces[] = {
        "a",          "plain text", "\\\"",
        "\\\\",       "\\u00e9",    "\\n",
        "é",          "日本語",     "😀",
        "{\"[]}",     "",           ":",
        ",",          "\\\\",       " ",
        "0123456789", "null",       "true",
        "\\/",        "ÿ",          "\\ud83d\\ude00",
        "\x7f",       "[{}],:",     "a long, long text without anything in it but text"};
    put(make, "\"");
    for (uint64_t count = upto(make, 5); count > 0; count--) {
        const char *piece = pieces[upto(make, sizeof pieces / sizeof pieces[0] - 1)];
        if (strchr(piece, '"') && piece[0] != '\\')
            continue;
        put(make, piece);
    }
    put(make, "\"");
}

static void put_key(maker *make)
{
    put_space(make);
    size_t before = make->length;
    put_text(make);
    put_space(make);
    put(make, ":");
    make->long_key |= make->length - before > 64;
}

static void put_value(maker *make, int depth)
{
    static const char *const scalars[] = {"null",
                                          "true",
                                          "false",
                                          "0",
                                          "-0",
                                          "17",
                                          "-1.5",
                                          "1e10",
                                          "0.25",
                                          "12345",
                                          "-7",
                                          "1E+2",
                                          "1234567890123456789012",
                                          "0.0e-0"};
    uint64_t kind = upto(make, depth > 0 ? 5 : 2);
    put_space(make);
    if (kind < 2)
        put(make, scalars[upto(make, sizeof scalars / sizeof scalars[0] - 1)]);
    else if (kind == 2)
        put_text(make);
    else {
        put(make, kind == 3 ? "[" : "{");
        for (uint64_t left = upto(make, 5); left > 0; left--) {
            if (kind != 3)
                put_key(make);
            put_value(make, depth - 1);
            if (left > 1)
                put(make, ",");
        }
        put_space(make);
        put(make, kind == 3 ? "]" : "}");
    }
    put_space(make);
}

/* Random, but always a container and long enough for the walk. */
static void make_text(maker *make, int spaced)
{
    make->length = 0;
    make->spaced = spaced;
    make->long_key = 0;
    put(make, "{\"x\":\"padding that makes the text long enough for blocks of sixty-four bytes to be worth "
              "it\",\"y\":[");
    put_value(make, 4);
    put(make, ",");
    put_value(make, 3);
    put(make, "],\"x\":");
    put_value(make, 4);
    put(make, "}");
}

static void spoil(maker *make)
{
    static const char wrong[] =
        "{}[]:,\"\\ 0123456789-+.eEnulltruefalse\n\t\x01\x1f\x80\xbf\xc0\xc3\xe0\xed\xf0\xf4\xff";
    for (uint64_t count = 1 + upto(make, 2); count > 0; count--)
        make->text[upto(make, make->length - 1)] = wrong[upto(make, sizeof wrong - 2)];
}

/* ---- Against the scanner ---- */

/* Where the value ends, NULL if it is not fine. */
static const uint8_t *byte_by_byte(const uint8_t *text, size_t length)
{
    sp_scanner scanner = sp_scanner_of((sp_slice){text, length});
    return sp_scanner_walk(&scanner) ? scanner.at : NULL;
}

static void compare(const maker *make, size_t length, int must_accept)
{
    uint8_t *exact = malloc(length);
    assert_non_null(exact);
    memcpy(exact, make->text, length);
    const uint8_t *end = byte_by_byte(exact, length);
    for (size_t n = 0; sp_blocks_variant_at(n).name; n++) {
        sp_blocks_variant variant = sp_blocks_variant_at(n);
        const uint8_t *behind = NULL;
        if (!variant.walk)
            continue;
        int accepted = variant.walk(exact, exact + length, &behind);
        if (!accepted)
            assert_null(behind);
        if (accepted && behind != end)
            fail_msg("%s %s: %.*s", variant.name, end ? "ends elsewhere" : "accepts what is not valid",
                     (int)length, make->text);
        if (must_accept && !accepted)
            fail_msg("%s does not accept: %.*s", variant.name, (int)length, make->text);
        if (must_accept)
            assert_ptr_equal(behind, exact + length);
    }
    free(exact);
}

static void every_way_agrees_with_the_scanner(void **state)
{
    maker make;
    (void)state;
    make.random = (sp_random){42};
    int accepted = 0;
    for (int round = 0; round < ROUNDS; round++) {
        make_text(&make, round % 2);
        if (make.length > MOST)
            continue;
        compare(&make, make.length, make.length >= SP_BLOCKS_MIN && !make.long_key);
        accepted += !make.long_key;
        compare(&make, 1 + (size_t)upto(&make, make.length - 1), 0);
        for (int i = 0; i < 4; i++) {
            maker spoilt = make;
            spoilt.random = (sp_random){(uint64_t)round * 4 + (uint64_t)i + 1};
            spoil(&spoilt);
            compare(&spoilt, spoilt.length, 0);
        }
    }
    assert_true(accepted > ROUNDS / 2);
}

/* The walk ends with the value: what stands behind it is for others to judge, wherever in a block it begins. */
static void what_stands_behind_does_not_matter(void **state)
{
    static const char *const behinds[] = {"}", "\x01", "\n\x1f", "\"", "\\\"", "]]01", " {\"a\":nul"};
    maker make;
    (void)state;
    make.random = (sp_random){43};
    for (int round = 0; round < ROUNDS / 4; round++) {
        make_text(&make, 0);
        size_t length = make.length;
        if (length > MOST || make.long_key)
            continue;
        put(&make, behinds[round % (int)(sizeof behinds / sizeof behinds[0])]);
        for (size_t n = 0; sp_blocks_variant_at(n).walk; n++) {
            const uint8_t *text = (const uint8_t *)make.text;
            const uint8_t *behind = NULL;
            assert_true(sp_blocks_variant_at(n).walk(text, text + make.length, &behind));
            assert_ptr_equal(behind, text + length);
        }
    }
}

/* ---- What the walk leaves to the scanner although it is valid: it must not be refused on the way ---- */

static void deep(const char *open, const char *inside, const char *close, size_t inside_depth)
{
    for (size_t depth = 55; depth <= 200; depth++) {
        maker make = {.length = 0};
        for (size_t i = 0; i < depth; i++)
            put(&make, open);
        put(&make, inside);
        for (size_t i = 0; i < depth; i++)
            put(&make, close);
        compare(&make, make.length, depth + inside_depth <= 62);
        assert_int_equal(spectacles_json_check((uint8_t *)make.text, make.length, NULL), 0);
    }
}

static void what_is_too_deep_is_left_to_the_scanner(void **state)
{
    static const char text[] =
        "\"some text, so that there is enough of it for a walk over blocks of 64 bytes\"";
    static const char more[] =
        "{\"23600\":-4,\"127\":[0],\"0\":[[null]],\"some text\":{\"to\":\"fill blocks\"}}";
    (void)state;
    deep("[", text, "]", 0);
    deep("{\"k\":", text, "}", 0);
    deep("{ \"k\" : ", text, "}", 0);
    deep("[", more, "]", 3);
    deep("{\"k\":", more, "}", 3);
    deep("[1,", more, ",2]", 3);
}

static void what_the_walk_leaves_is_accepted(void **state)
{
    (void)state;
    for (size_t length = 1; length < 300; length++) {
        maker make = {.length = 0};
        put(&make, "{\"a\":[1,2,3],\"");
        for (size_t i = 0; i < length; i++)
            put(&make, "k");
        put(&make, "\":1,\"b\":\"some more text, so that there is enough of it for a walk over blocks of "
                   "sixty-four bytes\"}");
        compare(&make, make.length, length < 62);
        assert_int_equal(spectacles_json_check((uint8_t *)make.text, make.length, NULL), 0);
        for (const char *wrong = " ,}"; *wrong; wrong++) {
            make.text[14 + length + 1] = *wrong; /* in place of the colon */
            make.text[14 + length + 2] = '}';
            compare(&make, 14 + length + (*wrong == '}' ? 2 : 3), 0);
        }
    }
}

/* Every place of the first blocks, and where the blocks end that are looked at together. */
static size_t next_place(size_t place)
{
    return place == 200 ? FAR - 20 : place + 1;
}

/* Every character of every width at every place of a block, whole and broken. */
static void utf8_at_every_place(void **state)
{
    static const struct {
        const char *bytes;
        int valid;
    } cases[] = {{"\xc2\x80", 1},
                 {"\xdf\xbf", 1},
                 {"\xe0\xa0\x80", 1},
                 {"\xed\x9f\xbf", 1},
                 {"\xee\x80\x80", 1},
                 {"\xef\xbf\xbf", 1},
                 {"\xf0\x90\x80\x80", 1},
                 {"\xf4\x8f\xbf\xbf", 1},
                 {"\x80", 0},
                 {"\xc0\x80", 0},
                 {"\xc1\xbf", 0},
                 {"\xc2", 0},
                 {"\xc2\x41", 0},
                 {"\xe0\x9f\xbf", 0},
                 {"\xe1\x80", 0},
                 {"\xed\xa0\x80", 0},
                 {"\xf0\x8f\xbf\xbf", 0},
                 {"\xf4\x90\x80\x80", 0},
                 {"\xf5\x80\x80\x80", 0},
                 {"\xf8\x88\x80\x80\x80", 0},
                 {"\xe2\x82\xac\xac", 0},
                 {"\xff", 0},
                 {"\xc2\xc2\x80", 0},
                 {"\xf1\x80\x80", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t place = 2; place < FAR + 20; place = next_place(place)) {
            maker make;
            size_t width = strlen(cases[i].bytes);
            memset(make.text, 'x', sizeof make.text);
            memcpy(make.text, "[\"", 2);
            memcpy(make.text + place, cases[i].bytes, width);
            memcpy(make.text + place + 98, "\"]", 2);
            const uint8_t *text = (const uint8_t *)make.text;
            assert_ptr_equal(byte_by_byte(text, place + 100), cases[i].valid ? text + place + 100 : NULL);
            compare(&make, place + 100, cases[i].valid);
        }
    }
}

/* One structural mistake each. */
static const char *const mistakes[] = {"1 2",
                                       "\"a\" \"b\"",
                                       "\"a\"1",
                                       "1\"a\"",
                                       ",",
                                       "1,,2",
                                       "1,",
                                       ":",
                                       "1:2",
                                       "\"a\":1",
                                       "{\"a\"}",
                                       "{\"a\":}",
                                       "{\"a\":1,}",
                                       "{1:2}",
                                       "{,}",
                                       "{\"a\" 1}",
                                       "{\"a\":1 \"b\":2}",
                                       "{\"a\":1:2}",
                                       "[1}",
                                       "{\"a\":1]",
                                       "nul",
                                       "nulll",
                                       "truefalse",
                                       "01",
                                       "-",
                                       "1.",
                                       ".5",
                                       "1e",
                                       "1e+",
                                       "0x1",
                                       "+1",
                                       "1.5.5",
                                       "-01",
                                       "\"\\x\"",
                                       "\"\\u12g4\"",
                                       "\"\t\"",
                                       "\\",
                                       "1\\",
                                       "{\"a\":1,2}",
                                       "{\"a\":1,\"b\"}",
                                       "[1 true]",
                                       "\x01",
                                       "1\x01"};

static void put_mistake(maker *make, const char *mistake, size_t place)
{
    memset(make->text, ' ', sizeof make->text);
    make->text[0] = '[';
    for (size_t at = 1; at + 1 < place; at += 2)
        memcpy(make->text + at, "7,", 2);
    make->length = place % 2 ? place : place + 1;
    put(make, mistake);
    put(make, ",\"");
    for (int filler = 0; filler < 96; filler++)
        put(make, "x");
    put(make, "\"]");
}

/* What a mask that loses its carry would let through. */
static void mistakes_at_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        for (size_t place = 1; place < FAR + 20; place = next_place(place)) {
            maker make;
            put_mistake(&make, mistakes[i], place);
            assert_null(byte_by_byte((const uint8_t *)make.text, make.length));
            compare(&make, make.length, 0);
        }
    }
}

static void the_best_way_comes_first(void **state)
{
    (void)state;
    size_t count = 0;
    while (sp_blocks_variant_at(count).name)
        print_message("# variant %zu: %s\n", count, sp_blocks_variant_at(count).name), count++;
    assert_true(count >= 1);
    assert_string_equal(sp_blocks_variant_at(count - 1).name, "portable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_way_comes_first),
        cmocka_unit_test(every_way_agrees_with_the_scanner),
        cmocka_unit_test(what_stands_behind_does_not_matter),
        cmocka_unit_test(what_is_too_deep_is_left_to_the_scanner),
        cmocka_unit_test(what_the_walk_leaves_is_accepted),
        cmocka_unit_test(utf8_at_every_place),
        cmocka_unit_test(mistakes_at_every_place),
    };
    return cmocka_run_group_tests_name("codec/blocks", tests, NULL, NULL);
}
