/*
 * spectacles/types.h - what every other header of libspectacles builds on.
 *
 * SPDX-License-Identifier: MIT
 *
 * The rules that hold for the whole library:
 *
 * Handles
 *   - A handle is opaque. `_new` makes one, `_free` ends it. `_free(NULL)` does nothing.
 *   - A handle belongs to one thread at a time. Two handles share nothing, unless a comment says so. There is no global
 *     state and no global initialisation.
 *   - Handles are freed in any order, so that a garbage collector can choose its own. A link and a relay hold their
 *     engines. An engine (a shard, a broker) that is freed before them is CLOSED for them: the link closes its socket
 *     at its next spectacles_link_process(), and the relay tells that the engine has closed. The memory goes with the
 *     last of the three. The owner must not use a handle after its `_free`.
 *
 * Blocking and time
 *   - No function blocks, unless its comment says "Blocks".
 *   - Time is always an argument: `now`, in milliseconds on a monotonic clock of the caller's choice. It must never run
 *     backwards on one handle. spectacles_now() is such a clock. A deadline is a point on the same clock;
 *     SPECTACLES_NEVER means that there is none.
 *
 * Errors
 *   - A function that can fail returns an `int`: 0 or a positive number is success, a negative number is a value of
 *     enum spectacles_error. On failure every out-parameter is unchanged, unless the comment says otherwise. errno is
 *     not part of the contract.
 *   - The sentence for people is on the handle (`_last_error`). A function without a handle writes it to a
 *     spectacles_problem.
 *   - When memory runs out where no call can report it (in `_next_event`, for example), the engine loses its
 *     connection: DISCONNECTED has SPECTACLES_E_NOMEM, and the engine connects again.
 *
 * Parameters
 *   - The handle or the value that a function is about comes first. `_new` takes its out-parameter first, and so do
 *     functions without a handle that fill a struct or write a text.
 *   - The data follows. `now` or `unix_time` comes behind the data, other out-parameters come behind these. A
 *     spectacles_problem is last.
 *   - No pointer may be NULL unless its comment says so. A pointer to bytes, to a text or to an array may be NULL when
 *     its length or count is 0.
 *
 * Bytes and texts
 *   - Bytes are `const uint8_t *`, texts are `const char *`.
 *   - Bytes, and texts that come from the wire or go to the wire, are (pointer, length). Nothing has to be
 *     NUL-terminated. A text that the library hands out has a NUL behind its length all the same; slices of data (the
 *     `d` of an event, the key or the body of a message) have none.
 *   - These texts are NUL-terminated, and have no length: the settings of a configuration struct (host names, URLs,
 *     paths, tokens); the texts of a presence or of a request for members, which the owner writes; names in the source
 *     of a program (spectacles_value_get(), spectacles_feature_supported()); the properties of an AMQP message
 *     (content_type, message_id, correlation_id, reply_to, expiration), sent and received; and the ids and URLs of a
 *     spectacles_session and a spectacles_gap, which the library hands out and takes back.
 *
 * Lengths and counts
 *   - A length is a number of bytes, and a count is a number of elements. Both are `size_t`, and stand directly behind
 *     the pointer that they are about: `body, body_length`; `urls, url_count`.
 *   - A function with one length or count calls it `length` or `count`. A struct, and a function with several of them,
 *     says whose it is: `<name>_length`, and `<name>_count` with the name in the singular.
 *   - `size` is the room for a result, or the size of a struct, in bytes. `max` is a limit. `index` counts from 0.
 *   - A number of the protocol keeps its name and is `uint32_t`: `shard_count` is always the number of shards of the
 *     whole bot (Discord: num_shards).
 *   - Constants end in what they are: `_SIZE` is the room of a text with its NUL, `_COUNT` the number of elements of an
 *     array, `_MAX` a limit, in bytes unless its comment says otherwise.
 *
 * Names
 *   - One thing has one name: `format` is a value of enum spectacles_format, `error` of enum spectacles_error, `now` a
 *     point on the clock of the owner, `unix_time` milliseconds since 1970.
 *   - A function that gives a property has the property's name: spectacles_shard_state(). C has no room for a function
 *     beside a struct of the same name, so the functions that copy counters are called `_get_stats`.
 *
 * Structs
 *   - Every struct with a field `size` has an `_init` that makes it empty, or fills in its defaults, and sets its size.
 *   - Configuration structs begin with their own size. Their `_config_init` fills them with defaults. `_new` copies
 *     everything; nothing needs to outlive the call, unless the field's comment says so.
 *   - A struct from a newer header is accepted by an older library when the fields that the library does not know are
 *     zero. Otherwise the call fails with SPECTACLES_E_UNSUPPORTED.
 *
 * Events
 *   - Event structs belong to the library. They are valid until the next call on the handle that gave them, unless a
 *     comment says otherwise. Later versions add fields at their end only.
 *   - Accessor functions exist for languages in which a call is easier than reading a struct. What they return lives as
 *     long as the event. Their `length` may be NULL.
 *
 * Constants
 *   - Constants are enums, so that every binding sees them. What an enum cannot hold (a text, 2^64 - 1) has a function.
 *   - The whole interface, preprocessed, is installed as spectacles.cdef: cffi and LuaJIT load it as it is (`pkg-config
 *     --variable=cdef spectacles` names the file).
 */
#ifndef SPECTACLES_TYPES_H
#define SPECTACLES_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of these headers. C compares the macros with `#if`; languages that see no macros have the enum.
 * spectacles_version() is the version of the library that is linked. Semantic versioning: until 1.0 a new minor version
 * may change the ABI, and then also the soversion.
 */
enum spectacles_version_part {
    /* raised when the API changes incompatibly */
    SPECTACLES_VERSION_MAJOR = 0,
    /* raised when the API grows */
    SPECTACLES_VERSION_MINOR = 1,
    /* raised when only behaviour is corrected */
    SPECTACLES_VERSION_PATCH = 0
};
#define SPECTACLES_VERSION_MAJOR 0
#define SPECTACLES_VERSION_MINOR 1
#define SPECTACLES_VERSION_PATCH 0

/* The deadline of something that never happens: 2^64 - 1. C's enums cannot hold the number. */
#define SPECTACLES_NEVER UINT64_MAX

/*
 * The number of SPECTACLES_NEVER, for languages that see no macros.
 *
 * Returns 2^64 - 1. Cannot fail. Never blocks.
 */
uint64_t spectacles_never(void);

/* What a call can fail with. The numbers are part of the ABI and are never renumbered. */
enum spectacles_error {
    /* no error */
    SPECTACLES_OK = 0,
    /* memory ran out; the handle is unchanged, and can be used or freed */
    SPECTACLES_E_NOMEM = -1,
    /* an argument or a setting is wrong */
    SPECTACLES_E_INVAL = -2,
    /* the handle is in a state in which the call is not possible */
    SPECTACLES_E_STATE = -3,
    /* a limit is reached or a window is full; call again after the event that the function names */
    SPECTACLES_E_AGAIN = -4,
    /* bytes from outside break their protocol or their format */
    SPECTACLES_E_PROTO = -5,
    /* the peer closed the connection, or the connection was lost */
    SPECTACLES_E_CLOSED = -6,
    /* TLS failed: the certificate, the host name or the handshake */
    SPECTACLES_E_TLS = -7,
    /* the operating system refused: to resolve, to connect, to read */
    SPECTACLES_E_SYS = -8,
    /* something is larger than a limit, or than the room given for it */
    SPECTACLES_E_TOOBIG = -9,
    /* credentials were refused: a token, a user, a password, a virtual host */
    SPECTACLES_E_AUTH = -10,
    /* this build or this version of the library cannot do it */
    SPECTACLES_E_UNSUPPORTED = -11,
    /* the peer was not reached: its name was not found, there is no route to it, or nothing answered (TCP) */
    SPECTACLES_E_UNREACHABLE = -12
};

/* The sizes of the texts in a spectacles_problem. */
enum spectacles_problem_size {
    /* bytes of spectacles_problem.text, its NUL included */
    SPECTACLES_PROBLEM_TEXT_SIZE = 432,
    /* bytes of spectacles_problem.word, its NUL included */
    SPECTACLES_PROBLEM_WORD_SIZE = 64
};

/*
 * Why a call failed, for calls that have no handle to keep the sentence: every `_new`, and every reader of a
 * text. It is passed as an optional out-parameter, and NULL is fine. It is filled only when the call fails.
 * The caller owns it and everything in it. This struct is frozen: it will never grow.
 */
typedef struct spectacles_problem {
    /* where reading stopped: an offset in bytes in the text that was read; 0 for a setting */
    size_t position;
    /* the entry of a list of settings (urls, shards, gaps) that the sentence is about, counted from 0; else 0 */
    size_t index;
    /* one sentence in English, NUL-terminated; never holds a secret */
    char text[SPECTACLES_PROBLEM_TEXT_SIZE];
    /*
     * what the sentence is about, in the words of the caller (the name of an unknown parameter, a host), NUL-
     * terminated; empty when the sentence is about nothing of the kind; never holds a secret
     */
    char word[SPECTACLES_PROBLEM_WORD_SIZE];
} spectacles_problem;

/*
 * What an error means, in a short English sentence for a log.
 *
 * error: a value of enum spectacles_error.
 *
 * Returns a static, NUL-terminated text: "unknown error" for every other number. Cannot fail. Never blocks.
 */
const char *spectacles_strerror(int error);

/*
 * The name of an error without its prefix: "E_NOMEM", and "OK" for 0.
 *
 * error: a value of enum spectacles_error.
 *
 * Returns a static, NUL-terminated text: "UNKNOWN" for every other number. Cannot fail. Never blocks.
 */
const char *spectacles_error_name(int error);

/*
 * The version of the library that is linked. It differs from the version of the headers when a program runs
 * with another library than it was compiled for.
 *
 * Returns major << 16 | minor << 8 | patch. Cannot fail. Never blocks.
 */
uint32_t spectacles_version(void);

/*
 * Whether this build of the library has a feature. Some depend on libraries that were found when it was built.
 *
 * name: "tls", "json", "etf", "msgpack", "zlib-stream" or "zstd-stream", NUL-terminated.
 *
 * Returns 1 when it has the feature, 0 when it has not, or when the name is unknown. Cannot fail. Never blocks.
 */
int spectacles_feature_supported(const char *name);

/*
 * Makes a text of strangers (the name of an event, a routing key, a message-id) fit for a log or a terminal,
 * as the library does in its own sentences. Each byte that is not UTF-8 (RFC 3629) becomes '?', and so does
 * each character that changes the text around it: controls, line separators, controls of the writing
 * direction.
 *
 * out:    receives the text, always with a NUL at its end. A character is never cut in two; what does not fit is left
 *         out.
 * size:   the room in `out`, in bytes; at least 1.
 * text:   NULL is fine when length is 0. It must not overlap `out`.
 * length: the length of `text` in bytes.
 *
 * Returns how many bytes were written, without the NUL. Cannot fail. Never blocks.
 */
size_t spectacles_printable(char *out, size_t size, const char *text, size_t length);

/*
 * The size of a public struct in the library that is linked, so that a binding can check a layout that was written by
 * hand.
 *
 * name: the name of the type, as "spectacles_shard_config"; NUL-terminated.
 *
 * Returns the size in bytes, or 0 when there is no such struct. Cannot fail. Never blocks.
 */
size_t spectacles_struct_size(const char *name);

/*
 * A clock for `now`. It never runs backwards. Where the system has such a clock (CLOCK_BOOTTIME), it goes on while the
 * machine is suspended, so that deadlines that passed meanwhile are seen to have passed.
 *
 * Returns milliseconds from some point in the past. Cannot fail. Never blocks.
 */
uint64_t spectacles_now(void);

/*
 * The time of day. Minus spectacles_now() it is what spectacles_relay_config.unix_offset wants.
 *
 * Returns milliseconds since 1970, UTC. Cannot fail. Never blocks.
 */
uint64_t spectacles_unix_time(void);

/*
 * A random number from the operating system, for the `seed` of a configuration.
 *
 * Returns the number, which is never 0; or 0 when the system has no randomness to give. Then no engine can be
 * made: they refuse the seed 0.
 */
uint64_t spectacles_random_seed(void);

/*
 * The timeout for poll(2), epoll_wait(2) and the like that leads to a deadline. It is never more than 5000,
 * because the clock of poll(2) stands still while the machine is suspended: after waking up, a wait of 40 s
 * would go on for what was left of it. Look at the deadline again after each wait.
 *
 * deadline: as `_deadline` of a handle returned it.
 * now:      on the same clock.
 *
 * Returns milliseconds: -1 for SPECTACLES_NEVER, 0 when the deadline has passed. Cannot fail. Never blocks.
 */
int spectacles_poll_timeout(uint64_t deadline, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
