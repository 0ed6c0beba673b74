/* Escapes and numbers of JSON. The scanner and the walk over blocks call it, so that both judge them alike. */
#include "codec/token.h"

static bool is_hex(uint8_t byte)
{
    static const uint64_t hex[4] = {UINT64_C(0x3ff) << '0', UINT64_C(0x7e0000007e), 0, 0};
    return hex[byte >> 6] >> (byte & 63) & 1;
}

/* One bit for each of " \\ / b f n r t. */
static const uint64_t escapes[4] = {UINT64_C(1) << '"' | UINT64_C(1) << '/',
                                    UINT64_C(1) << ('\\' - 64) | UINT64_C(1) << ('b' - 64) |
                                        UINT64_C(1) << ('f' - 64) | UINT64_C(1) << ('n' - 64) |
                                        UINT64_C(1) << ('r' - 64) | UINT64_C(1) << ('t' - 64),
                                    0, 0};

size_t sp_token_escape(const uint8_t *at, const uint8_t *end)
{
    if (at == end)
        return 0;
    if (*at != 'u')
        return escapes[*at >> 6] >> (*at & 63) & 1;
    if (end - at < 5)
        return 0;
    return is_hex(at[1]) && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) ? 5 : 0;
}

static const uint8_t *digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

const uint8_t *sp_token_number(const uint8_t *at, const uint8_t *end, const uint8_t **missing)
{
    at += at < end && *at == '-';
    const uint8_t *first = *missing = at;
    at = at < end && *at == '0' ? at + 1 : digits(at, end);
    if (at == first)
        return NULL;
    if (at < end && *at == '.') {
        first = *missing = at + 1;
        at = digits(first, end);
        if (at == first)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        first = *missing = at;
        at = digits(first, end);
    }
    return at == first ? NULL : at;
}
