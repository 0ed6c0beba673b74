#include "authority.h"

#include "unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum {
    TEXTS_MAX = 64,
    DAY = 24 * 60 * 60
};

static struct {
    EVP_PKEY *key;
    X509 *certificate;
    char *pem;
    char *texts[TEXTS_MAX];
    size_t count;
    long serial;
} authority;

static char *text_of(BIO *out)
{
    char *bytes;
    long length = BIO_get_mem_data(out, &bytes);
    char *text = malloc((size_t)length + 1);
    assert_non_null(text);
    memcpy(text, bytes, (size_t)length);
    text[length] = '\0';
    BIO_free(out);
    assert_true(authority.count < TEXTS_MAX);
    return authority.texts[authority.count++] = text;
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
    if (!value)
        return;
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make(const char *common_name, EVP_PKEY *key, int is_authority)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++authority.serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), DAY);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
    X509_set_pubkey(certificate, key);
    extend(certificate, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    return certificate;
}

static char *sign(X509 *certificate)
{
    BIO *out = BIO_new(BIO_s_mem());
    X509_set_issuer_name(certificate, X509_get_subject_name(authority.certificate));
    assert_true(X509_sign(certificate, authority.key, EVP_sha256()) > 0);
    PEM_write_bio_X509(out, certificate);
    return text_of(out);
}

const char *authority_pem(void)
{
    if (authority.pem)
        return authority.pem;
    authority.key = EVP_EC_gen("P-256");
    authority.certificate = make("an authority of a test", authority.key, 1);
    return authority.pem = sign(authority.certificate);
}

issued_certificate authority_issue(wanted_certificate wanted)
{
    issued_certificate issued;
    authority_pem();
    EVP_PKEY *key = wanted.rsa_bits ? EVP_RSA_gen((unsigned)wanted.rsa_bits) : EVP_EC_gen("P-256");
    X509 *certificate = make(wanted.common_name, key, 0);
    BIO *out = BIO_new(BIO_s_mem());
    extend(certificate, NID_subject_alt_name, wanted.names);
    extend(certificate, NID_ext_key_usage, wanted.usage);
    issued.certificate = sign(certificate);
    PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    issued.key = text_of(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return issued;
}

char *authority_encrypt(const char *pem, int pkcs8)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    BIO *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    const unsigned char secret[] = "secret";
    assert_non_null(key);
    if (pkcs8)
        PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), (const char *)secret, 6, NULL, NULL);
    else
        PEM_write_bio_PrivateKey_traditional(out, key, EVP_aes_128_cbc(), secret, 6, NULL, NULL);
    BIO_free(in);
    EVP_PKEY_free(key);
    return text_of(out);
}

void authority_forget(void)
{
    for (size_t i = 0; i < authority.count; i++)
        free(authority.texts[i]);
    X509_free(authority.certificate);
    EVP_PKEY_free(authority.key);
    memset(&authority, 0, sizeof authority);
}
