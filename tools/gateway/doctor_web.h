#ifndef GATEWAY_DOCTOR_WEB_H
#define GATEWAY_DOCTOR_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WEB_ERROR_SIZE = 256,
    WEB_BODY_MAX = 16 << 20
};

/* What is asked. Nothing is kept. */
struct web_request {
    const char *url;
    const char *authorization; /* the whole header, or NULL */
    const char *user;          /* for Basic; NULL: none */
    const char *password;
    const char *ca_file; /* NULL: the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR */
    const char *proxy;   /* "": none; NULL: what the environment says */
    unsigned timeout;    /* milliseconds */
};

/* What was answered. */
struct web_answer {
    uint32_t status;     /* 0: there was no answer, and `error` says why */
    bool is_certificate; /* there was no answer because the certificate is not trusted */
    char error[WEB_ERROR_SIZE];
    char *body; /* NUL-terminated; "" when there is none */
    size_t length;
    char retry_after[32]; /* seconds, or "" */
    int64_t server_time;  /* the header Date, in seconds since 1970; 0: there was none */
    int64_t
        certificate_end; /* of the certificate that ends first, likewise; 0: there was none, or it is not known */
};

/* GET, with libcurl. Blocks for as long as the timeout. Free the answer, whatever it is. */
void web_get(struct web_answer *answer, const struct web_request *request);

void web_answer_free(struct web_answer *answer);

/* The parts of a URL, decoded. Missing ones are "". Free it, whatever it is. */
struct web_url {
    char *host; /* IPv6 without brackets */
    char *user;
    char *password;
    char *path;    /* with its slash */
    unsigned port; /* 0: none */
};

/* Reads a URL of any scheme. false: it is malformed, or memory ran out. */
bool web_url_read(struct web_url *out, const char *url);

/* Wipes and frees. */
void web_url_free(struct web_url *url);

/* A text as a part of a URL, percent-encoded. NULL: memory ran out. Free it with web_text_free(). */
char *web_encode(const char *text);
void web_text_free(char *text);

#endif
