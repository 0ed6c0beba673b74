#ifndef GATEWAY_DOCTOR_HTTP_H
#define GATEWAY_DOCTOR_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_ERROR_SIZE = 256,
    HTTP_BODY_MAX = 16 << 20
};

/* What is asked. Nothing is kept. */
struct http_request {
    const char *url;
    const char *authorization; /* the whole header, or NULL */
    const char *user;          /* for Basic; NULL: none */
    const char *password;
    const char *ca_file; /* NULL: the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR */
    const char *proxy;   /* "": none; NULL: what the environment says */
    unsigned timeout;    /* milliseconds */
};

/* What was answered. */
struct http_answer {
    uint32_t status;     /* 0: there was no answer, and `error` says why */
    bool is_certificate; /* there was no answer because the certificate is not trusted */
    char error[HTTP_ERROR_SIZE];
    char *body; /* NUL-terminated; "" when there is none */
    size_t length;
    char retry_after[32]; /* seconds, or "" */
    int64_t server_time;  /* the header Date, in seconds since 1970; 0: there was none */
    int64_t
        certificate_end; /* of the certificate that ends first, likewise; 0: there was none, or it is not known */
};

/* GET, with libcurl. Blocks for as long as the timeout. Free the answer, whatever it is. */
void http_get(struct http_answer *answer, const struct http_request *request);

void http_answer_free(struct http_answer *answer);

/* The parts of a URL, decoded. Missing ones are "". Free it, whatever it is. */
struct http_url {
    char *host; /* IPv6 without brackets */
    char *user;
    char *password;
    char *path;    /* with its slash */
    unsigned port; /* 0: none */
};

/* Reads a URL of any scheme. false: it is malformed, or memory ran out. */
bool http_url_read(struct http_url *out, const char *url);

/* Wipes and frees. */
void http_url_free(struct http_url *url);

/* A text as a part of a URL, percent-encoded. NULL: memory ran out. Free it with http_text_free(). */
char *http_encode(const char *text);
void http_text_free(char *text);

#endif
