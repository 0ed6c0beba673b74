/* What is shown of a text that an operator wrote. */
#include "redact.h"

#include "unit.h"

static void check(const char *text, const char *expected)
{
    char out[64];
    redact(out, sizeof out, text, strlen(text));
    assert_string_equal(out, expected);
}

static void plain_texts_are_shown(void **state)
{
    (void)state;
    check("", "");
    check("gateway", "gateway");
    check("a\nb", "a?b");
    check("redis:6379", "redis:6379");
    check("me@host", "me@host");
    check("VOICE_CHANNEL_START_TIME_UPDATE2", "VOICE_CHANNEL_START_TIME_UPDATE2");
    check("ip-10-0-0-1.eu-central-1.compute.internal", "ip-10-0-0-1.eu-central-1.compute.internal");
}

static void what_may_be_a_secret_is_not(void **state)
{
    static const char hidden[] = "(hidden: it may be a secret)";
    (void)state;
    check("amqp://me:password@rabbit", hidden);
    check("me:password@rabbit", hidden);
    check("MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", hidden);
    check("Bot MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs\n", hidden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_texts_are_shown),
        cmocka_unit_test(what_may_be_a_secret_is_not),
    };
    return cmocka_run_group_tests_name("tools/redact", tests, NULL, NULL);
}
