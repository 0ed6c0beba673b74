#include "core/digest.h"
#include "unit.h"

#include <stdio.h>

static void check(const uint8_t *digest, size_t length, const char *expected)
{
    char text[2 * SP_SHA256_LENGTH + 1];
    for (size_t i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, expected);
}

static void compare(const char *text, size_t length, const char *sha1, const char *sha256)
{
    sp_slice bytes = {(const uint8_t *)text, length};
    char cut[SP_DIGEST_TEXT_LENGTH + 1];
    uint8_t digest[SP_SHA256_LENGTH];
    sp_digest_sha1(bytes, digest);
    check(digest, SP_SHA1_LENGTH, sha1);
    sp_digest_sha256(bytes, digest);
    check(digest, SP_SHA256_LENGTH, sha256);
    sp_digest_text(bytes, cut);
    assert_int_equal(strlen(cut), 32);
    assert_memory_equal(cut, sha256, 32);
}

/* The examples that NIST publishes with FIPS 180-4. */
static void hashes_are_those_of_the_standard(void **state)
{
    static char million[1000000];
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    (void)state;
    memset(million, 'a', sizeof million);
    compare("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    compare(NULL, 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    compare(two_blocks, sizeof two_blocks - 1, "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    compare(million, sizeof million, "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Where the padding needs one block and where it needs two: the digests of all lengths, hashed. */
static void every_length_of_the_last_block_is_padded(void **state)
{
    uint8_t bytes[130];
    uint8_t all[sizeof bytes * SP_SHA256_LENGTH];
    uint8_t digest[SP_SHA256_LENGTH];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
        sp_digest_sha1((sp_slice){bytes, i}, all + i * SP_SHA1_LENGTH);
    }
    sp_digest_sha1((sp_slice){all, sizeof bytes * SP_SHA1_LENGTH}, digest);
    check(digest, SP_SHA1_LENGTH, "e4ad4ab1a796af7013a3364077658c2e6a6c9a65");
    for (size_t i = 0; i < sizeof bytes; i++)
        sp_digest_sha256((sp_slice){bytes, i}, all + i * SP_SHA256_LENGTH);
    sp_digest_sha256((sp_slice){all, sizeof all}, digest);
    check(digest, SP_SHA256_LENGTH, "105812602bb337abca31d9f6bf3a57a3907500005fad7c01e1e1140aa77e4499");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_standard),
        cmocka_unit_test(every_length_of_the_last_block_is_padded),
    };
    return cmocka_run_group_tests_name("core/digest", tests, NULL, NULL);
}
