#include "core/base64.h"
#include "core/digest.h"
#include "unit.h"

static void compare(const char *bytes, const char *expected)
{
    char text[SP_BASE64_SIZE(6)];
    sp_base64_write(text, (sp_slice){(const uint8_t *)bytes, strlen(bytes)});
    assert_string_equal(text, expected);
}

/* RFC 6455, section 1.3: a key, and what its gateway has to answer. */
static void a_websocket_key_has_its_answer(void **state)
{
    static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t digest[SP_SHA1_LENGTH];
    char text[SP_BASE64_SIZE(SP_SHA1_LENGTH)];
    (void)state;
    sp_digest_sha1((sp_slice){(const uint8_t *)key, sizeof key - 1}, digest);
    sp_base64_write(text, (sp_slice){digest, sizeof digest});
    assert_string_equal(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* RFC 4648, section 10: every length of the last group. */
static void base64_is_that_of_the_standard(void **state)
{
    (void)state;
    compare("", "");
    compare("f", "Zg==");
    compare("fo", "Zm8=");
    compare("foo", "Zm9v");
    compare("foob", "Zm9vYg==");
    compare("fooba", "Zm9vYmE=");
    compare("foobar", "Zm9vYmFy");
    compare("\xfb\xff\xfe", "+//+");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_the_standard),
        cmocka_unit_test(a_websocket_key_has_its_answer),
    };
    return cmocka_run_group_tests_name("core/base64", tests, NULL, NULL);
}
