/*
 * spectacles/codec.h - what Discord's payloads and a worker's messages are written in, and how to read and rewrite it.
 *
 * SPDX-License-Identifier: MIT
 *
 * The functions here are pure: they keep no state, do no I/O and never recurse. Only a spectacles_bytes allocates.
 * None of them blocks. Documents that are looked into, changed or built are in <spectacles/document.h>.
 *
 * Every format is read as far as JSON has a place for its values. The result of reading is the same in each of them:
 *
 *   JSON         RFC 8259, strictly.
 *   ETF          Erlang's external term format ("ERTS User's Guide: External Term Format"), version 131:
 *     map                       object; a key may be a binary, an atom, or a whole number (then it is read in decimal)
 *     list, tuple               array; the tail of a list must be the empty list
 *     STRING_EXT                array of whole numbers: Erlang writes a list of bytes so
 *     binary                    string; the binary must be UTF-8
 *     atom                      nil and null: null; true; false; any other atom: string
 *     integers of any size      number, or string where a function says so; at most 1024 bytes
 *     float (both kinds)        number; the float must be finite
 *     compressed (tag 80)       refused; see spectacles_etf_inflate()
 *     everything else           refused: SPECTACLES_E_UNSUPPORTED
 *   MessagePack  that of its specification with str and bin:
 *     map                       object; a key may be a text, or a whole number (then it is read in decimal)
 *     array                     array
 *     str, bin                  string; the bytes must be UTF-8
 *     nil, true, false          null, true, false
 *     integers                  number
 *     float 32, float 64        number; the float must be finite
 *     ext (timestamps too)      refused: SPECTACLES_E_UNSUPPORTED
 */
#ifndef SPECTACLES_CODEC_H
#define SPECTACLES_CODEC_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a payload, a body or a document is written in. Every field and parameter named `format`, `to` or
 * `from` in this library takes these numbers.
 *
 * The Spectacles specification knows JSON and ETF ("Packets should be either JSON or ETF encoded"). Discord's gateway
 * speaks the same two. Other Spectacles implementations write MessagePack (the JavaScript brokers from 0.9 on), or
 * JSON text inside a MessagePack string (the Go brokers from 0.3 on).
 */
enum spectacles_format {
    /* For what is sent: the bytes go out as they are. For what is read: spectacles_format_of() decides. */
    SPECTACLES_FORMAT_RAW = 0,
    /* JSON text */
    SPECTACLES_FORMAT_JSON = 1,
    /* an ETF term */
    SPECTACLES_FORMAT_ETF = 2,
    /* Reading and writing MessagePack needs the feature "msgpack" (spectacles_feature_supported()). */
    SPECTACLES_FORMAT_MSGPACK = 3,
    /* A MessagePack string or binary that holds JSON text. Needs the feature "msgpack". */
    SPECTACLES_FORMAT_MSGPACK_JSON = 4
};

/*
 * The name of a format without its prefix: "JSON", "MSGPACK_JSON".
 *
 * format: a value of enum spectacles_format.
 *
 * Returns a static, NUL-terminated text: "UNKNOWN" for every other number. Cannot fail.
 */
const char *spectacles_format_name(uint32_t format);

/*
 * Reads the name of a format, as settings have it: "json", "etf", "msgpack" or "msgpack-json", in upper or lower case,
 * with '-' or '_'. Whether this build has the format says spectacles_feature_supported().
 *
 * format: receives a value of enum spectacles_format; never SPECTACLES_FORMAT_RAW, which is no format to choose.
 * name:   `length` bytes.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  there is no such format
 */
int spectacles_format_parse(uint32_t *format, const char *name, size_t length);

/* How deep documents may be nested. */
enum spectacles_depth {
    /* the levels of arrays and objects that are read and written; one level more is refused */
    SPECTACLES_DEPTH_MAX = 512
};

/* How a document is read and rewritten: a mask. */
enum spectacles_transcode_flag {
    /*
     * JSON can hold half of a surrogate pair ("\ud800" alone). It is no character, so no other format can carry it.
     * Without this flag such a text is refused. With it the half is read as U+FFFD, the replacement character. JSON
     * that is rewritten to JSON keeps such an escape in either case.
     */
    SPECTACLES_REPLACE_SURROGATES = 1,
    /*
     * JSON to JSON: leaves out the white space between values. Without this flag the text stays byte for byte as it
     * is, except for white space around the whole of it. Other formats have no white space.
     */
    SPECTACLES_COMPACT = 2
};

/*
 * Guesses the format of bytes by the first of them. The bytes are not checked: a mistake further on shows when they are
 * read.
 *
 *   { [ " - 0..9 t f n            JSON; white space in front is passed over
 *   131, then a byte below 128    ETF; 131 alone too
 *   131, then 160 or more         MessagePack: a map of three members
 *   a MessagePack string or       JSON in MessagePack
 *   binary that begins with { or [
 *   other first bytes of          MessagePack; a number, nil, true or false must be the only byte or bytes, since
 *   MessagePack                   they could as well begin a text
 *   all others, and no bytes      SPECTACLES_FORMAT_RAW
 *
 * Returns a value of enum spectacles_format. Builds without the feature "msgpack" recognise MessagePack as well. Cannot
 * fail.
 */
uint32_t spectacles_format_of(const uint8_t *bytes, size_t length);

/*
 * The content type of a format, for the property of that name of an AMQP message.
 *
 * format: a value of enum spectacles_format.
 *
 * Returns a static, NUL-terminated text: "application/json", "application/x-erlang-binary", "application/msgpack" (for
 * MSGPACK and MSGPACK_JSON); "application/octet-stream" for every other number. Cannot fail.
 */
const char *spectacles_format_content_type(uint32_t format);

/* The fields that an envelope had with another value than null: a mask. */
enum spectacles_envelope_member {
    /* "op" */
    SPECTACLES_ENVELOPE_OP = 1,
    /* "s" */
    SPECTACLES_ENVELOPE_SEQ = 2,
    /* "t" */
    SPECTACLES_ENVELOPE_NAME = 4,
    /* "d"; set for every value, also for null */
    SPECTACLES_ENVELOPE_DATA = 8
};

/*
 * The outer object of a gateway payload (Discord: "Gateway Events: Payload Structure"). All pointers are into
 * the bytes that were scanned, and live as long as these do. This struct is frozen: it will never grow.
 */
typedef struct spectacles_envelope {
    /* a mask of enum spectacles_envelope_member */
    uint32_t members;
    /* "op"; 0 when it is missing */
    uint32_t op;
    /* "s", the sequence of a dispatch; 0 when it is missing */
    uint64_t seq;
    /* "t", the event's name, without its quotes, not NUL-terminated; NULL when it is missing */
    const char *name;
    /* the length of the name in bytes */
    size_t name_length;
    /*
     * "d", verbatim: JSON text without white space around it, or a term without the version byte; NULL when it
     * is missing
     */
    const uint8_t *data;
    /* the length of the data in bytes */
    size_t data_length;
} spectacles_envelope;

/*
 * Finds op, s, t and d in one gateway payload, in any order. d is passed over without being decoded, and comes
 * out byte for byte as it came in.
 *
 * JSON: the whole text is checked strictly (RFC 8259, UTF-8 included, no byte order mark, nothing behind the
 * value). ETF: the whole term is checked as the head of this file describes it, except for the UTF-8 of
 * binaries: that is checked where a binary is turned into text.
 *
 * Other keys are ignored. A repeated op, s, t or d is refused, because two readers could see two different
 * payloads. op and s have to be whole numbers without sign, fraction or exponent, op below 2^32, s below 2^63;
 * s may be null. t has to be null or a string (in ETF a binary or an atom) of printable ASCII without escapes,
 * as every event's name is. A key of JSON that is written with escapes is the same key. A key of ETF may be a
 * binary or an atom.
 *
 * out:     its pointers are into `bytes`.
 * format:  SPECTACLES_FORMAT_JSON or SPECTACLES_FORMAT_ETF.
 * problem: may be NULL; on failure it says why and at which byte.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO        the bytes are no such payload
 *   SPECTACLES_E_UNSUPPORTED  an ETF term that JSON has no place for
 *   SPECTACLES_E_INVAL        another format
 */
int spectacles_envelope_scan(spectacles_envelope *out, uint32_t format, const uint8_t *bytes, size_t length,
                             spectacles_problem *problem);

/*
 * Reads a payload as spectacles_envelope_scan() does, and stops in front of d: for events that may turn out to
 * be unwanted.
 *
 * Parameters as for spectacles_envelope_scan().
 *
 * Returns:
 *   1  op, s and t all stand in front of d, and are in `out`. out->data is NULL. Nothing behind them was read.
 *   0  d or the end came first. `out` is unchanged. Call spectacles_envelope_scan().
 * or an error of spectacles_envelope_scan(), for the part that was read.
 */
int spectacles_envelope_head(spectacles_envelope *out, uint32_t format, const uint8_t *bytes, size_t length,
                             spectacles_problem *problem);

/*
 * Checks that the bytes are one JSON value, strictly: RFC 8259, valid UTF-8, no byte order mark, only white
 * space around it, nested at most SPECTACLES_DEPTH_MAX deep. Numbers of any size are accepted. So are lone
 * surrogate escapes and repeated keys, which are legal JSON. doc/json.md has a table of what the RFC leaves
 * open.
 *
 * problem: may be NULL; on failure it says why and at which byte.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO  the bytes are not JSON
 */
int spectacles_json_check(const uint8_t *bytes, size_t length, spectacles_problem *problem);

/*
 * Bytes that the library writes: an array that grows. Use one again and again: once it is large enough, writing to it
 * allocates nothing.
 */
typedef struct spectacles_bytes spectacles_bytes;

/*
 * Makes an empty array of bytes. The caller frees it with spectacles_bytes_free().
 *
 * Returns 0, or:
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_bytes_new(spectacles_bytes **out);

/* Frees the bytes. NULL does nothing. */
void spectacles_bytes_free(spectacles_bytes *bytes);

/*
 * The content: what was written last.
 *
 * Returns the first byte, never NULL. A NUL stands behind the last byte. Valid until the next call that writes to
 * `bytes` or frees them. Cannot fail.
 */
const uint8_t *spectacles_bytes_data(const spectacles_bytes *bytes);

/*
 * The length of the content.
 *
 * Returns a number of bytes, without the NUL behind the last byte. Cannot fail.
 */
size_t spectacles_bytes_length(const spectacles_bytes *bytes);

/*
 * Rewrites one whole document from one format into another, or into the same one, in one pass without a tree.
 *
 * out:   receives the result in the place of what it held, so `bytes` must not lie in it. Empty on failure.
 * to:    a value of enum spectacles_format except RAW.
 * from:  a value of enum spectacles_format; RAW means what spectacles_format_of() says.
 * flags: a mask of enum spectacles_transcode_flag, or 0.
 * problem: may be NULL; on failure it says why the document was refused, and at which byte of `bytes`.
 *
 * What becomes of the values:
 *
 *   to JSON from ETF        whole numbers beyond 2^53 become strings, because JavaScript would round them; erlpack does
 *                           the same. Floats become the shortest text that reads back as the same double, always with
 *                           a point. A version byte (131) in front may be missing. Equal keys stay.
 *   to JSON from JSON       stays as it is: see SPECTACLES_COMPACT.
 *   to ETF                  written as Discord's own erlpack writes it: keys and texts are binaries, null is the atom
 *                           nil, an empty list is NIL_EXT, an integer takes its smallest form. Whole numbers stay exact
 *                           up to 2466 digits; -0 and numbers with a fraction or an exponent become floats. Refused,
 *                           because Erlang has no such thing: numbers beyond a float's range, and an object that has a
 *                           key twice.
 *   to MessagePack          each value takes its smallest form. Whole numbers stay exact up to 64 bits and are strings
 *                           beyond that; from ETF they are strings beyond 2^53. -0 and numbers with a fraction or an
 *                           exponent are float 64; beyond its range they are refused. Equal keys stay.
 *   to JSON from MessagePack  as from ETF.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO        the bytes are no such document, or are in no known format
 *   SPECTACLES_E_UNSUPPORTED  the document holds a value that JSON has no place for, or this build has no MessagePack
 *   SPECTACLES_E_INVAL        no such format, or an unknown flag
 *   SPECTACLES_E_TOOBIG       a text or a container is beyond 4 GiB
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_transcode(spectacles_bytes *out, uint32_t to, uint32_t from, uint32_t flags,
                         const uint8_t *bytes, size_t length, spectacles_problem *problem);

/*
 * Inflates a compressed ETF term (131, 80, size, zlib). Its real size has to be the size that it states. Any
 * other term is copied. Nothing else in this library inflates terms, because a few bytes from a stranger could
 * become gigabytes.
 *
 * out:     receives the term in the place of what it held, so `bytes` must not lie in it. Empty on failure.
 * max:     the largest result that is accepted, in bytes.
 * problem: may be NULL; on failure it says why and at which byte.
 *
 * Returns 0, or:
 *   SPECTACLES_E_TOOBIG  the result would be larger than `max`
 *   SPECTACLES_E_PROTO   the compressed term is cut off, damaged, or states a wrong size
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int spectacles_etf_inflate(spectacles_bytes *out, const uint8_t *bytes, size_t length, size_t max,
                           spectacles_problem *problem);

#ifdef __cplusplus
}
#endif

#endif
