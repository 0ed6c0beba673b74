#include "core/digest.h"
#include "unit.h"

#include <stdio.h>

static void compare(const char *text, size_t length, const char *expected)
{
    char cut[SP_DIGEST_TEXT_LENGTH + 1];
    uint8_t digest[SP_SHA256_LENGTH];
    char whole[2 * SP_SHA256_LENGTH + 1];
    assert_int_equal(sp_digest_sha256((sp_slice){(const uint8_t *)text, length}, digest), SPECTACLES_OK);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(whole + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(whole, expected);
    assert_int_equal(sp_digest_text((sp_slice){(const uint8_t *)text, length}, cut), SPECTACLES_OK);
    assert_int_equal(strlen(cut), 32);
    assert_memory_equal(cut, expected, 32);
}

/* The examples that NIST publishes with FIPS 180-4. */
static void sha256_is_that_of_the_standard(void **state)
{
    (void)state;
    static char million[1000000];
    memset(million, 'a', sizeof million);
    compare("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    compare(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    compare(million, sizeof million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sha256_is_that_of_the_standard)};
    return cmocka_run_group_tests_name("core/digest", tests, NULL, NULL);
}
