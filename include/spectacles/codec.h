/*
 * spectacles/codec.h - reading Discord's payloads without building a tree, and JSON to ETF and back.
 *
 * SPDX-License-Identifier: MIT
 *
 * Pure functions: no state, no I/O, no recursion. Only spectacles_bytes allocates. Documents that are looked
 * into, changed or built are in <spectacles/document.h>.
 *
 * JSON is RFC 8259, strictly. ETF is Erlang's external term format ("ERTS User's Guide: External Term
 * Format"), version 131, as far as JSON has a place for it:
 *
 *   map                       object; keys may be binaries, atoms, and whole numbers (then in decimal)
 *   list, tuple               array; a list's tail must be the empty list
 *   STRING_EXT                array of whole numbers: it is how Erlang writes a list of bytes
 *   binary                    string; has to be UTF-8
 *   atom                      nil, null: null; true; false; any other: string
 *   integers of any size      number, or string where said; at most 1024 bytes
 *   float (both kinds)        number; has to be finite
 *   compressed (tag 80)       refused; see spectacles_etf_inflate()
 *   everything else           refused: SPECTACLES_E_UNSUPPORTED
 */
#ifndef SPECTACLES_CODEC_H
#define SPECTACLES_CODEC_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a payload or a body is written. */
enum spectacles_encoding {
    SPECTACLES_ENCODING_JSON = 0,
    SPECTACLES_ENCODING_ETF = 1
};

/* Arrays and objects may be nested this deep in what is read; one more is refused. */
#define SPECTACLES_DEPTH_MAX 512

/* Which members an envelope had with a value other than null. */
enum spectacles_envelope_member {
    SPECTACLES_ENVELOPE_OP = 1,
    SPECTACLES_ENVELOPE_SEQ = 2,  /* "s" */
    SPECTACLES_ENVELOPE_NAME = 4, /* "t" */
    SPECTACLES_ENVELOPE_DATA = 8  /* "d": set for every value that is there, null included */
};

/*
 * The outer object of a gateway payload (Discord: "Gateway Events: Payload Structure"). All pointers point
 * into the bytes that were scanned and live as long as those do. This struct is frozen.
 */
typedef struct spectacles_envelope {
    uint32_t members;    /* a mask of enum spectacles_envelope_member */
    uint32_t op;         /* 0 when not there */
    uint64_t seq;        /* "s"; 0 when not there */
    const char *name;    /* "t", without its quotes, not NUL-terminated; NULL when not there */
    size_t name_length;  /* in bytes */
    const uint8_t *data; /* "d", verbatim: without white space around it, or the bare term; NULL: not there */
    size_t data_length;  /* in bytes */
} spectacles_envelope;

/*
 * Finds op, s, t and the slice of d in one payload, in any order of keys.
 *
 * encoding is a value of enum spectacles_encoding.
 *
 * JSON: the whole text is checked strictly (RFC 8259, UTF-8 included, no byte order mark, nothing behind the
 * value). ETF: the whole term is, as the head of this file has it, but for the UTF-8 of binaries, which are
 * looked at where they are turned into text. d is passed over without being decoded, and comes out byte for
 * byte as it came in; in ETF as a term without the version byte.
 *
 * Unknown keys are ignored. A repeated op, s, t or d is refused: two readers could see two different
 * payloads. op and s must be whole numbers without sign, fraction or exponent (s may be null), op below 2^32,
 * s below 2^63; t must be null or a string (in ETF: a binary or an atom) of printable ASCII without escapes,
 * as every event name is; any other kind of value there is refused. A JSON key written with escapes means the
 * same as one written without; an ETF key may be a binary or an atom.
 *
 * problem may be NULL; it is filled on failure only. SPECTACLES_E_PROTO: not such a payload.
 * SPECTACLES_E_UNSUPPORTED: an ETF term that has no place in JSON. SPECTACLES_E_INVAL: no such encoding.
 */
int spectacles_envelope_scan(spectacles_envelope *out, uint32_t encoding, const uint8_t *bytes, size_t length,
                             spectacles_problem *problem);

/*
 * The same, but stops in front of d: for events that may turn out to be unwanted. 1: op, s and t all stand in
 * front of d and are in out, whose data is NULL; nothing behind them was looked at. 0: d, or the end, came
 * first: call spectacles_envelope_scan(); out is untouched. Errors are those of spectacles_envelope_scan(),
 * as far as was read.
 */
int spectacles_envelope_head(spectacles_envelope *out, uint32_t encoding, const uint8_t *bytes, size_t length,
                             spectacles_problem *problem);

/*
 * Checks that the bytes are one JSON value, strictly: RFC 8259, valid UTF-8, no byte order mark, nothing but
 * white space around it, nested at most SPECTACLES_DEPTH_MAX deep. Numbers of any size are accepted, lone
 * surrogate escapes and repeated keys too (they are legal JSON and pass through unchanged). doc/json.md has a
 * table of what the RFC leaves open.
 *
 * problem may be NULL; it is filled on failure only. SPECTACLES_E_PROTO: not JSON.
 */
int spectacles_json_check(const uint8_t *bytes, size_t length, spectacles_problem *problem);

/*
 * Bytes that the library writes: an array that grows. Make one, use it again and again, free it; once it is
 * large enough, nothing is allocated any more.
 */
typedef struct spectacles_bytes spectacles_bytes;

/* SPECTACLES_E_NOMEM. */
int spectacles_bytes_new(spectacles_bytes **out);

/* NULL is fine. */
void spectacles_bytes_free(spectacles_bytes *bytes);

/*
 * What was written last. The pointer is never NULL, and valid until the next call that writes to or frees
 * `bytes`. Behind the last byte stands a NUL that is not counted.
 */
const uint8_t *spectacles_bytes_data(const spectacles_bytes *bytes);
size_t spectacles_bytes_length(const spectacles_bytes *bytes);

/*
 * Rewrites one whole document from one encoding (enum spectacles_encoding) to another, or to the same: JSON
 * without white space, ETF in the form that Discord's own erlpack writes (keys and texts as binaries, null as
 * the atom nil, empty lists as NIL_EXT, integers in the smallest form that holds them). One pass, no tree.
 *
 * ETF to JSON: whole numbers beyond 2^53 become strings, as erlpack has it, because JavaScript would round
 * them; floats the shortest text that reads back as the same double, always with a point. A version byte in
 * front is passed over, and may be missing (as in spectacles_envelope.data). Equal keys stay as they are.
 * JSON to ETF: whole numbers stay exact up to 2466 digits; -0 and numbers with a fraction or an exponent are
 * floats; lone surrogates, numbers beyond a float's range and objects with a key twice are refused, because
 * Erlang has no such thing.
 * JSON to JSON: strings and numbers stay as they are written.
 *
 * Replaces what `out` holds, so the input must not lie there. On failure out is empty, and problem (may be NULL) says why and where in the
 * input. SPECTACLES_E_PROTO, SPECTACLES_E_UNSUPPORTED, SPECTACLES_E_NOMEM; SPECTACLES_E_TOOBIG: a text or a
 * container beyond 4 GiB; SPECTACLES_E_INVAL: no such encoding.
 */
int spectacles_transcode(spectacles_bytes *out, uint32_t to, uint32_t from, const uint8_t *bytes,
                         size_t length, spectacles_problem *problem);

/*
 * Inflates a compressed term (131, 80, size, zlib), whose real size has to be the size it claims and at most
 * `most` bytes; any other term is copied, when it is no longer than that. Nothing else in this library inflates
 * terms: a few bytes from a stranger could become gigabytes.
 *
 * Replaces what `out` holds, so the term must not lie there; empty on failure. SPECTACLES_E_TOOBIG: beyond `most`; SPECTACLES_E_PROTO: not
 * such a term; SPECTACLES_E_NOMEM. problem may be NULL.
 */
int spectacles_etf_inflate(spectacles_bytes *out, const uint8_t *bytes, size_t length, size_t most,
                           spectacles_problem *problem);

#ifdef __cplusplus
}
#endif

#endif
