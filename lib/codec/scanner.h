#ifndef SP_CODEC_SCANNER_H
#define SP_CODEC_SCANNER_H

#include "codec/token.h"
#include "core/buffer.h"

#include <stdbool.h>

/*
 * A cursor over JSON text. It moves forward over what is strictly valid (RFC 8259, UTF-8). A function returns false
 * when it refuses something; `error` then says why, and `at` is the place.
 */
typedef struct sp_scanner {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char *error;
    bool escaped; /* the last string has an escape */
} sp_scanner;

sp_scanner sp_scanner_of(sp_slice text);

/* Refuses the text at its place. Returns false, for the caller to return. */
bool sp_scanner_refuse(sp_scanner *scanner, const char *why);

static inline void sp_scanner_space(sp_scanner *scanner)
{
    while (scanner->at < scanner->end && sp_token_space(*scanner->at))
        scanner->at++;
}

/* Passes over this byte, and returns true, when it comes next. */
static inline bool sp_scanner_eat(sp_scanner *scanner, uint8_t byte)
{
    if (scanner->at == scanner->end || *scanner->at != byte)
        return false;
    scanner->at++;
    return true;
}

/* Passes over a string. *inside is what stands between its quotes. */
bool sp_scanner_string(sp_scanner *scanner, sp_slice *inside);

/* Passes over one value of any type and depth. *value is its text. */
bool sp_scanner_value(sp_scanner *scanner, sp_slice *value);

/* Passes over one value without the fast check (codec/blocks.h). Tests compare the fast check with it. */
bool sp_scanner_walk(sp_scanner *scanner);

/* Passes over a key and its colon. *key is what stands between the quotes. */
bool sp_scanner_key(sp_scanner *scanner, sp_slice *key);

/* Checks that only white space is left. */
bool sp_scanner_end(sp_scanner *scanner);

/* Fills a problem (which may be NULL) from a scanner that refused. Returns SPECTACLES_E_PROTO. */
int sp_scanner_problem(const sp_scanner *scanner, spectacles_problem *problem);

#endif
