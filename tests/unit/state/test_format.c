/* The bytes: what is written is read again, and of everything else it is said what is wrong with it. */
#include "fakes.h"
#include "state/state.h"
#include "unit.h"

#include <stdio.h>

enum {
    THEN = 1000,
    NOW = 2000,
    ROOM = 65536
};

#define HEAD                                                                                                 \
    "{\"spectacles\":\"state\",\"version\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\","                  \
    "\"intents\":513,\"complete\":true}\n"
#define WRITTEN_HEAD                                                                                         \
    "{\"spectacles\":\"state\",\"version\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\","                  \
    "\"intents\":513,\"complete\":true,\"shards\":2,\"writer\":null}\n"
#define SESSION "{\"shard\":[0,2],\"session\":\"s0\",\"url\":\"\",\"seq\":17,\"encoding\":\"json\","
#define GAP "{\"old_session\":\"a\",\"new_session\":null,\"seq\":5,\"next\":1,\"time\":null}"

static spectacles_state *make(const char *token, uint64_t intents, uint32_t shard_count)
{
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.intents = intents;
    config.shard_count = shard_count;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

static const char *text_of(const spectacles_bytes *bytes)
{
    return (const char *)spectacles_bytes_data(bytes);
}

static spectacles_bytes *write_state(const spectacles_state *from)
{
    spectacles_bytes *bytes = NULL;
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_write(from, bytes), SPECTACLES_OK);
    return bytes;
}

/* Two shards with a session each, and a gap of each kind. */
static spectacles_bytes *write_example(void)
{
    spectacles_state *from = make("token", 513, 2);
    fakes_reset(2);
    fake_gap(0, "older", "s0");
    fake_gap(1, NULL, NULL);
    fake_gaps[1].unix_time = 0;
    fake_changed_count = 2;
    assert_int_equal(spectacles_state_take(from, NULL, THEN), 1);
    spectacles_bytes *bytes = write_state(from);
    spectacles_state_free(from);
    return bytes;
}

static int read_bytes(spectacles_state *to, const spectacles_bytes *bytes, spectacles_problem *problem)
{
    return spectacles_state_read(to, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), NOW,
                                 problem);
}

/* The lines with the checksum that belongs to them. Returns the result, and asks whether all is lost if it is bad. */
static int read_lines(const char *lines, spectacles_problem *problem)
{
    static char text[ROOM];
    char seal[SP_STATE_CHECKSUM_LENGTH + 1];
    spectacles_gap gap;
    spectacles_state *to = make("token", 513, 2);
    sp_state_checksum((sp_slice){(const uint8_t *)lines, strlen(lines)}, seal);
    int length = snprintf(text, sizeof text, "%s%s", lines, seal);
    int error = spectacles_state_read(to, (const uint8_t *)text, (size_t)length, NOW, problem);
    if (error) {
        assert_int_equal(spectacles_state_count(to), 0);
        assert_int_equal(spectacles_state_gap(to, 0, 0, &gap), 1);
        assert_null(gap.old_session_id);
    }
    spectacles_state_free(to);
    return error;
}

static void assert_refused(const char *lines, int error, const char *why)
{
    spectacles_problem problem = {.text = ""};
    assert_int_equal(read_lines(lines, &problem), error);
    if (!strstr(problem.text, why))
        fail_msg("'%s' says '%s', and not '%s'", lines, problem.text, why);
}

/* ---- Tests ---- */

static void the_manual_shows_what_is_written(void **state)
{
    (void)state;
    static const char lines[] = WRITTEN_HEAD
        "{\"shard\":[0,2],\"session\":\"s0\",\"url\":\"\",\"seq\":17,\"encoding\":\"json\",\"time\":1000,"
        "\"gaps\":[{\"old_session\":\"older\",\"new_session\":\"s0\",\"seq\":5,\"next\":1,"
        "\"time\":1767225600000}]}\n"
        "{\"shard\":[1,2],\"session\":\"s1\",\"url\":\"wss://resume.test/\",\"seq\":18,\"encoding\":\"etf\","
        "\"time\":1000,\"gaps\":[{\"old_session\":null,\"new_session\":null,\"seq\":5,\"next\":1,"
        "\"time\":null}]}\n";
    char seal[SP_STATE_CHECKSUM_LENGTH + 1];
    spectacles_bytes *bytes = write_example();
    const char *text = (const char *)spectacles_bytes_data(bytes);
    assert_int_equal(strncmp(text, lines, sizeof lines - 1), 0);
    sp_state_checksum((sp_slice){(const uint8_t *)lines, sizeof lines - 1}, seal);
    assert_string_equal(text + sizeof lines - 1, seal);
    spectacles_bytes_free(bytes);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    spectacles_gap gap;
    spectacles_session session = {.size = sizeof session};
    spectacles_bytes *bytes = write_example();
    spectacles_state *to = make("token", 513, 2);
    assert_int_equal(read_bytes(to, bytes, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_state_count(to), 2);
    assert_int_equal(spectacles_state_shard_id(to, 1), 1);
    assert_int_equal(spectacles_state_time(to, 1), THEN);
    assert_int_equal(spectacles_state_session(to, 0, &session), 1);
    assert_string_equal(session.resume_url, "");
    assert_int_equal(spectacles_state_session(to, 1, &session), 1);
    assert_string_equal(session.session_id, "s1");
    assert_string_equal(session.resume_url, "wss://resume.test/");
    assert_int_equal(session.seq, 18);
    assert_int_equal(session.shard_count, 2);
    assert_int_equal(session.format, SPECTACLES_FORMAT_ETF);
    assert_int_equal(spectacles_state_gap(to, 0, 0, &gap), 1);
    assert_string_equal(gap.old_session_id, "older");
    assert_string_equal(gap.new_session_id, "s0");
    assert_int_equal(gap.seq, 5);
    assert_int_equal(gap.unix_time, 1767225600000);
    assert_int_equal(spectacles_state_gap(to, 1, 0, &gap), 1);
    assert_null(gap.old_session_id);
    assert_null(gap.new_session_id);
    assert_int_equal(spectacles_state_gap(to, 1, 1, &gap), 0);
    spectacles_bytes *again = write_state(to);
    assert_string_equal(text_of(again), text_of(bytes));
    spectacles_bytes_free(again);
    spectacles_bytes_free(bytes);
    spectacles_state_free(to);
}

static void the_greatest_of_everything_is_read(void **state)
{
    (void)state;
    char id[256];
    char url[512];
    spectacles_session out = {.size = sizeof out};
    memset(id, '"', sizeof id); /* each of them escaped */
    memset(url, '\\', sizeof url);
    id[255] = url[511] = '\0';
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = UINT32_MAX - 1,
                                  .shard_count = UINT32_MAX,
                                  .seq = UINT64_MAX,
                                  .session_id = id,
                                  .resume_url = url};
    spectacles_state *from = make("token", UINT64_MAX, UINT32_MAX);
    spectacles_state *to = make("token", UINT64_MAX, UINT32_MAX);
    assert_int_equal(spectacles_state_set(from, UINT32_MAX - 1, &session, NULL, 0, UINT64_MAX), 1);
    spectacles_bytes *bytes = write_state(from);
    assert_int_equal(read_bytes(to, bytes, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_state_session(to, UINT32_MAX - 1, &out), 1);
    assert_string_equal(out.session_id, id);
    assert_string_equal(out.resume_url, url);
    assert_true(out.seq == UINT64_MAX);
    assert_int_equal(out.format, 0); /* not known */
    assert_true(spectacles_state_time(to, UINT32_MAX - 1) == UINT64_MAX);
    spectacles_bytes_free(bytes);
    spectacles_state_free(from);
    spectacles_state_free(to);
}

/* Nothing of what was there is believed, and each shard has a gap for it. */
static void assert_not_believed(const uint8_t *text, size_t length, const char *what, size_t at)
{
    spectacles_problem problem = {.text = ""};
    spectacles_gap gap;
    uint8_t *exact = malloc(length ? length : 1);
    spectacles_state *to = make("token", 513, 2);
    assert_non_null(exact);
    memcpy(exact, text, length);
    if (spectacles_state_read(to, exact, length, NOW, &problem) != SPECTACLES_E_PROTO)
        fail_msg("%s at byte %zu, and believed", what, at);
    assert_true(problem.text[0]);
    assert_int_equal(spectacles_state_count(to), 0);
    for (uint32_t id = 0; id < 2; id++) {
        assert_int_equal(spectacles_state_gap(to, id, 0, &gap), 1);
        assert_null(gap.old_session_id);
        assert_null(gap.new_session_id);
        assert_int_equal(gap.next, 1);
        assert_int_equal(gap.unix_time, NOW);
    }
    free(exact);
    spectacles_state_free(to);
}

static void torn_at_any_byte_it_is_not_believed(void **state)
{
    (void)state;
    spectacles_bytes *bytes = write_example();
    for (size_t cut = 0; cut < spectacles_bytes_length(bytes); cut++)
        assert_not_believed(spectacles_bytes_data(bytes), cut, "cut", cut);
    spectacles_bytes_free(bytes);
}

static void with_any_bit_flipped_it_is_not_believed(void **state)
{
    (void)state;
    uint8_t text[ROOM];
    spectacles_bytes *bytes = write_example();
    size_t length = spectacles_bytes_length(bytes);
    memcpy(text, spectacles_bytes_data(bytes), length);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_not_believed(text, length, "a bit flipped", bit / 8);
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    spectacles_bytes_free(bytes);
}

/* As a disk does that gives back pages of zeros, or that wrote the end twice. */
static void with_more_behind_it_it_is_not_believed(void **state)
{
    (void)state;
    uint8_t text[ROOM] = {0};
    spectacles_bytes *bytes = write_example();
    size_t length = spectacles_bytes_length(bytes);
    memcpy(text, spectacles_bytes_data(bytes), length);
    assert_not_believed(text, length + 1, "a byte more", length);
    assert_not_believed(text, length + 4096, "a page more", length);
    memcpy(text + length, spectacles_bytes_data(bytes) + length - 46, 46);
    assert_not_believed(text, length + 46, "its last line twice", length);
    spectacles_bytes_free(bytes);
}

static void what_it_is_not_is_said(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"", "it is empty"},
        {"{", "torn"},
        {"{\"spectacles\":\"state\"", "torn"},
        {"{}", "no stored state"},
        {"hello, world", "no stored state"},
        {"spectacles-sessions 1 0000000000000000 0000000000000000\n0 2 0 17 s0 \n",
         "before the first release"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        spectacles_problem problem = {.text = ""};
        spectacles_state *to = make("token", 513, 2);
        assert_int_equal(
            spectacles_state_read(to, (const uint8_t *)texts[i][0], strlen(texts[i][0]), NOW, &problem),
            SPECTACLES_E_PROTO);
        if (!strstr(problem.text, texts[i][1]))
            fail_msg("'%s' says '%s'", texts[i][0], problem.text);
        spectacles_state_free(to);
    }
}

static void another_bots_sessions_are_not_used(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_gap gap;
    spectacles_bytes *bytes = write_example();
    spectacles_state *to = make("another", 513, 2);
    assert_int_equal(read_bytes(to, bytes, &problem), SPECTACLES_E_AUTH);
    assert_string_equal(problem.text, "it is of another token");
    assert_int_equal(spectacles_state_gap(to, 0, 0, &gap), 1);
    spectacles_state_free(to);
    to = make("token", 512, 2);
    assert_int_equal(read_bytes(to, bytes, &problem), SPECTACLES_E_AUTH);
    assert_string_equal(problem.text, "it is of other intents");
    spectacles_state_free(to);
    spectacles_bytes_free(bytes);
}

static spectacles_state *make_writer(const char *writer)
{
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    config.intents = 513;
    config.shard_count = 2;
    config.writer = writer;
    int error = spectacles_state_new(&made, &config, NULL);
    assert_int_equal(error, made ? SPECTACLES_OK : SPECTACLES_E_INVAL);
    return made;
}

static void who_wrote_is_told_to_whoever_reads_next(void **state)
{
    (void)state;
    spectacles_state *first = make_writer("host \"one\" 17");
    spectacles_state *between = make_writer(NULL);
    spectacles_state *last = make_writer("two");
    spectacles_bytes *bytes = write_state(first);
    assert_null(spectacles_state_read_writer(between));
    assert_int_equal(read_bytes(between, bytes, NULL), SPECTACLES_OK);
    assert_string_equal(spectacles_state_read_writer(between), "host \"one\" 17");
    spectacles_bytes *copied = write_state(between);
    assert_string_equal(text_of(copied), text_of(bytes));
    assert_int_equal(read_bytes(last, copied, NULL), SPECTACLES_OK);
    assert_string_equal(spectacles_state_read_writer(last), "host \"one\" 17");
    spectacles_bytes *replaced = write_state(last);
    assert_non_null(strstr((const char *)spectacles_bytes_data(replaced), "\"writer\":\"two\"}"));
    spectacles_bytes_free(replaced);
    spectacles_bytes_free(copied);
    spectacles_bytes_free(bytes);
    spectacles_state_free(last);
    spectacles_state_free(between);
    spectacles_state_free(first);
}

static void a_writer_that_could_spoil_a_line_is_refused(void **state)
{
    (void)state;
    char longest[257];
    memset(longest, 'w', sizeof longest);
    longest[256] = '\0';
    assert_null(make_writer(longest));
    assert_null(make_writer(""));
    assert_null(make_writer("a\nb"));
    assert_null(make_writer("a\x7f"));
    longest[255] = '\0';
    spectacles_state_free(make_writer(longest));
}

/* sessions list has no token, and whoever keeps the number of shards does not know it before. */
static void without_the_token_it_is_opened_as_it_is(void **state)
{
    (void)state;
    spectacles_state *opened = NULL;
    spectacles_bytes *bytes = write_example();
    assert_int_equal(spectacles_state_open(&opened, spectacles_bytes_data(bytes),
                                           spectacles_bytes_length(bytes), NULL, NULL),
                     SPECTACLES_OK);
    assert_int_equal(spectacles_state_shard_count(opened), 2);
    assert_int_equal(spectacles_state_intents(opened), 513);
    assert_int_equal(spectacles_state_count(opened), 2);
    spectacles_bytes *again = write_state(opened);
    assert_string_equal(text_of(again), text_of(bytes));
    spectacles_bytes_free(again);
    spectacles_bytes_free(bytes);
    spectacles_state_free(opened);
}

static void what_cannot_be_opened_is_said(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"", "it is empty"},
        {"root:x:0:0:root:/root:/bin/sh\n", "no stored state"},
        {"{\"spectacles\":\"state\",\"version\":1}\n{\"sha256\":\"6d30b7e8ea0d7c4d5d0e6ce4d1cf3b8f\"}\n",
         "checksum"},
        {HEAD "{\"sha256\":\""
              "036b6920b5ff43b30511ddf26e9bb4d0"
              "\"}\n",
         "how many shards"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        spectacles_problem problem = {.text = ""};
        spectacles_state *opened = NULL;
        assert_int_equal(
            spectacles_state_open(&opened, (const uint8_t *)texts[i][0], strlen(texts[i][0]), NULL, &problem),
            SPECTACLES_E_PROTO);
        assert_null(opened);
        if (!strstr(problem.text, texts[i][1]))
            fail_msg("'%s' says '%s'", texts[i][0], problem.text);
    }
}

/* A version 1 library must not read what it would misunderstand, and says that it is its own age that is the matter. */
static void a_later_version_is_named_as_such(void **state)
{
    (void)state;
    assert_refused("{\"spectacles\":\"state\",\"version\":2,\"anything\":[]}\nwhatever\n",
                   SPECTACLES_E_UNSUPPORTED, "later version");
    assert_refused("{\"spectacles\":\"state\",\"version\":0}\n", SPECTACLES_E_UNSUPPORTED, "version");
}

static void fields_that_are_not_known_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(
        read_lines("{\"spectacles\":\"state\",\"version\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\","
                   "\"new\":{\"a\":[1]},\"intents\":513,\"complete\":true}\n"
                   "{\"later\":null,\"shard\":[0,2],\"session\":null,\"time\":null,\"gaps\":[{\"x\":1,"
                   "\"old_session\":null,\"new_session\":null,\"seq\":0,\"next\":1,\"time\":null}]}\n",
                   NULL),
        SPECTACLES_OK);
}

/* With a checksum that is right: whoever wrote it, it has to be what it claims to be. */
static void every_malformed_line_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"spectacles\":\"state\"}\n",
        "{\"spectacles\":\"state\",\"version\":\"1\"}\n",
        "{\"spectacles\":\"state\",\"version\":1,\"version\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\"}"
        "\n",
        "{\"spectacles\":\"state\",\"version\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\",\"intents\":"
        "513}\n",
        "{\"spectacles\":\"state\",\"version\":1,\"bot\":7,\"intents\":513,\"complete\":true}\n",
        "{\"spectacles\":\"state\",\"version\":1",
        HEAD "\n",
        HEAD "[]\n",
        HEAD "{}\n",
        HEAD "{\"shard\":[0,2]",
        HEAD SESSION "\"time\":1}\n",
        HEAD SESSION "\"gaps\":[]}\n",
        HEAD SESSION "\"time\":-1,\"gaps\":[]}\n",
        HEAD SESSION "\"time\":18446744073709551616,\"gaps\":[]}\n",
        HEAD SESSION "\"time\":1,\"gaps\":{}}\n",
        HEAD SESSION "\"time\":1,\"gaps\":[1]}\n",
        HEAD SESSION "\"time\":1,\"gaps\":[{}]}\n",
        HEAD SESSION "\"time\":1,\"gaps\":[]}}\n",
        HEAD SESSION "\"time\":1,\"gaps\":[" GAP "]}\n" SESSION "\"time\":1,\"gaps\":[]}\n",
        HEAD "{\"shard\":[2,2],\"session\":null,\"time\":null,\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,0],\"session\":null,\"time\":null,\"gaps\":[]}\n",
        HEAD "{\"shard\":[0],\"session\":null,\"time\":null,\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,1,2],\"session\":null,\"time\":null,\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,4294967296],\"session\":null,\"time\":null,\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,2],\"time\":null,\"gaps\":[]}\n",
        HEAD
        "{\"shard\":[0,2],\"session\":\"s0\",\"seq\":17,\"encoding\":\"json\",\"time\":null,\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,2],\"session\":\"s0\",\"url\":\"\",\"seq\":1.5,\"encoding\":\"json\",\"time\":1,"
             "\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,2],\"session\":\"s0\",\"url\":\"\",\"seq\":1,\"encoding\":\"xml\",\"time\":1,"
             "\"gaps\":[]}\n",
        HEAD "{\"shard\":[0,2],\"session\":\"s0\",\"session\":\"s1\",\"url\":\"\",\"seq\":1,\"encoding\":"
             "\"etf\",\"time\":1,"
             "\"gaps\":[]}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        spectacles_problem problem = {.text = ""};
        if (read_lines(lines[i], &problem) != SPECTACLES_E_PROTO)
            fail_msg("was read: %s", lines[i]);
        assert_true(problem.text[0]);
        assert_in_range(problem.position, 0, strlen(lines[i]));
    }
    assert_int_equal(read_lines(HEAD SESSION "\"time\":1,\"gaps\":[" GAP "]}\n", NULL), SPECTACLES_OK);
}

/* It would reach logs, message ids and Discord. */
static void a_session_id_that_is_no_plain_text_is_refused(void **state)
{
    (void)state;
    static const char *const ids[] = {"",         " ",       "a b",     "a\\nb",  "\\u001b[2J",
                                      "\xc3\xa9", "\\u00e9", "\\u007f", "\\ud800"};
    char lines[2000];
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        snprintf(lines, sizeof lines,
                 HEAD "{\"shard\":[0,2],\"session\":\"%s\",\"url\":\"\",\"seq\":1,\"encoding\":\"etf\","
                      "\"time\":1,\"gaps\":[]}\n",
                 ids[i]);
        assert_refused(lines, SPECTACLES_E_PROTO, "is not printable ASCII without spaces");
        snprintf(lines, sizeof lines,
                 HEAD "{\"shard\":[0,2],\"session\":null,\"time\":1,\"gaps\":[{\"old_session\":\"%s\",\"new_"
                      "session\":null,"
                      "\"seq\":1,\"next\":1,\"time\":1}]}\n",
                 ids[i]);
        assert_refused(lines, SPECTACLES_E_PROTO, "a gap in it is malformed");
    }
    snprintf(lines, sizeof lines,
             HEAD "{\"shard\":[0,2],\"session\":\"%0256d\",\"url\":\"\",\"seq\":1,\"encoding\":\"etf\","
                  "\"time\":1,\"gaps\":[]}\n",
             0);
    assert_refused(lines, SPECTACLES_E_PROTO, "is not printable ASCII without spaces");
}

static void the_position_is_that_of_the_line(void **state)
{
    (void)state;
    spectacles_problem problem;
    assert_int_equal(read_lines(HEAD SESSION "\"time\":1,\"gaps\":[]}\n{}\n", &problem), SPECTACLES_E_PROTO);
    assert_int_equal(problem.position, strlen(HEAD SESSION "\"time\":1,\"gaps\":[]}\n"));
}

static void more_than_it_can_be_is_not_looked_at(void **state)
{
    (void)state;
    static const uint8_t few[] = "{";
    spectacles_state *to = make("token", 513, 2);
    /* The bytes beyond the first one do not exist: AddressSanitizer would tell. */
    assert_int_equal(spectacles_state_read(to, few, (size_t)SPECTACLES_STATE_MAX + 1, NOW, NULL),
                     SPECTACLES_E_TOOBIG);
    spectacles_state_free(to);
}

/* Half of its token would be a start for whoever finds the file. */
static void no_part_of_the_token_is_written(void **state)
{
    (void)state;
    spectacles_state *from = make("MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", 513, 2);
    fakes_reset(2);
    fake_changed_count = 2;
    assert_int_equal(spectacles_state_take(from, NULL, THEN), 1);
    spectacles_bytes *bytes = write_state(from);
    const char *text = (const char *)spectacles_bytes_data(bytes);
    assert_null(strstr(text, "MTk4NjIy"));
    assert_null(strstr(text, "Cl2FMQ"));
    assert_null(strstr(text, "ZnCjm1XV"));
    spectacles_bytes_free(bytes);
    spectacles_state_free(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_shows_what_is_written),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_greatest_of_everything_is_read),
        cmocka_unit_test(torn_at_any_byte_it_is_not_believed),
        cmocka_unit_test(with_any_bit_flipped_it_is_not_believed),
        cmocka_unit_test(with_more_behind_it_it_is_not_believed),
        cmocka_unit_test(what_it_is_not_is_said),
        cmocka_unit_test(another_bots_sessions_are_not_used),
        cmocka_unit_test(who_wrote_is_told_to_whoever_reads_next),
        cmocka_unit_test(a_writer_that_could_spoil_a_line_is_refused),
        cmocka_unit_test(without_the_token_it_is_opened_as_it_is),
        cmocka_unit_test(what_cannot_be_opened_is_said),
        cmocka_unit_test(a_later_version_is_named_as_such),
        cmocka_unit_test(fields_that_are_not_known_are_passed_over),
        cmocka_unit_test(every_malformed_line_is_refused),
        cmocka_unit_test(a_session_id_that_is_no_plain_text_is_refused),
        cmocka_unit_test(the_position_is_that_of_the_line),
        cmocka_unit_test(more_than_it_can_be_is_not_looked_at),
        cmocka_unit_test(no_part_of_the_token_is_written),
    };
    return cmocka_run_group_tests_name("state/format", tests, NULL, NULL);
}
