#ifndef SP_CODEC_WRITE_ETF_H
#define SP_CODEC_WRITE_ETF_H

#include "codec/event.h"

#include <spectacles/codec.h>

/* Events to ETF, as Discord's own erlpack writes it: keys and texts as binaries, null as the atom nil. */
typedef struct sp_etf_writer {
    sp_buffer *out;
    sp_buffer *keys; /* where the keys of the open maps stand in out: no map may have one twice */
    sp_refusal refusal;
    size_t depth;
    struct {
        size_t header;  /* where the tag and the count stand */
        size_t keys;    /* the first of its keys */
        uint32_t count; /* of members or elements */
    } open[SPECTACLES_DEPTH_MAX];
} sp_etf_writer;

void sp_etf_writer_start(sp_etf_writer *writer, sp_buffer *out, sp_buffer *keys);

/*
 * 0; SPECTACLES_E_PROTO for what ETF cannot carry or Erlang would refuse (see refusal): a text that is not
 * UTF-8, a number too large, a key that repeats; SPECTACLES_E_TOOBIG: longer than 4 GiB; SPECTACLES_E_NOMEM.
 */
int sp_etf_writer_take(sp_etf_writer *writer, const sp_event *event);

#endif
