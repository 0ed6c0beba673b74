#ifndef TESTS_NET_AUTHORITY_H
#define TESTS_NET_AUTHORITY_H

/* An authority that is made while a test runs, for certificates that certificates.h does not have. */

/* What is to stand in a certificate. */
typedef struct wanted_certificate {
    const char *common_name;
    const char *names; /* subjectAltName, as openssl(1) writes it; NULL: none */
    const char *usage; /* extendedKeyUsage; NULL: none */
    int rsa_bits;      /* 0: an elliptic curve */
} wanted_certificate;

/* PEM texts; freed by authority_forget(). */
typedef struct issued_certificate {
    char *certificate;
    char *key;
} issued_certificate;

/* The authority's own certificate, in PEM. It is made at the first call. */
const char *authority_pem(void);
issued_certificate authority_issue(wanted_certificate wanted);

/* A private key in PEM, encrypted with a passphrase. pkcs8: in the newer of the two forms that there are. */
char *authority_encrypt(const char *key, int pkcs8);

/* Frees what was issued, and the authority. */
void authority_forget(void);

#endif
