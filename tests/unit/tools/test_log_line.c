/* A line of the log in each form: one line whatever is in it, valid JSON, and no character that changes the text. */
#include "log_line.h"

#include "unit.h"

#include <spectacles/codec.h>
#include <spectacles/types.h>
#include <stdio.h>

enum {
    FORMS = LOG_LINE_FIELDS + 1
};

static const uint64_t time_of_day = UINT64_C(1796000000123); /* 2026-11-30T00:53:20.123Z */

static struct log_secrets secrets;

static const struct log_line whole = {.level = LOG_LEVEL_WARN,
                                      .event = "SHARD_DISCONNECTED",
                                      .text = "shard 3/16 disconnected: \"gone\"",
                                      .subject = "a \\ queue",
                                      .shard_id = 3,
                                      .has_shard = true,
                                      .code = 4006};

static char *written(const struct log_line *line, enum log_line_form form)
{
    char *bytes = NULL;
    size_t length;
    assert_int_equal(log_line_write(line, form, &secrets, time_of_day, &bytes, &length), SPECTACLES_OK);
    assert_int_equal(strlen(bytes), length);
    return bytes;
}

static void check(const struct log_line *line, enum log_line_form form, const char *expected)
{
    char *bytes = written(line, form);
    assert_string_equal(bytes, expected);
    free(bytes);
}

static void each_form_has_all_fields(void **state)
{
    (void)state;
    check(&whole, LOG_LINE_TEXT,
          "2026-11-30T00:53:20.123Z warn  shard 3/16 disconnected: \"gone\" [SHARD_DISCONNECTED shard=3 "
          "code=4006 "
          "subject=\"a \\\\ queue\"]\n");
    check(&whole, LOG_LINE_PREFIXED,
          "<4>shard 3/16 disconnected: \"gone\" [SHARD_DISCONNECTED shard=3 code=4006 subject=\"a \\\\ "
          "queue\"]\n");
    check(&whole, LOG_LINE_JSON,
          "{\"time\":\"2026-11-30T00:53:20.123Z\",\"level\":\"warn\",\"event\":\"SHARD_DISCONNECTED\","
          "\"shard\":3,"
          "\"code\":4006,\"subject\":\"a \\\\ queue\",\"message\":\"shard 3/16 disconnected: "
          "\\\"gone\\\"\"}\n");
    check(&whole, LOG_LINE_FIELDS,
          "PRIORITY=4\nSYSLOG_IDENTIFIER=spectacles-gateway\nSPECTACLES_EVENT=SHARD_DISCONNECTED\n"
          "SPECTACLES_SHARD=3\nSPECTACLES_CODE=4006\nSPECTACLES_SUBJECT=a \\ queue\n"
          "MESSAGE=shard 3/16 disconnected: \"gone\"\n");
}

static void what_is_not_known_is_left_out(void **state)
{
    const struct log_line line = {.level = LOG_LEVEL_INFO, .event = "STOPPING", .text = "stopping"};
    (void)state;
    check(&line, LOG_LINE_TEXT, "2026-11-30T00:53:20.123Z info  stopping [STOPPING]\n");
    check(&line, LOG_LINE_PREFIXED, "<6>stopping [STOPPING]\n");
    check(&line, LOG_LINE_JSON,
          "{\"time\":\"2026-11-30T00:53:20.123Z\",\"level\":\"info\",\"event\":\"STOPPING\",\"message\":"
          "\"stopping\"}\n");
    check(&line, LOG_LINE_FIELDS,
          "PRIORITY=6\nSYSLOG_IDENTIFIER=spectacles-gateway\nSPECTACLES_EVENT=STOPPING\nMESSAGE=stopping\n");
}

static void shard_0_is_a_shard(void **state)
{
    const struct log_line line = {
        .level = LOG_LEVEL_ERROR, .event = "SHARD_FATAL", .text = "no", .has_shard = true};
    (void)state;
    check(&line, LOG_LINE_PREFIXED, "<3>no [SHARD_FATAL shard=0]\n");
}

static void levels_have_the_priorities_of_syslog(void **state)
{
    (void)state;
    assert_int_equal(log_line_priority(LOG_LEVEL_ERROR), 3);
    assert_int_equal(log_line_priority(LOG_LEVEL_WARN), 4);
    assert_int_equal(log_line_priority(LOG_LEVEL_INFO), 6);
    assert_int_equal(log_line_priority(LOG_LEVEL_DEBUG), 7);
}

/* Controls, line ends, writing directions (U+202E, U+2066), half of a character, an escape sequence of a terminal. */
static const char hostile[] =
    "a\nb\r\x1b[2J\x7f\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\xa8|\xc3|\xed\xa0\x80|\xff\xc2\x85 \"}\\ [x]\ttail";

static void hostile_texts_stay_in_their_line(void **state)
{
    const struct log_line line = {
        .level = LOG_LEVEL_WARN, .event = hostile, .text = hostile, .subject = hostile};
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        char *bytes = written(&line, (enum log_line_form)form);
        size_t lines = 0;
        for (const char *at = bytes; *at; at++) {
            lines += *at == '\n';
            assert_true(*at == '\n' || ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f));
        }
        assert_int_equal(lines, form == LOG_LINE_FIELDS ? 5 : 1);
        assert_int_equal(bytes[strlen(bytes) - 1], '\n');
        assert_non_null(strstr(bytes, "tail"));
        free(bytes);
    }
}

static void characters_of_all_languages_are_kept(void **state)
{
    const struct log_line line = {
        .level = LOG_LEVEL_INFO, .event = "X", .text = "\xc3\xa4 \xe6\x97\xa5 \xf0\x9f\x98\x80"};
    (void)state;
    check(&line, LOG_LINE_PREFIXED, "<6>\xc3\xa4 \xe6\x97\xa5 \xf0\x9f\x98\x80 [X]\n");
}

static void json_is_json(void **state)
{
    const struct log_line line = {
        .level = LOG_LEVEL_WARN, .event = hostile, .text = hostile, .subject = hostile};
    char *bytes = written(&line, LOG_LINE_JSON);
    spectacles_envelope envelope;
    char *payload = malloc(strlen(bytes) + 32);
    (void)state;
    assert_non_null(payload);
    snprintf(payload, strlen(bytes) + 32, "{\"op\":0,\"d\":%s}", bytes);
    assert_int_equal(spectacles_envelope_scan(&envelope, SPECTACLES_FORMAT_JSON, (const uint8_t *)payload,
                                              strlen(payload), NULL),
                     SPECTACLES_OK);
    free(payload);
    free(bytes);
}

/* A peer may send back what it was sent. A password that is a word is not hidden: it would be found everywhere. */
static void secrets_are_never_written(void **state)
{
    const struct log_line line = {.level = LOG_LEVEL_INFO,
                                  .event = "X",
                                  .text = "bad token s3cret-token, s3cret-tokens3cret-token, guest",
                                  .subject = "\"s3cret-token\""};
    (void)state;
    assert_true(log_secrets_add(&secrets, "s3cret-token and more", 12));
    assert_true(log_secrets_add(&secrets, "s3cret-token", 12));
    assert_true(log_secrets_add(&secrets, "guest", 5));
    assert_int_equal(secrets.count, 1);
    check(
        &line, LOG_LINE_PREFIXED,
        "<6>bad token ************, ************************, guest [X subject=\"\\\"************\\\"\"]\n");
    log_secrets_clear(&secrets);
}

static void a_long_line_is_not_cut(void **state)
{
    enum {
        LONG = 100000
    };
    char *text = malloc(LONG + 1);
    (void)state;
    assert_non_null(text);
    memset(text, '"', LONG);
    text[LONG] = '\0';
    const struct log_line line = {.level = LOG_LEVEL_INFO, .event = "X", .text = text};
    char *bytes = written(&line, LOG_LINE_JSON);
    assert_true(strlen(bytes) > 2 * LONG);
    assert_string_equal(bytes + strlen(bytes) - 5, "\\\"\"}\n");
    free(bytes);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_has_all_fields),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(shard_0_is_a_shard),
        cmocka_unit_test(levels_have_the_priorities_of_syslog),
        cmocka_unit_test(hostile_texts_stay_in_their_line),
        cmocka_unit_test(characters_of_all_languages_are_kept),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(secrets_are_never_written),
        cmocka_unit_test(a_long_line_is_not_cut),
    };
    return cmocka_run_group_tests_name("tools/log_line", tests, NULL, NULL);
}
