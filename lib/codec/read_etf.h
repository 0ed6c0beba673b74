#ifndef SP_CODEC_READ_ETF_H
#define SP_CODEC_READ_ETF_H

#include "codec/event.h"

#include <spectacles/codec.h>
#include <stdbool.h>

/* What is open around the present term: how many terms it still holds. */
enum sp_etf_frame {
    SP_ETF_IN_TUPLE,
    SP_ETF_IN_LIST,     /* and behind the last element comes the tail */
    SP_ETF_IN_MAP,      /* keys and values are counted one by one: a key is next when the count is even */
    SP_ETF_IN_CHARLIST, /* bytes, each an integer */
};

/*
 * ETF as events. Forward only, without recursion and without allocation; every length and every count is held
 * against what is left before it is used.
 */
typedef struct sp_etf_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char *error; /* why it stopped */
    size_t depth;
    bool done;
    char number[24]; /* a key that is a number, in decimal */
    uint32_t left[SPECTACLES_DEPTH_MAX];
    uint8_t frame[SPECTACLES_DEPTH_MAX];
} sp_etf_reader;

/* A term, with the version byte in front or without. */
void sp_etf_reader_start(sp_etf_reader *reader, sp_slice term);

/* 1 and an event; 0 at the end; SPECTACLES_E_PROTO or SPECTACLES_E_UNSUPPORTED (compressed, a pid, a fun). */
int sp_etf_reader_next(sp_etf_reader *reader, sp_event *event);

/* Passes over the next term, whole; what stands in it is checked, but for the UTF-8 of binaries. */
int sp_etf_reader_skip(sp_etf_reader *reader);

#endif
