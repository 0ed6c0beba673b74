#ifndef SP_CODEC_SCANNER_H
#define SP_CODEC_SCANNER_H

#include "codec/token.h"
#include "core/buffer.h"

#include <stdbool.h>

/*
 * A cursor over JSON text that only ever moves forward over what is strictly valid (RFC 8259, UTF-8). Every
 * function returns false once something is refused; `error` then says what, and `at` stands where.
 */
typedef struct sp_scanner {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char *error;
    bool escaped; /* the last string has an escape in it */
} sp_scanner;

sp_scanner sp_scanner_of(sp_slice text);

/* Refuses the text here. Returns false, so that callers can return it. */
bool sp_scanner_refuse(sp_scanner *scanner, const char *why);

static inline void sp_scanner_space(sp_scanner *scanner)
{
    while (scanner->at < scanner->end && sp_token_space(*scanner->at))
        scanner->at++;
}

/* Steps over this byte when it stands here. */
static inline bool sp_scanner_eat(sp_scanner *scanner, uint8_t byte)
{
    if (scanner->at == scanner->end || *scanner->at != byte)
        return false;
    scanner->at++;
    return true;
}

/* Passes over a string, whose opening quote has to stand here; gives what is between the quotes. */
bool sp_scanner_string(sp_scanner *scanner, sp_slice *inside);

/* Passes over one value of any kind and depth; gives its text. */
bool sp_scanner_value(sp_scanner *scanner, sp_slice *value);

/* The same byte by byte, for those who want to know what the fast way (codec/blocks.h) has to agree with. */
bool sp_scanner_walk(sp_scanner *scanner);

/* Passes over a key and its colon; gives what is between the key's quotes. */
bool sp_scanner_key(sp_scanner *scanner, sp_slice *key);

/* Nothing but white space may be left. */
bool sp_scanner_end(sp_scanner *scanner);

/* Fills a problem (which may be NULL) from a scanner that refused. Returns SPECTACLES_E_PROTO. */
int sp_scanner_problem(const sp_scanner *scanner, spectacles_problem *problem);

#endif
