#ifndef SP_CODEC_WRITE_ETF_H
#define SP_CODEC_WRITE_ETF_H

#include "codec/event.h"

#include <spectacles/codec.h>

/* Writes events as ETF, as Discord's own erlpack does: keys and texts are binaries, null is the atom nil. */
typedef struct sp_etf_writer {
    sp_buffer *out;
    sp_buffer *keys; /* where the keys of the open maps stand in `out`: no map may have a key twice */
    sp_refusal refusal;
    size_t depth;
    struct {
        size_t header;  /* offset of the tag and the count in `out` */
        size_t keys;    /* offset of the first of its keys in `keys` */
        uint32_t count; /* members or elements so far */
    } open[SPECTACLES_DEPTH_MAX];
} sp_etf_writer;

void sp_etf_writer_start(sp_etf_writer *writer, sp_buffer *out, sp_buffer *keys);

/*
 * Writes one event. Returns 0, or:
 *   SPECTACLES_E_PROTO   ETF cannot carry it, or Erlang would refuse it (see refusal): a text that is not UTF-8, a
 *                        number that is too large, a repeated key
 *   SPECTACLES_E_TOOBIG  a text or a container is longer than 4 GiB
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int sp_etf_writer_take(sp_etf_writer *writer, const sp_event *event);

#endif
