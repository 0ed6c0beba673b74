/*
 * spectacles/types.h - what every other header of libspectacles builds on.
 *
 * SPDX-License-Identifier: MIT
 *
 * The rules that hold for the whole library:
 *
 * - Handles are opaque. `_new` makes one through its first argument, `_free` ends it (`_free(NULL)` is
 *   fine). A handle belongs to one thread at a time; different handles never share anything unless a
 *   comment says so. There is no global state and no global initialisation.
 * - Nothing blocks, unless the comment of a function says "Blocks".
 * - Time is always an argument: `now`, in milliseconds on a monotonic clock of the caller's choice, which
 *   must never run backwards on one handle. spectacles_now() is such a clock. Deadlines are absolute on
 *   the same clock; SPECTACLES_NEVER means that there is none.
 * - A function that can fail returns an `int`: 0 or a positive number is success, a negative one is a
 *   value of enum spectacles_error. On failure every out-parameter is left untouched. The sentence for
 *   people is on the handle (`_last_error`). errno is no part of the contract.
 * - Memory that runs out where no call can say so (in `_next_event`, say) costs an engine its connection:
 *   DISCONNECTED tells of SPECTACLES_E_NOMEM, and it is made anew.
 * - No pointer may be NULL unless its comment says so, but for one to bytes, or a name, whose length is 0.
 * - Configuration structs begin with their own size and are filled with defaults by their `_config_init`.
 *   Their strings are NUL-terminated UTF-8. `_new` copies everything; nothing needs to outlive the call
 *   unless the field's comment says so. A struct from a newer header is accepted by an older library as
 *   long as the fields that the library does not know are zero; otherwise it is SPECTACLES_E_UNSUPPORTED.
 * - Data that comes from or goes to the wire is (pointer, length). Text that the library hands out is
 *   NUL-terminated as well; data slices are not.
 * - Event structs belong to the library: they are valid until the next call on the handle that gave them
 *   (unless said otherwise), and later versions add fields at their end only. Accessor functions exist
 *   for languages in which a call is easier than reading a struct; what they return lives as long as the
 *   event, and `length` may be NULL.
 * - Constants are enums, so that every binding sees them. What an enum cannot hold (a text, 2^64 - 1) has a function.
 *   The whole interface, preprocessed, is installed as spectacles.cdef: cffi and LuaJIT load it as it is
 *   (`pkg-config --variable=cdef spectacles` names the file).
 */
#ifndef SPECTACLES_TYPES_H
#define SPECTACLES_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of these headers, for `#if` and, as an enum, for languages that see no macros. Compare it with
 * spectacles_version(), the version that is linked.
 */
enum spectacles_version_part {
    SPECTACLES_VERSION_MAJOR = 0,
    SPECTACLES_VERSION_MINOR = 1,
    SPECTACLES_VERSION_PATCH = 0
};
#define SPECTACLES_VERSION_MAJOR 0
#define SPECTACLES_VERSION_MINOR 1
#define SPECTACLES_VERSION_PATCH 0

/*
 * The deadline of something that never happens: 2^64 - 1. C's enums cannot hold the number, so other languages ask
 * spectacles_never() for it.
 */
#define SPECTACLES_NEVER UINT64_MAX
uint64_t spectacles_never(void);

/* What a call can fail with. The numbers are part of the ABI and are never renumbered. */
enum spectacles_error {
    SPECTACLES_OK = 0,
    SPECTACLES_E_NOMEM = -1, /* memory ran out; the handle is unchanged and can be used or freed */
    SPECTACLES_E_INVAL = -2, /* an argument or a setting is wrong */
    SPECTACLES_E_STATE = -3, /* not possible in the present state of the handle */
    /* not now: a limit or a window is full; try after the event that says so */
    SPECTACLES_E_AGAIN = -4,
    SPECTACLES_E_PROTO = -5,       /* bytes from outside break their protocol or format */
    SPECTACLES_E_CLOSED = -6,      /* the peer closed the connection, or it was lost */
    SPECTACLES_E_TLS = -7,         /* TLS failed: the certificate, the host name, the handshake */
    SPECTACLES_E_SYS = -8,         /* the operating system refused (connect, resolve, read) */
    SPECTACLES_E_TOOBIG = -9,      /* larger than a limit or than the space given */
    SPECTACLES_E_AUTH = -10,       /* credentials refused: token, user, password, virtual host */
    SPECTACLES_E_UNSUPPORTED = -11 /* this build or this version cannot do it */
};

enum spectacles_problem_size {
    SPECTACLES_PROBLEM_TEXT = 432, /* bytes of spectacles_problem.text, its NUL included */
    SPECTACLES_PROBLEM_WORD = 64   /* bytes of spectacles_problem.word, its NUL included */
};

/*
 * Why a call failed, for calls that have no handle to keep the sentence: every `_new`, and every reader of a text. Passed as
 * an optional out-parameter: NULL is fine. Filled only when the call fails. The caller owns it and everything in it. This
 * struct is frozen.
 */
typedef struct spectacles_problem {
    size_t
        position; /* where reading stopped: an offset in bytes in the text that was read; 0 for a setting */
    size_t
        index; /* which entry of a list of settings (urls, shards, gaps) the sentence is about, from 0; else 0 */
    char text[SPECTACLES_PROBLEM_TEXT]; /* one sentence in English, NUL-terminated; never holds a secret */
    /*
     * what the sentence is about, in the words of the caller (the name of an unknown parameter, a host), NUL-terminated; empty
     * when the sentence is about nothing of the kind; never a secret
     */
    char word[SPECTACLES_PROBLEM_WORD];
} spectacles_problem;

/* A short English sentence for an error, NUL-terminated, static; "unknown error" for any other number. */
const char *spectacles_strerror(int error);

/* The name of an error ("E_NOMEM", and "OK" for 0), NUL-terminated, static; "UNKNOWN" for any other number. */
const char *spectacles_error_name(int error);

/* The version that is linked: major << 16 | minor << 8 | patch. */
uint32_t spectacles_version(void);

/*
 * 1 when this build has the feature, 0 when it has not or the name is unknown. Names are NUL-terminated:
 * "tls", "json", "etf", "msgpack", "zlib-stream", "zstd-stream".
 */
int spectacles_feature_supported(const char *name);

/*
 * Convenience: makes text of strangers (the name of an event, a routing key, a message-id) fit for a log or a terminal,
 * as the library does in its own sentences. What is not UTF-8, and every character that acts on the text around it
 * (controls, line separators, the controls of writing direction) becomes '?'. bytes may be NULL when length is 0. Writes
 * at most size bytes (at least 1 has to be there), always a NUL at the end, and never part of a character; what does not
 * fit is cut. Returns how many bytes were written, without the NUL. Pure, never blocks.
 */
size_t spectacles_printable(char *out, size_t size, const void *bytes, size_t length);

/*
 * The size in bytes of a public struct in the library that is linked, by its name ("spectacles_shard_config"), so that a
 * binding can check a layout that was written by hand. 0: no such struct. name is NUL-terminated. Never blocks.
 */
size_t spectacles_struct_size(const char *name);

/*
 * Convenience: milliseconds on a clock of the system that never goes backwards. It goes on while the machine is suspended
 * (CLOCK_BOOTTIME) where the system has such a clock, so that deadlines that passed meanwhile are seen to have
 * passed. Does not block, never fails.
 */
uint64_t spectacles_now(void);

/*
 * Convenience: milliseconds since 1970, UTC. Minus spectacles_now() it is what spectacles_relay_config.unix_offset
 * wants. Never blocks.
 */
uint64_t spectacles_unix_time(void);

/*
 * Convenience: a non-zero random number from the operating system, for the `seed` of a configuration.
 * Returns 0 when the system has no randomness to give (then no engine can be made: they refuse 0).
 */
uint64_t spectacles_random_seed(void);

/*
 * The timeout for poll(2), epoll_wait(2) and their kin that leads to `deadline`, in milliseconds: -1 for
 * SPECTACLES_NEVER, 0 when it has passed, and never more than 5000, because poll's own clock stands still while the machine is
 * suspended: after waking, a wait of 40 s would go on for what was left of it. Look at the deadline again after each
 * wait. Pure.
 */
int spectacles_poll_timeout(uint64_t deadline, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
