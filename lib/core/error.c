/* Sentences and names of errors, the version, the features, the timeout for poll(2). Owners call it. */
#include "core/export.h"
#include "core/names.h"

#include <limits.h>
#include <spectacles/types.h>
#include <string.h>

SPECTACLES_EXPORT const char *spectacles_strerror(int error)
{
    switch (error) {
    case SPECTACLES_OK:
        return "no error";
    case SPECTACLES_E_NOMEM:
        return "out of memory";
    case SPECTACLES_E_INVAL:
        return "invalid argument or setting";
    case SPECTACLES_E_STATE:
        return "not possible in this state";
    case SPECTACLES_E_AGAIN:
        return "a limit is reached, try again later";
    case SPECTACLES_E_PROTO:
        return "protocol or format violated";
    case SPECTACLES_E_CLOSED:
        return "connection closed";
    case SPECTACLES_E_TLS:
        return "TLS failed";
    case SPECTACLES_E_SYS:
        return "the operating system refused";
    case SPECTACLES_E_TOOBIG:
        return "too large";
    case SPECTACLES_E_AUTH:
        return "credentials refused";
    case SPECTACLES_E_UNSUPPORTED:
        return "not supported";
    case SPECTACLES_E_UNREACHABLE:
        return "the peer was not reached";
    default:
        return "unknown error";
    }
}

SPECTACLES_EXPORT const char *spectacles_error_name(int error)
{
    static const char *const names[] = {
        [-SPECTACLES_OK] = "OK",
        [-SPECTACLES_E_NOMEM] = "E_NOMEM",
        [-SPECTACLES_E_INVAL] = "E_INVAL",
        [-SPECTACLES_E_STATE] = "E_STATE",
        [-SPECTACLES_E_AGAIN] = "E_AGAIN",
        [-SPECTACLES_E_PROTO] = "E_PROTO",
        [-SPECTACLES_E_CLOSED] = "E_CLOSED",
        [-SPECTACLES_E_TLS] = "E_TLS",
        [-SPECTACLES_E_SYS] = "E_SYS",
        [-SPECTACLES_E_TOOBIG] = "E_TOOBIG",
        [-SPECTACLES_E_AUTH] = "E_AUTH",
        [-SPECTACLES_E_UNSUPPORTED] = "E_UNSUPPORTED",
        [-SPECTACLES_E_UNREACHABLE] = "E_UNREACHABLE",
    };
    return error > 0 || error == INT_MIN
               ? "UNKNOWN"
               : sp_name_of(names, sizeof names / sizeof names[0], (uint32_t)-error);
}

SPECTACLES_EXPORT uint64_t spectacles_never(void)
{
    return SPECTACLES_NEVER;
}

SPECTACLES_EXPORT uint32_t spectacles_version(void)
{
    return (uint32_t)SP_VERSION_MAJOR << 16 | (uint32_t)SP_VERSION_MINOR << 8 | (uint32_t)SP_VERSION_PATCH;
}

SPECTACLES_EXPORT int spectacles_feature_supported(const char *name)
{
    static const char *const features[] = {
        "tls",
        "json",
        "etf",
#if SP_HAVE_MSGPACK
        "msgpack",
#endif
        "zlib-stream",
#if SP_HAVE_ZSTD
        "zstd-stream",
#endif
    };
    for (size_t i = 0; name && i < sizeof features / sizeof features[0]; i++) {
        if (strcmp(name, features[i]) == 0)
            return 1;
    }
    return 0;
}

enum {
    POLL_MAX = 5000 /* milliseconds; why: types.h */
};

SPECTACLES_EXPORT int spectacles_poll_timeout(uint64_t deadline, uint64_t now)
{
    if (deadline == SPECTACLES_NEVER)
        return -1;
    if (deadline <= now)
        return 0;
    uint64_t wait = deadline - now;
    return wait > POLL_MAX ? POLL_MAX : (int)wait;
}
