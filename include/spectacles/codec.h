/*
 * spectacles/codec.h - reading Discord's payloads without building a tree.
 *
 * SPDX-License-Identifier: MIT
 *
 * Pure functions: no handle, no state, no I/O, no allocation, no recursion.
 */
#ifndef SPECTACLES_CODEC_H
#define SPECTACLES_CODEC_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

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
    const uint8_t *data; /* "d", verbatim, without surrounding white space; NULL when not there */
    size_t data_length;  /* in bytes */
} spectacles_envelope;

/*
 * Finds op, s, t and the slice of d in one JSON payload, in any order of keys. The whole text is checked
 * strictly (RFC 8259, UTF-8 included, no byte order mark, nothing behind the value); d is passed over
 * without being decoded, and comes out byte for byte as it came in.
 *
 * Unknown keys are ignored. A repeated op, s, t or d is refused: two readers could see two different
 * payloads. op and s must be whole numbers without sign, fraction or exponent (s may be null), op below 2^32,
 * s below 2^63; t must be null or a string of printable ASCII without escapes, as every event name is; any
 * other kind of value there is refused. A key written with escapes means the same as one written without.
 *
 * problem may be NULL; it is filled on failure only. SPECTACLES_E_PROTO: not such a payload.
 */
int spectacles_envelope_scan(spectacles_envelope *out, const uint8_t *bytes, size_t length,
                             spectacles_problem *problem);

/*
 * Checks that the bytes are one JSON value, strictly: RFC 8259, valid UTF-8, no byte order mark, nothing but
 * white space around it, nested at most SPECTACLES_DEPTH_MAX deep. Numbers of any size are accepted, lone
 * surrogate escapes and repeated keys too (they are legal JSON and pass through unchanged).
 *
 * problem may be NULL; it is filled on failure only. SPECTACLES_E_PROTO: not JSON.
 */
int spectacles_json_check(const uint8_t *bytes, size_t length, spectacles_problem *problem);

#ifdef __cplusplus
}
#endif

#endif
