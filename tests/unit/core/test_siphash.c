/* SipHash beside OpenSSL's, for each length up to some blocks. */
#include "core/siphash.h"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/params.h>

enum {
    LONGEST = 100 /* bytes */
};

static void put_word(uint8_t *out, uint64_t word)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(word >> 8 * i);
}

static void ask_openssl(const uint64_t key[2], const uint8_t *bytes, size_t length, uint8_t out[16])
{
    uint8_t raw[16];
    size_t size = 16;
    put_word(raw, key[0]);
    put_word(raw + 8, key[1]);
    EVP_MAC *siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *made = EVP_MAC_CTX_new(siphash);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_MAC_init(made, raw, sizeof raw, params), 1);
    assert_int_equal(EVP_MAC_update(made, bytes, length), 1);
    assert_int_equal(EVP_MAC_final(made, out, &size, 16), 1);
    assert_int_equal(size, 16);
    EVP_MAC_CTX_free(made);
    EVP_MAC_free(siphash);
}

static void it_is_what_openssl_says(void **state)
{
    (void)state;
    const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t bytes[LONGEST];
    for (size_t i = 0; i < LONGEST; i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t length = 0; length <= LONGEST; length++) {
        uint64_t hash[2];
        uint8_t ours[16], theirs[16];
        sp_siphash(key, (sp_slice){bytes, length}, hash);
        put_word(ours, hash[0]);
        put_word(ours + 8, hash[1]);
        ask_openssl(key, bytes, length, theirs);
        assert_memory_equal(ours, theirs, 16);
    }
}

static void another_key_gives_another_hash(void **state)
{
    (void)state;
    uint64_t one[2], other[2];
    sp_siphash((const uint64_t[2]){1, 2}, (sp_slice){(const uint8_t *)"id", 2}, one);
    sp_siphash((const uint64_t[2]){1, 3}, (sp_slice){(const uint8_t *)"id", 2}, other);
    assert_true(one[0] != other[0] && one[1] != other[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_openssl_says),
        cmocka_unit_test(another_key_gives_another_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
