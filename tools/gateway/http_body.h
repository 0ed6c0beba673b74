#ifndef GATEWAY_HTTP_BODY_H
#define GATEWAY_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The body of an answer, which grows as it is written. All zero: empty. */
struct http_body {
    char *data;
    size_t length;
    size_t room;
    bool is_short; /* memory ran out: something is missing */
};

void http_body_free(struct http_body *body);

/* Each adds something to the end. Memory that runs out sets is_short. */
void http_body_bytes(struct http_body *body, const char *bytes, size_t length);
void http_body_text(struct http_body *body, const char *text);
void http_body_number(struct http_body *body, uint64_t number);
void http_body_format(struct http_body *body, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a text as JSON writes one, with its quotes. What is not UTF-8 becomes U+FFFD. */
void http_body_json(struct http_body *body, const char *text);

#endif
