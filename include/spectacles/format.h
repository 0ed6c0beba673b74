/*
 * spectacles/format.h - in what a message's body is written: JSON, ETF, MessagePack.
 *
 * SPDX-License-Identifier: MIT
 *
 * The Spectacles specification knows JSON and ETF ("Packets should be either JSON or ETF encoded"). Other
 * implementations write MessagePack (the JavaScript brokers from 0.9 on), or JSON in a MessagePack string (the Go
 * ones from 0.3 on). A broker writes one of these (spectacles_broker_config.format), and says of what it receives
 * which it is (spectacles_broker_event.format); the relay takes commands in all of them.
 *
 * Pure functions: no state, no I/O, no recursion. Only spectacles_bytes allocates.
 */
#ifndef SPECTACLES_FORMAT_H
#define SPECTACLES_FORMAT_H

#include <spectacles/codec.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum spectacles_format {
    SPECTACLES_FORMAT_RAW = 0, /* of what is sent: as it is; of what came: none of those below */
    SPECTACLES_FORMAT_JSON = 1,
    SPECTACLES_FORMAT_ETF = 2,
    SPECTACLES_FORMAT_MSGPACK = 3,
    SPECTACLES_FORMAT_MSGPACK_JSON = 4 /* a MessagePack string or binary that holds JSON text */
};

/*
 * In which format bytes seem to be, by the first of them. They are not checked: what is wrong further on comes out
 * when they are converted.
 *
 *   { [ " - 0..9 t f n            JSON; white space in front of them is passed over
 *   131, then a byte below 128    ETF; 131 alone too
 *   131, then 160 or more         MessagePack: a map of three
 *   a MessagePack string or       JSON in MessagePack
 *   binary that begins with { or [
 *   other first bytes of          MessagePack; a number, nil, true or false has to be all there is, since it
 *   MessagePack                   could as well be the beginning of a text
 *   all others, and nothing       SPECTACLES_FORMAT_RAW
 *
 * Builds without MessagePack recognise it all the same.
 */
uint32_t spectacles_format_of(const uint8_t *bytes, size_t length);

/*
 * Rewrites one whole document. `from` is a value of enum spectacles_format, RAW for what
 * spectacles_format_of() says; `to` is any of them but RAW, and may be the same as `from`. JSON from ETF, and ETF
 * from either, is what spectacles_transcode() writes; JSON from JSON stays as it is but for white space around
 * it.
 *
 * MessagePack is that of the specification with str and bin, as far as JSON has a place for it:
 *
 *   map                   object; keys may be texts, and whole numbers (then in decimal). Equal keys stay
 *   array                 array
 *   str, bin              string; has to be UTF-8
 *   nil, true, false      null, true, false
 *   integers              number. In JSON, beyond 2^53: string, as for ETF; in ETF exact
 *   float 32, float 64    number; has to be finite
 *   ext (timestamps too)  refused: SPECTACLES_E_UNSUPPORTED
 *
 * What is written is the smallest form of each. Whole numbers stay exact: from JSON up to 64 bits, beyond that they
 * become strings; from ETF they become strings beyond 2^53 (JavaScript would round them). -0 and numbers with a
 * fraction or an exponent are float 64; beyond its range they are refused. Lone surrogates are refused.
 *
 * Arrays and maps may be nested SPECTACLES_DEPTH_MAX deep.
 *
 * Replaces what `out` holds, so the input must not lie there. On failure out is empty, and problem (may be NULL)
 * says why and where in the input. SPECTACLES_E_PROTO: not such a document, or in no known format;
 * SPECTACLES_E_UNSUPPORTED: it holds what has no place in JSON, or this build has no MessagePack
 * (spectacles_feature_supported("msgpack")); SPECTACLES_E_NOMEM; SPECTACLES_E_TOOBIG: a text or a container beyond
 * 4 GiB; SPECTACLES_E_INVAL: no such format.
 */
int spectacles_format_convert(spectacles_bytes *out, uint32_t to, uint32_t from, const uint8_t *bytes,
                              size_t length, spectacles_problem *problem);

/*
 * The content type that says it: "application/json", "application/x-erlang-binary", "application/msgpack" (for both
 * of its formats); "application/octet-stream" for all other numbers. Static, NUL-terminated.
 */
const char *spectacles_format_content_type(uint32_t format);

#ifdef __cplusplus
}
#endif

#endif
