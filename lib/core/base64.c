/* Base64 (RFC 4648, section 4), written only. The handshake of the shard calls it for WebSocket keys. */
#include "core/base64.h"

void sp_base64_write(char *out, sp_slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < bytes.length; at += 3) {
        size_t left = bytes.length - at;
        uint32_t group = (uint32_t)bytes.bytes[at] << 16;
        group |= left > 1 ? (uint32_t)bytes.bytes[at + 1] << 8 : 0;
        group |= left > 2 ? bytes.bytes[at + 2] : 0;
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = '=';
        *out++ = '=';
        if (left > 1)
            out[-2] = digits[group >> 6 & 63];
        if (left > 2)
            out[-1] = digits[group & 63];
    }
    *out = '\0';
}
