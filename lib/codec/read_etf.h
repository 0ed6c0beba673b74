#ifndef SP_CODEC_READ_ETF_H
#define SP_CODEC_READ_ETF_H

#include "codec/event.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/* A container that is open. `left` of the reader counts the terms that it still holds. */
enum sp_etf_frame {
    SP_ETF_IN_TUPLE,
    SP_ETF_IN_LIST,     /* the tail comes behind the last element */
    SP_ETF_IN_MAP,      /* keys and values are counted separately: a key is next when the count is even */
    SP_ETF_IN_CHARLIST, /* STRING_EXT: each byte is an integer */
};

/*
 * Reads ETF as events, forward only, without recursion and without allocation. Every length and every count is compared
 * with the bytes that are left before it is used.
 */
typedef struct sp_etf_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char *error; /* why the term was refused */
    size_t depth;
    bool done;
    char number[24]; /* a key that is a number, in decimal */
    uint32_t left[SPECTACLES_DEPTH_MAX];
    uint8_t frame[SPECTACLES_DEPTH_MAX];
} sp_etf_reader;

/* Starts to read a term, which may have the version byte in front. */
void sp_etf_reader_start(sp_etf_reader *reader, sp_slice term);

/* Returns 1 and an event, 0 at the end, SPECTACLES_E_PROTO, or SPECTACLES_E_UNSUPPORTED (compressed, a pid, a fun). */
int sp_etf_reader_next(sp_etf_reader *reader, sp_event *event);

/*
 * Passes over the next whole term. It is checked, except that its binaries may not be UTF-8. Returns as _next() does.
 */
int sp_etf_reader_skip(sp_etf_reader *reader);

#endif
